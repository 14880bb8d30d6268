using System.Buffers;
using System.Text.Json;
using Conversation.Api.Wire;

namespace Conversation.Api.Feed;

/// <summary>
/// One buffer and one JSON writer for each thread, so that encoding a frame allocates its bytes and nothing else: a writer asks for 4 KiB
/// at a time, and a range of text is some 200 bytes (5,256 bytes a range before, measured).
/// </summary>
internal sealed class FrameBuffer
{
    /// <summary>A buffer that a long message made larger is not kept.</summary>
    private const int LargestKept = 64 * 1024;

    [ThreadStatic]
    private static FrameBuffer? _free;

    private readonly ArrayBufferWriter<byte> _bytes = new(1024);
    private readonly Utf8JsonWriter _writer;

    private FrameBuffer() => _writer = new Utf8JsonWriter(_bytes, WireJson.WriterOptions);

    /// <summary>The bytes of one frame.</summary>
    /// <param name="frame">What to write.</param>
    /// <param name="write">Writes it; may encode other frames meanwhile, which get a buffer of their own.</param>
    public static byte[] Encode<T>(T frame, Action<Utf8JsonWriter, T> write)
        where T : allows ref struct
    {
        var buffer = _free ?? new FrameBuffer();
        // One that is left half written by an exception is not used again.
        _free = null;
        write(buffer._writer, frame);
        buffer._writer.Flush();
        var bytes = buffer._bytes.WrittenSpan.ToArray();
        if (buffer._bytes.Capacity <= LargestKept)
        {
            buffer._bytes.ResetWrittenCount();
            buffer._writer.Reset();
            _free = buffer;
        }

        return bytes;
    }
}
