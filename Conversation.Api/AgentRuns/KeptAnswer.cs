using Conversation.Api.Feed;
using Conversation.Data.Checkpoints;

namespace Conversation.Api.AgentRuns;

/// <summary>
/// How far the text of an answer is kept. A piece whose outcome is unknown is sent again exactly as it was, because it may be stored
/// already, and readers go by where pieces begin. Used by one writer; only the resume point comes from elsewhere.
/// </summary>
internal sealed class KeptAnswer(RunLease lease, AnswerWriter answer)
{
    private readonly List<Checkpoint> _unconfirmed = [];
    private ResumeMark? _mark;
    private ResumeMark? _taken;
    private int _offset = answer.Length;

    public RunLease Lease => lease;

    /// <summary>Whether the last <see cref="Take"/> found something.</summary>
    public bool WasTaken { get; private set; }

    public void ResumeAt(string token) => Volatile.Write(ref _mark, new ResumeMark(token, answer.Length));

    /// <summary>What is to be written: what was not confirmed, and what is new.</summary>
    public IReadOnlyList<Checkpoint> Take()
    {
        // The mark before the text: what it stands for is then in it.
        var mark = Volatile.Read(ref _mark);
        var text = answer.TextFrom(_offset);
        WasTaken = text.Length > 0 || mark != _taken || _unconfirmed.Count > 0;
        if (text.Length > 0 || mark != _taken)
        {
            _unconfirmed.Add(new Checkpoint(
                lease.RunId, lease.Attempt, answer.MessageId, answer.Attempt, _offset, text, mark?.Token, mark?.Offset ?? 0));
            _offset += text.Length;
            _taken = mark;
        }

        return _unconfirmed;
    }

    public void Confirm() => _unconfirmed.Clear();

    private sealed record ResumeMark(string Token, int Offset);
}
