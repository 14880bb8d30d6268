using System.Buffers;
using System.IO.Pipelines;
using Conversation.Api.AgentRuntimes;

namespace Conversation.Api.Langflow;

/// <summary>The events of one response, given to an accumulator one by one.</summary>
internal sealed partial class EventStream : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly PipeReader _reader;
    private readonly JsonLines _lines;
    private readonly ILogger _logger;
    private readonly bool _isFirst;
    private long? _seen;
    private long? _id;
    private (byte[] Line, bool IsCut, bool IsTorn)? _held;

    private EventStream(HttpResponseMessage response, Stream body, int longest, long? lastId, bool isFirst, ILogger logger)
    {
        LastId = _seen = lastId;
        _isFirst = isFirst;
        _response = response;
        _reader = PipeReader.Create(body);
        _lines = new JsonLines(_reader, longest);
        _logger = logger;
    }

    /// <summary>The id of the latest event that was applied, where events have one.</summary>
    public long? LastId { get; private set; }

    /// <summary>Why the stream broke; null where it ended in order.</summary>
    public Exception? Broken { get; private set; }

    /// <param name="response">The response.</param>
    /// <param name="longest">Bytes of the longest event that is read.</param>
    /// <param name="lastId">The id behind which it begins, null where it begins with the first.</param>
    /// <param name="isFirst">Whether nobody has listened before.</param>
    /// <param name="logger">For what cannot be read.</param>
    /// <param name="token">Ends it.</param>
    public static async Task<EventStream> OpenAsync(
        HttpResponseMessage response, int longest, long? lastId, bool isFirst, ILogger logger, CancellationToken token)
    {
        try
        {
            return new EventStream(response, await response.Content.ReadAsStreamAsync(token), longest, lastId, isFirst, logger);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Waits for an event and applies it; false at the end of the stream, in order or not.</summary>
    public async Task<bool> NextAsync(AnswerAccumulator answer, List<AgentOutput> said, CancellationToken token)
    {
        try
        {
            while (await _lines.NextAsync(token))
            {
                if (Take(_lines.Line, answer, said))
                {
                    return true;
                }
            }

            // Where events have ids, the last one's has not come: it is asked for again.
            return _seen is null && ApplyHeld(answer, said);
        }
        catch (Exception error) when (error is IOException or HttpRequestException && !token.IsCancellationRequested)
        {
            Broken = error;
        }

        return false;
    }

    /// <summary>An unread response is closed with its connection; that is how Langflow learns that nobody listens.</summary>
    public async ValueTask DisposeAsync()
    {
        await _reader.CompleteAsync();
        _response.Dispose();
    }

    /// <summary>
    /// The id of a server-sent event stands before its data or behind it, and says whether something was missed before: data without one is
    /// held until it comes, or the event's end. Lines of JSON have none.
    /// </summary>
    private bool Take(in ReadOnlySequence<byte> line, AnswerAccumulator answer, List<AgentOutput> said)
    {
        if (line.IsEmpty)
        {
            var applied = ApplyHeld(answer, said);
            _id = null;
            return applied;
        }

        if (LangflowEvent.IdOf(line) is { } id)
        {
            Note(id, answer);
            return ApplyHeld(answer, said);
        }

        if (_id is not null || !LangflowEvent.IsFramed(line))
        {
            return Apply(line, _lines.IsCut, _lines.IsTorn, answer, said);
        }

        var before = ApplyHeld(answer, said);
        _held = (line.ToArray(), _lines.IsCut, _lines.IsTorn);
        return before;
    }

    private bool ApplyHeld(AnswerAccumulator answer, List<AgentOutput> said)
    {
        if (_held is not var (line, isCut, isTorn))
        {
            return false;
        }

        _held = null;
        return Apply(new ReadOnlySequence<byte>(line), isCut, isTorn, answer, said);
    }

    /// <summary>
    /// Events are numbered without holes, by some versions from 0 and by others from 1. Pieces are not kept for whoever comes later: a hole is
    /// where some were. A job does not begin with one, so whoever listens first missed none.
    /// </summary>
    private void Note(long id, AnswerAccumulator answer)
    {
        if (id > (_seen is { } last ? last + 1 : _isFirst ? 1 : 0))
        {
            answer.LoseTokens();
        }

        _seen = _id = id;
    }

    private bool Apply(in ReadOnlySequence<byte> line, bool isCut, bool isTorn, AnswerAccumulator answer, List<AgentOutput> said)
    {
        LastId = _id ?? LastId;
        if (isCut)
        {
            var name = LangflowEvent.NameInHead(line);
            Log.TooLong(_logger, name);
            answer.ApplyCut(name);
            return true;
        }

        if (LangflowEvent.TryRead(line, out var found) && answer.Apply(found, said))
        {
            return true;
        }

        Log.Unreadable(_logger, line.Length);
        if (isTorn || LangflowEvent.NameInHead(line) != LangflowEvents.End)
        {
            return false;
        }

        // That the flow has succeeded is sure all the same, and its text may have been told before.
        answer.ApplyCut(LangflowEvents.End);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(820, LogLevel.Warning, "Langflow sent an event {Name} that is longer than is read; it is left out.")]
        public static partial void TooLong(ILogger logger, string name);

        [LoggerMessage(821, LogLevel.Debug, "Langflow sent a line of {Length} bytes that is no event; it is left out.")]
        public static partial void Unreadable(ILogger logger, long length);
    }
}
