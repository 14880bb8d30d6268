using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Transfer;

/// <summary>A file that breaks a rule is refused with the number of its line, and nothing of it is there.</summary>
[TestFixture]
internal sealed class HostileFileTests
{
    private const string First = """{"type":"conversation","format":1}""";
    private const string Message = """{"type":"message","role":"user","content":"x"}""";
    private const string End = """{"type":"end","messages":1}""";

    private ApiHost _host = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync(settings => settings with { MaxContentBytes = 100, MaxAnswerChars = 200, MaxImportBytes = 300_000 });
        _client = _host.AsUser();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [TestCase(1, "", TestName = "Import_Empty")]
    [TestCase(1, "\n\n", TestName = "Import_OnlyLineBreaks")]
    [TestCase(1, "null", TestName = "Import_Null")]
    [TestCase(1, "[1]", TestName = "Import_Array")]
    [TestCase(1, "{", TestName = "Import_CutOffInALine")]
    [TestCase(1, "<html>", TestName = "Import_NoJson")]
    [TestCase(1, """{"format":1}""", TestName = "Import_NoType")]
    [TestCase(1, """{"type":"chapter"}""", TestName = "Import_UnknownType")]
    [TestCase(1, """{"type":"conversation"}""", TestName = "Import_NoFormat")]
    [TestCase(1, """{"type":"conversation","format":2}""", TestName = "Import_LaterFormat")]
    [TestCase(1, """{"type":"conversation","format":1,"on_busy":"dance"}""", TestName = "Import_UnknownOnBusy")]
    [TestCase(1, """{"type":"conversation","format":1,"metadata_json":[1]}""", TestName = "Import_MetadataNoObject")]
    [TestCase(1, """{"type":"conversation","format":1,"title":"a\u0000b"}""", TestName = "Import_NulInTitle")]
    [TestCase(1, """{"type":"conversation","format":1,"created_at":"0001-01-01T00:00:00Z"}""", TestName = "Import_BeforeTime")]
    [TestCase(1, Message, TestName = "Import_MessageFirst")]
    [TestCase(2, First, TestName = "Import_OnlyTheConversation")]
    [TestCase(2, First + "\n" + First, TestName = "Import_TwoConversations")]
    [TestCase(2, First + "\n" + """{"type":"message","role":"root","content":"x"}""", TestName = "Import_UnknownRole")]
    [TestCase(2, First + "\n" + """{"type":"message","role":"user"}""", TestName = "Import_NoContent")]
    [TestCase(2, First + "\n" + """{"type":"message","role":"user","content":7}""", TestName = "Import_ContentNoText")]
    [TestCase(2, First + "\n" + """{"type":"message","role":"user","content":"\ud800"}""", TestName = "Import_HalfACharacter")]
    [TestCase(2, First + "\n" + """{"type":"message","role":"user","content":"x","status":"new"}""", TestName = "Import_UnknownStatus")]
    [TestCase(2, First + "\n" + """{"type":"message","role":"user","content":"x","updated_at":"9999-12-31T23:59:59Z"}""", TestName = "Import_AfterTime")]
    [TestCase(3, First + "\n" + Message, TestName = "Import_CutOffBetweenLines")]
    [TestCase(3, First + "\n" + Message + "\n" + """{"type":"end","messages":2}""", TestName = "Import_FewerThanSaid")]
    [TestCase(3, First + "\n" + Message + "\n" + """{"type":"end"}""", TestName = "Import_EndWithoutCount")]
    [TestCase(4, First + "\n" + Message + "\n" + End + "\n" + Message, TestName = "Import_MoreAfterTheEnd")]
    public async Task Import_BrokenLine_IsRefusedWithItsNumber(int line, string file) => await RefusedAsync(file, line);

    [Test]
    public async Task Import_BrokenAfterThousands_LeavesNothing() =>
        await RefusedAsync(First + "\n" + string.Concat(Enumerable.Repeat(Message + "\n", 3000)) + "{}", line: 3002);

    [TestCase("user", 101)]
    [TestCase("assistant", 201)]
    public async Task Import_ContentTooLong_IsRefusedWithItsLine(string role, int length)
    {
        await RefusedAsync(File(role, length), line: 2);
        await _client.ImportAsync(File(role, length - 1));
    }

    [Test]
    public async Task Import_FileTooLong_IsRefused()
    {
        using var response = await _client.PostFileAsync(File("user", 300_001));
        await ApiClient.ReadAsync(response, 413);
    }

    [Test]
    public async Task Import_OfAnotherContentType_IsRefused()
    {
        using var response = await _client.PostFileAsync(First + "\n" + Message + "\n" + End, mediaType: "application/json");
        await ApiClient.ReadAsync(response, 415);
    }

    private static string File(string role, int length) =>
        First + "\n" + $$"""{"type":"message","role":"{{role}}","content":"{{new string('x', length)}}"}""" + "\n" + End;

    private async Task RefusedAsync(string file, int line)
    {
        var before = await RowsAsync();
        using var response = await _client.PostFileAsync(file);
        var problem = await ApiClient.ReadAsync(response, 422);

        Assert.That(problem.GetProperty("errors").TryGetProperty($"line {line}", out _), problem.GetRawText());
        Assert.That(await RowsAsync(), Is.EqualTo(before));
    }

    private async Task<long> RowsAsync()
    {
        await using var connection = new NpgsqlConnection(_host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT (SELECT count(*) FROM conversations) + (SELECT count(*) FROM messages) + (SELECT count(*) FROM conversation_events)", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
