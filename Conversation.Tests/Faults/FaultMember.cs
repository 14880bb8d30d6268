using System.Diagnostics;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>A conversation of a fault's scene with everyone who takes part in it.</summary>
internal sealed class FaultMember
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    private readonly HashSet<string> _ended = [];
    private readonly SemaphoreSlim _endings = new(0);

    public FaultMember(Guid conversation, int number, ApiClient[] nodes, Func<ApiClient[]> homes, Door[] doors, FaultPlan plan, Stopwatch clock)
    {
        ConversationId = conversation;
        Number = number;
        Talker = new FaultTalker(conversation, number, nodes, _endings);
        Followers = [.. doors.Select(door => new Wanderer(conversation, door, homes()) { Patience = Patience, Seen = See, Clock = clock })];
        Legacy = new LegacyWatcher(conversation, plan.Text, plan.Ending == Ending.PlainMayBreak, homes());
    }

    public Guid ConversationId { get; }

    public int Number { get; }

    public FaultTalker Talker { get; }

    public Wanderer[] Followers { get; }

    public LegacyWatcher Legacy { get; }

    /// <summary>The talker is told of the end of a run by whichever follower sees it first.</summary>
    private void See(JsonElement frame)
    {
        if (LegacyClient.TypeOf(frame) is not ("run.completed" or "run.failed" or "run.cancelled"))
        {
            return;
        }

        lock (_ended)
        {
            if (_ended.Add(frame.GetProperty("run_id").GetString()!))
            {
                _endings.Release();
            }
        }
    }
}
