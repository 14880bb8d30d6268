using System.Text;
using System.Text.Json;
using Conversation.Api.Errors;
using Conversation.Api.Feed;
using Conversation.Api.Realtime;
using Conversation.Api.Transfer;
using Conversation.Api.Wire;
using Conversation.Data.Postgres;
using CsCheck;

namespace Conversation.Tests.Fuzzing;

/// <summary>
/// What comes from outside is parsed or refused: nothing else is thrown, nothing hangs, and what is accepted means one thing only. The
/// short form takes thousands of inputs, the full form a million each.
/// </summary>
[TestFixture]
internal sealed class ParserFuzzing
{
    private const int Short = 20_000;
    private const int Full = 1_000_000;

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.String[Gen.Char, 0, 40],
        Gen.Int[0, 0x10FFFF].Where(code => code is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32).Array[0, 12].Select(string.Concat));

    [TestCase(Short, TestName = "Position_AnyText_InShort")]
    [TestCase(Full, TestName = "Position_AnyText_InFull", Category = "Full")]
    public void Position_AnyText_IsRefusedOrComesBackAsItWasSent(int inputs) => Mutated(
        "123", "123.0193a7c4b0f87d3c8a5e6f7081920aab.1.4567", "0.00000000000000000000000000000000.0.0", "9223372036854775807")
        .Sample(
            text =>
            {
                if (Position.TryParse(text, out var position))
                {
                    // Leading zeros and capital letters are the only freedom.
                    Assert.That(Position.TryParse(position.ToString(), out var again) && again == position, text);
                }
            },
            iter: inputs);

    [TestCase(Short, TestName = "DatabaseUrl_AnyText_InShort")]
    [TestCase(Full, TestName = "DatabaseUrl_AnyText_InFull", Category = "Full")]
    public void DatabaseUrl_AnyText_IsTakenOrRefusedInWords(int inputs) => Mutated(
        "postgresql://user:p%40ss@host:5432/name?sslmode=require&connect_timeout=3",
        "postgres://[::1]/x",
        "postgresql+psycopg://u@h/d?options=-c%20x%3D1",
        "Host=localhost;Username=me;Password=secret;Database=db")
        .Sample(
            text =>
            {
                try
                {
                    Assert.That(DatabaseUrl.ToConnectionString(text), Is.Not.Null);
                }
                catch (FormatException)
                {
                    // Refused in words.
                }
            },
            iter: inputs);

    [TestCase(Short, TestName = "Command_AnyFrame_InShort")]
    [TestCase(Full, TestName = "Command_AnyFrame_InFull", Category = "Full")]
    public void Command_AnyFrame_IsTakenOrRefusedAsJson(int inputs) => Mutated(
        """{"type":"send","id":"1","message":{"role":"user","content":"Hi 🙂","metadata_json":{"a":[1,2.50,null]},"client_message_id":"k"}}""",
        """{"type":"cancel","id":"x","run_id":"0193a7c4-b0f8-7d3c-8a5e-6f7081920aab"}""",
        """{"type":"follow","position":"3"}""",
        """{"type":"auth","token":"\ud83d\ude42"}""")
        .Sample(
            sent =>
            {
                // As a socket reads it: what is no UTF-8 is replaced.
                var text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(sent));
                try
                {
                    var command = JsonSerializer.Deserialize<V2Command>(text, WireJson.Options);
                    foreach (var taken in (string?[])[command?.Type, command?.Id, command?.Token, command?.Message?.Content])
                    {
                        Assert.That(taken is null || WellFormedText.IsWellFormed(taken), text);
                    }
                }
                catch (JsonException)
                {
                    // Refused.
                }
            },
            iter: inputs);

    [TestCase(Short, TestName = "RawJson_AnyBytes_InShort")]
    [TestCase(Full, TestName = "RawJson_AnyBytes_InFull", Category = "Full")]
    public void RawJson_AnyBytes_AreRefusedOrPassThrough(int inputs) => MutatedBytes(
        """{"a":{"b":[1e400,-0,"\u0041",true,{}]},"a":"é🙂","":null}"""u8.ToArray(), """{"x":"\ud800"}"""u8.ToArray(), "{}"u8.ToArray())
        .Sample(
            bytes =>
            {
                try
                {
                    var json = JsonSerializer.Deserialize<RawJson>(bytes, WireJson.Options);
                    Assert.That(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(json.Text)), Is.GreaterThanOrEqualTo(0));
                    Assert.That(json.Text, Does.Not.Contain("\\u0000"));
                }
                catch (JsonException)
                {
                    // Refused.
                }
            },
            iter: inputs);

    [TestCase(Short, TestName = "Text_AnyUnits_InShort")]
    [TestCase(Full, TestName = "Text_AnyUnits_InFull", Category = "Full")]
    public void Text_AnyUnits_IsWellFormedExactlyWhereUtf8CanHoldIt(int inputs) => Gen.OneOf(
        Gen.Char,
        Gen.Int[0xD7FE, 0xE001].Select(code => (char)code),
        Gen.Const('\0')).Array[0, 12].Sample(
            units =>
            {
                var text = new string(units);
                var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
                var holds = !text.Contains('\0', StringComparison.Ordinal);
                try
                {
                    strict.GetByteCount(text);
                }
                catch (EncoderFallbackException)
                {
                    holds = false;
                }

                Assert.That(WellFormedText.IsWellFormed(text), Is.EqualTo(holds));
            },
            iter: inputs);

    [TestCase(Short, TestName = "Import_AnyBytes_InShort")]
    [TestCase(Full, TestName = "Import_AnyBytes_InFull", Category = "Full")]
    public void Import_AnyBytes_IsTakenOrRefusedByLine(int inputs) => MutatedBytes(
        """
        {"type":"conversation","format":1,"title":"x","metadata_json":{"a":[1]},"created_at":"2026-11-25T09:30:00.123456Z"}
        {"type":"message","role":"user","content":"é🙂","status":"stored"}
        {"messages":1,"type":"end"}

        """u8.ToArray(),
        """{"type":"conversation","format":1} {"type":"end","messages":0}"""u8.ToArray())
        .Sample(
            bytes =>
            {
                try
                {
                    ReadAsync(bytes).GetAwaiter().GetResult();
                }
                catch (InvalidRequestException refusal)
                {
                    Assert.That(refusal.Errors.Keys.Single(), Does.Match("^line [0-9]+$"));
                }
            },
            iter: inputs);

    private static async Task ReadAsync(byte[] bytes)
    {
        await using var upload = new ConversationUpload(new MemoryStream(bytes), CancellationToken.None);
        await upload.ReadConversationAsync();
        await foreach (var message in upload.ReadMessagesAsync(CancellationToken.None))
        {
            Assert.That(WellFormedText.IsWellFormed(message.Content!));
        }
    }

    /// <summary>Valid texts with pieces cut out, doubled and replaced, and texts of nothing but noise.</summary>
    private static Gen<string> Mutated(params string[] seeds) => Gen.OneOf(
        AnyText,
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Int[0, 200], Gen.Int[0, 12], AnyText, Gen.Int[0, 3]).Select(parts =>
        {
            var (seed, at, length, noise, kind) = parts;
            var text = seeds[seed];
            var from = Math.Min(at, text.Length);
            var to = Math.Min(from + length, text.Length);
            return kind switch
            {
                0 => text[..from] + noise + text[to..],
                1 => text[..to] + text[from..],
                2 => text[..from] + text[to..],
                _ => text[..from],
            };
        }));

    private static Gen<byte[]> MutatedBytes(params byte[][] seeds) => Gen.OneOf(
        Gen.Byte.Array[0, 40],
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Int[0, 300], Gen.Int[0, 6], Gen.Byte.Array[0, 6]).Select(parts =>
        {
            var (seed, at, length, noise) = parts;
            var bytes = seeds[seed];
            var from = at % (bytes.Length + 1);
            return (byte[])[.. bytes[..from], .. noise, .. bytes[Math.Min(from + length, bytes.Length)..]];
        }));
}
