using System.Text.Json;
using Conversation.Api.Wire;
using MessagePack;
using MessagePack.Formatters;
using MessagePack.Resolvers;

namespace Conversation.Api.Realtime;

/// <summary>
/// Gives MessagePack clients the same names and rules as JSON clients: our own types pass through their JSON form, so there is one
/// contract and not two.
/// </summary>
internal sealed class JsonBridgeResolver : IFormatterResolver
{
    public static JsonBridgeResolver Instance { get; } = new();

    public IMessagePackFormatter<T>? GetFormatter<T>() => typeof(T).Assembly == typeof(JsonBridgeResolver).Assembly
        ? Bridge<T>.Instance
        : StandardResolver.Instance.GetFormatter<T>();

    private sealed class Bridge<T> : IMessagePackFormatter<T>
    {
        public static Bridge<T> Instance { get; } = new();

        public void Serialize(ref MessagePackWriter writer, T value, MessagePackSerializerOptions options) =>
            JsonBridge.Write(ref writer, value is HubFrame frame ? frame.Frame.V2 : JsonSerializer.SerializeToUtf8Bytes(value, WireJson.Options));

        public T Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options) =>
            JsonSerializer.Deserialize<T>(JsonBridge.Read(ref reader, options).Span, WireJson.Options)!;
    }
}
