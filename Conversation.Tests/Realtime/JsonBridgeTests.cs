using System.Buffers;
using System.Text;
using Conversation.Api.Realtime;
using Conversation.Tests.Infrastructure;
using MessagePack;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Realtime;

/// <summary>What MessagePack clients of the hub say and hear is what JSON clients do, whatever the values.</summary>
[TestFixture]
internal sealed class JsonBridgeTests : ConversationFixture
{
    [TestCase("""{"a":[1,-1,true,false,null,"x",{"b":[]},{}],"":"no name"}""")]
    [TestCase("""{"small":-9223372036854775808,"large":18446744073709551615,"half":0.5}""")]
    [TestCase("""{"text":"\u001b[31mred\u000b\u0001 \"quoted\" \\ Über 🙂 \u2028"}""")]
    [TestCase("""{"n":1,"n":2}""")]
    public void Bridge_ThereAndBack_IsTheSame(string json) => Assert.That(
        JsonElementText(ThereAndBack(json)), Is.EqualTo(JsonElementText(json)));

    /// <summary>Each is an ordinary value of somebody's metadata or tool: a hash, a UUID as a number, the largest of floats.</summary>
    [TestCase("1000000000000000000000000000000000000000", "1E+39")]
    [TestCase("340282366920938463463374607431768211455", "3.402823669209385E+38")]
    [TestCase("79228162514264337593543950336", "7.922816251426434E+28")]
    [TestCase("18446744073709551616", "1.8446744073709552E+19")]
    [TestCase("0.1", "0.1")]
    public void Bridge_OfANumberBeyond64Bits_IsTheNearestDouble(string number, string nearest) =>
        Assert.That(ThereAndBack($$"""{"before":1,"n":{{number}},"after":2}"""), Is.EqualTo($$"""{"before":1,"n":{{nearest}},"after":2}"""));

    [Test]
    public void Bridge_OfWhatJsonHasNoWordFor_IsRefused()
    {
        Assert.Throws<MessagePackSerializationException>(() => Back(MessagePackSerializer.Serialize(double.NaN)));
        Assert.Throws<MessagePackSerializationException>(() => Back(MessagePackSerializer.Serialize(new Dictionary<int, int> { [1] = 2 })));
    }

    [Test]
    public async Task Hub_OfOddValues_TellsAndTakesThemAll()
    {
        using var odd = await Client.Http.PostAsync(
            $"{ApiClient.Root}/conversations/{ConversationId}/messages",
            new StringContent(
                """{"role":"system","content":"odd","metadata_json":{"n":1000000000000000000000000000000000000000}}""",
                Encoding.UTF8,
                "application/json"));
        await ApiClient.ReadAsync(odd, 201);
        await using var hub = await HubClient.ConnectAsync(Client, builder => builder.AddMessagePackProtocol());
        const string Coloured = "\u001b[31mred\u000b";
        await hub.Connection.InvokeAsync<Dictionary<string, object>>(
            "SendMessage", ConversationId, new Dictionary<string, object> { ["role"] = "system", ["content"] = Coloured }, Patience.Token);

        var contents = new List<string>();
        await foreach (var frame in hub.Connection.StreamAsync<Dictionary<string, object>>("Follow", ConversationId, null, Patience.Token))
        {
            if ((string)frame["type"] == "message.created")
            {
                contents.Add((string)((Dictionary<object, object>)frame["message"])["content"]);
            }

            if (contents.Count == 2)
            {
                break;
            }
        }

        Assert.That(contents, Is.EqualTo(new[] { "odd", Coloured }));
    }

    private static string ThereAndBack(string json)
    {
        var packed = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(packed);
        JsonBridge.Write(ref writer, Encoding.UTF8.GetBytes(json));
        writer.Flush();
        return Back(packed.WrittenMemory);
    }

    private static string Back(ReadOnlyMemory<byte> packed)
    {
        var reader = new MessagePackReader(packed);
        return Encoding.UTF8.GetString(JsonBridge.Read(ref reader, MessagePackSerializerOptions.Standard).Span);
    }

    private static string JsonElementText(string json) =>
        System.Text.Json.JsonSerializer.Serialize(System.Text.Json.JsonElement.Parse(json));
}
