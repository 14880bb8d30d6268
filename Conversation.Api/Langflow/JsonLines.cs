using System.Buffers;
using System.IO.Pipelines;

namespace Conversation.Api.Langflow;

/// <summary>
/// The lines of a stream, one at a time, wherever its pieces begin and end. A line that is longer than the bound is not kept: only its
/// head is told. Not thread-safe.
/// </summary>
/// <param name="reader">The stream.</param>
/// <param name="longest">The longest line that is kept, in bytes.</param>
internal sealed class JsonLines(PipeReader reader, int longest)
{
    /// <summary>Enough to read the name of the event that was too long.</summary>
    private const int HeadLength = 128;

    private SequencePosition? _next;
    private byte[]? _head;

    /// <summary>The line, valid until the next call of <see cref="NextAsync"/>.</summary>
    public ReadOnlySequence<byte> Line { get; private set; }

    /// <summary>True when the line was too long and <see cref="Line"/> is only its head.</summary>
    public bool IsCut { get; private set; }

    /// <summary>True when the stream ended before the line did, as far as can be told.</summary>
    public bool IsTorn { get; private set; }

    /// <summary>Waits for the next line; false at the end of the stream. What follows the last line break is a line as well.</summary>
    /// <param name="token">Ends the wait.</param>
    public async ValueTask<bool> NextAsync(CancellationToken token)
    {
        Release();
        long scanned = 0;
        while (true)
        {
            var read = await reader.ReadAsync(token);
            var buffer = read.Buffer;
            if (buffer.Slice(scanned).PositionOf((byte)'\n') is { } end)
            {
                Take(buffer.Slice(0, end), buffer.GetPosition(1, end), isTorn: false);
                return true;
            }
            else if (read.IsCompleted)
            {
                Take(buffer, buffer.End, isTorn: true);
                return !Line.IsEmpty;
            }
            else if (buffer.Length > longest)
            {
                _head ??= Head(buffer);
                reader.AdvanceTo(buffer.End);
                scanned = 0;
            }
            else
            {
                scanned = buffer.Length;
                reader.AdvanceTo(buffer.Start, buffer.End);
            }
        }
    }

    private static byte[] Head(in ReadOnlySequence<byte> line) => line.Slice(0, Math.Min(line.Length, HeadLength)).ToArray();

    private static ReadOnlySequence<byte> Trim(in ReadOnlySequence<byte> line)
    {
        if (line.IsEmpty)
        {
            return line;
        }

        var last = line.Slice(line.Length - 1);
        return last.FirstSpan[0] == (byte)'\r' ? line.Slice(0, line.Length - 1) : line;
    }

    /// <summary>Keeps the line until it is released.</summary>
    private void Take(ReadOnlySequence<byte> line, SequencePosition next, bool isTorn)
    {
        _next = next;
        IsTorn = isTorn;
        IsCut = _head is not null || line.Length > longest;
        Line = IsCut ? new ReadOnlySequence<byte>(_head ?? Head(line)) : Trim(line);
        _head = null;
    }

    private void Release()
    {
        if (_next is { } next)
        {
            reader.AdvanceTo(next);
            _next = null;
        }
    }
}
