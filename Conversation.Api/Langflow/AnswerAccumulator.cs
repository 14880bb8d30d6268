using System.Text;
using System.Text.Json;
using Conversation.Api.AgentRuntimes;

namespace Conversation.Api.Langflow;

/// <summary>
/// Puts an answer together from the events of a run. The first message that speaks is shown while it grows; the text of the end is
/// the truth. Messages come created, replaced and appended to, by id; the first piece comes twice. Not thread-safe.
/// </summary>
internal sealed partial class AnswerAccumulator
{
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = LangflowEvent.MaxDepth };

    private readonly Dictionary<string, Spoken> _messages = new(StringComparer.Ordinal);
    private readonly List<ResultText> _outputs = [];
    private readonly ToolSteps _tools;
    private readonly StringBuilder _said;
    private readonly bool _hasAllOutputs;
    private Spoken? _speaker;
    private bool _inStep;
    private bool _tokensAreWhole = true;

    /// <param name="said">What an earlier process has said already.</param>
    /// <param name="from">Where it was when it had said that; null for a new answer.</param>
    public AnswerAccumulator(string said = "", ResumeToken? from = null)
    {
        _said = new StringBuilder(said);
        _tools = new ToolSteps(from?.Tools);
        // What an earlier process was told of is not told again: at the end the job is asked.
        _hasAllOutputs = from?.Event is null;
        if (from?.Speaker is { } speaker)
        {
            _speaker = MessageOf(speaker);
            _speaker.Tokens = from.InPieces ? new StringBuilder(said) : null;
            _inStep = from.InPieces;
        }
    }

    /// <summary>True once Langflow said that the run has succeeded.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>True once Langflow said that the run was stopped.</summary>
    public bool WasStopped { get; private set; }

    /// <summary>The latest complaint, fit for a reader; null while there is none.</summary>
    public string? Failure { get; private set; }

    /// <summary>True when the complaint was the last that Langflow says.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>True when Langflow gave this listener up because it was too slow; the flow goes on.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>The text of the end, where the end told one.</summary>
    public string? FinalText { get; private set; }

    /// <summary>Takes the next event and adds what it says.</summary>
    /// <returns>False for an event that could not be read and was left out.</returns>
    public bool Apply(LangflowEvent next, List<AgentOutput> outputs)
    {
        try
        {
            if (next.Name == LangflowEvents.Token)
            {
                ApplyToken(next, outputs);
                return true;
            }

            if (next.Data.IsEmpty)
            {
                HasEnded |= next.Name == LangflowEvents.End;
                WasStopped |= next.Name == LangflowEvents.Cancelled;
                return true;
            }

            ApplyDocument(next, outputs);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Takes an event that was too long to be read: only what its name alone says counts.</summary>
    public void ApplyCut(string name) => HasEnded |= name == LangflowEvents.End;

    /// <summary>Where another process could go on.</summary>
    public ResumeToken At(string job, long? lastEvent) =>
        new(job, lastEvent, _speaker?.Id, _inStep && _tokensAreWhole && _speaker?.Tokens is not null, _tools.Told);

    /// <summary>Pieces may have been missed: from here on only whole texts are believed.</summary>
    public void LoseTokens()
    {
        _tokensAreWhole = false;
        IsBehind = false;
    }

    /// <summary>Says what is left of the answer, and its end.</summary>
    /// <param name="text">The whole text, where it is known otherwise than by the events.</param>
    /// <param name="outputs">Where to say it.</param>
    public void Finish(string? text, List<AgentOutput> outputs)
    {
        _tools.Finish(outputs);
        var whole = FinalText ?? text ?? LastMessage() ?? (_tokensAreWhole ? _speaker?.Tokens?.ToString() : null) ?? _said.ToString();
        if (whole.Length > _said.Length && BeginsWithSaid(whole))
        {
            Say(whole[_said.Length..], outputs);
        }

        outputs.Add(new AnswerEnd("stop", Usage(), whole));
    }

    private void ApplyToken(LangflowEvent next, List<AgentOutput> outputs)
    {
        var (id, chunk) = TokenOf(next);
        if (!_tokensAreWhole || id is null || chunk is not { Length: > 0 })
        {
            return;
        }

        var message = MessageOf(id);
        if (message.Tokens is null)
        {
            // The first piece stands in the message already; where it does not come again, it is part of the text all the same.
            message.Tokens = new StringBuilder(chunk == message.Text ? "" : message.Text).Append(chunk);
            Show(message, message.Tokens.ToString(), outputs);
            return;
        }

        message.Tokens.Append(chunk);
        if (message != _speaker)
        {
            return;
        }

        if (_inStep)
        {
            Say(chunk, outputs);
        }
        else if (message.Tokens.Length <= _said.Length + chunk.Length)
        {
            Show(message, message.Tokens.ToString(), outputs);
        }
    }

    private static (string? Id, string? Chunk) TokenOf(LangflowEvent next)
    {
        var reader = new Utf8JsonReader(next.Data);
        string? id = null;
        string? chunk = null;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isId = reader.ValueTextEquals("id"u8);
            var isChunk = reader.ValueTextEquals("chunk"u8);
            reader.Read();
            id = isId ? LooseText.Read(ref reader) : id;
            chunk = isChunk ? LooseText.Read(ref reader) : chunk;
            reader.Skip();
        }

        return (id, chunk);
    }

    /// <summary>Shows what a message's text has more than was said; text that says something else waits for the end.</summary>
    private void Show(Spoken message, string visible, List<AgentOutput> outputs)
    {
        if (visible.Length == 0 || (_speaker is not null && _speaker != message))
        {
            return;
        }

        var fits = BeginsWithSaid(visible);
        if (_speaker is null && !fits)
        {
            return;
        }

        _speaker = message;
        _inStep = fits;
        if (fits && visible.Length > _said.Length)
        {
            Say(visible[_said.Length..], outputs);
        }
    }

    private void Say(string text, List<AgentOutput> outputs)
    {
        _said.Append(text);
        outputs.Add(new TextDelta(text));
    }

    private bool BeginsWithSaid(string text)
    {
        if (text.Length < _said.Length)
        {
            return false;
        }

        var rest = text.AsSpan();
        foreach (var piece in _said.GetChunks())
        {
            if (!rest.StartsWith(piece.Span))
            {
                return false;
            }

            rest = rest[piece.Length..];
        }

        return true;
    }

    private Spoken MessageOf(string id)
    {
        if (!_messages.TryGetValue(id, out var message))
        {
            _messages[id] = message = new Spoken(id);
        }

        return message;
    }

    private sealed class Spoken(string id)
    {
        public string Id => id;

        /// <summary>What the last event that carries the whole message said.</summary>
        public string? Text { get; set; }

        /// <summary>The pieces so far; null before the first.</summary>
        public StringBuilder? Tokens { get; set; }

        public (string Kind, long Count)[] Usage { get; set; } = [];

        /// <summary>Counts the events that carry whole messages: the highest is the latest.</summary>
        public int Order { get; set; }
    }
}
