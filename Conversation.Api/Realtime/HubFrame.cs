using System.Text.Json;
using System.Text.Json.Serialization;
using Conversation.Api.Feed;

namespace Conversation.Api.Realtime;

/// <summary>A frame on its way into one of SignalR's protocols: JSON that was written once for everybody.</summary>
[JsonConverter(typeof(HubFrameConverter))]
internal readonly record struct HubFrame(FeedFrame Frame);

internal sealed class HubFrameConverter : JsonConverter<HubFrame>
{
    public override HubFrame Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Frames go out only.");

    public override void Write(Utf8JsonWriter writer, HubFrame value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Frame.V2, skipInputValidation: true);
}
