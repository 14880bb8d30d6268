using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using BenchmarkDotNet.Attributes;
using Conversation.Api.Wire;
using Conversation.Data.Messages;
using Conversation.Data.Postgres;

namespace Conversation.Benchmarks.Micro;

/// <summary>A page of messages as JSON.</summary>
public class JsonBenchmarks
{
    private static readonly string Text = new('x', 120);
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly JsonSerializerOptions _generated = WireJson.Configure(new JsonSerializerOptions { TypeInfoResolver = MessageContext.Default });
    private readonly MessageBody[] _page = [.. Enumerable.Range(1, 50).Select(seq => MessageBody.From(new MessageRow(
        Ids.New(), Ids.New(), seq, MessageRole.User, Text, Metadata: null, MessageStatus.Stored, FinishReason: null, RunId: null,
        DateTime.UnixEpoch, DateTime.UnixEpoch)))];

    /// <summary>As the service does.</summary>
    [Benchmark(Description = "a page of 50 messages, by reflection")]
    public int Reflected() => Write(WireJson.Options);

    /// <summary>By generated code.</summary>
    [Benchmark(Description = "a page of 50 messages, by generated code")]
    public int Generated() => Write(_generated);

    private int Write(JsonSerializerOptions options)
    {
        _buffer.ResetWrittenCount();
        using var writer = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = options.Encoder, SkipValidation = true });
        JsonSerializer.Serialize(writer, _page, options);
        return _buffer.WrittenCount;
    }
}

/// <summary>What the compiler writes for them.</summary>
[JsonSerializable(typeof(MessageBody[]))]
internal sealed partial class MessageContext : JsonSerializerContext;
