using System.Text;
using Conversation.Api.Langflow;

namespace Conversation.Tests.Langflow;

/// <summary>What of Langflow's complaints a reader may see.</summary>
[TestFixture]
internal sealed class ErrorTextTests
{
    private const string None = "The flow failed and did not say why.";

    [TestCase("""{"detail":"Not here"}""", "Not here")]
    [TestCase("""{"detail":{"message":"Auto login is disabled.","auto_login":false}}""", "Auto login is disabled.")]
    [TestCase("""{"detail":[{"msg":"one"},{"msg":"two"}]}""", "one; two")]
    [TestCase("""{"detail":"{\"message\":\"inner\",\"traceback\":\"s3cret\"}"}""", "inner")]
    [TestCase("""{"message":"boom"}""", "boom")]
    [TestCase("""{"detail":null}""", null)]
    [TestCase("<html>", null)]
    [TestCase("[]", null)]
    public void Body_OfAnyShape_GivesItsComplaint(string body, string? complaint) =>
        Assert.That(ErrorText.OfBody(Encoding.UTF8.GetBytes(body)), Is.EqualTo(complaint));

    [TestCase("bad key sk-proj-abcdef123456 given", "bad key *** given")]
    [TestCase("Authorization: Bearer abc.def", "Authorization: Bearer ***")]
    [TestCase("at postgresql://user:pass@db/x", "at postgresql://***@db/x")]
    [TestCase("403 for https://a.example/v3/search?q=x&key=AIzaSyD4x9&alt=json", "403 for https://a.example/v3/search?q=x&key=***&alt=json")]
    [TestCase("GET https://a.example/?appid=0123abc failed", "GET https://a.example/?appid=*** failed")]
    [TestCase("bad api_key=abc123def, use another", "bad api_key=***, use another")]
    [TestCase("{'password': 'hunter2x'}", "{'password': '***'}")]
    [TestCase("gsk_abcdefgh1234 hf_abcdefgh1234 github_pat_abcdefgh1234 AKIAABCDEFGHIJKL1234", "*** *** *** ***")]
    [TestCase("Unexpected token: expected a name, max_tokens: 4096", "Unexpected token: expected a name, max_tokens: 4096")]
    [TestCase("token eyJhbGciOi.eyJzdWIi.c2ln", "token ***")]
    [TestCase("Failed\n  Traceback (most recent call last):\n  File \"a.py\", line 3\n s3cret", "Failed")]
    [TestCase("  ", None)]
    [TestCase(null, None)]
    public void Text_WithSecretsOrTraces_IsCleaned(string? text, string clean) => Assert.That(ErrorText.Clean(text), Is.EqualTo(clean));

    [Test]
    public void Text_ThatCannotBeStored_IsMended() =>
        Assert.That(ErrorText.Clean(string.Concat("a\0b ", "🙂".AsSpan(0, 1))), Is.EqualTo("a\uFFFDb \uFFFD"));

    [Test]
    public void Text_TooLong_IsCutBetweenCharacters()
    {
        var clean = ErrorText.Clean(new string('x', 499) + "🙂🙂");
        Assert.That(clean, Is.EqualTo(new string('x', 499) + "…"));
    }
}
