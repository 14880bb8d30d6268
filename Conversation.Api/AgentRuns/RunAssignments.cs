using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Background;
using Conversation.Data.Access;
using Conversation.Data.Messages;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>Finds out what a claimed run is to do.</summary>
internal sealed class RunAssignments(RunRepository runs, MessageRepository messages, AgentRuntimeRegistry runtimes, TimeProvider time)
{
    /// <summary>How a conversation's metadata may name its agent, the first one that is there.</summary>
    private static readonly string[] AgentNames = ["flow_id", "agent"];

    /// <exception cref="AgentRuntimeException">The message to answer is gone, or nothing here can answer it.</exception>
    public async Task<(IAgentRuntime Runtime, AgentContext Context)> FindAsync(RunLease lease, TakenAnswer? taken)
    {
        var (run, asked) = await Outage.WaitOutAsync(() => ReadAsync(lease), time, lease.Token);
        if (run is null || asked.Count == 0)
        {
            throw new AgentRuntimeException(Feed.RunErrorCodes.Error, "The message to answer is gone.");
        }

        var trigger = asked[^1];

        return (runtimes.Get(run.Runtime), new AgentContext
        {
            RunId = run.RunId,
            ConversationId = run.ConversationId,
            Trigger = trigger,
            Question = string.Join("\n\n", asked.Select(message => message.Content)),
            SessionId = run.SessionId.ToString(),
            Agent = AgentOf(run.Metadata) ?? run.Agent,
            Resume = taken is null ? null : new AgentResume(taken.ResumeToken, taken.Text),
            IsHandedOver = () => lease.Reason is StopReason.Handover or StopReason.LeaseLost,
            Earlier = token => messages.ContextAsServiceAsync(run.ConversationId, trigger.Seq, token),
        });
    }

    /// <summary>The message to answer is the last one; none where it is gone.</summary>
    private async Task<(RunAssignment? Run, IReadOnlyList<MessageRow> Asked)> ReadAsync(RunLease lease)
    {
        var run = await runs.AssignmentAsServiceAsync(lease.RunId, lease.Token);
        if (run is null
            || await messages.FindAsync(Caller.Service, lease.ConversationId, run.TriggerMessageId, lease.Token) is not { } trigger)
        {
            return (run, []);
        }

        // A run that stands right behind its message put nothing aside.
        if (run.Seq == trigger.Seq + 1)
        {
            return (run, [trigger]);
        }

        var asked = await messages.AskedAsServiceAsync(lease.ConversationId, trigger.Id, lease.Token);
        return (run, asked.Count == 0 ? [trigger] : asked);
    }

    private static string? AgentOf(string? metadata)
    {
        if (metadata is null)
        {
            return null;
        }

        var members = JsonElement.Parse(metadata);
        return AgentNames
            .Select(name => members.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null)
            .FirstOrDefault(agent => !string.IsNullOrWhiteSpace(agent));
    }
}
