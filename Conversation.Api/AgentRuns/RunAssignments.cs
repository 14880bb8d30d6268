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
        var (run, trigger) = await Outage.WaitOutAsync(() => ReadAsync(lease), time, lease.Token);
        if (run is null || trigger is null)
        {
            throw new AgentRuntimeException(Feed.RunErrorCodes.Error, "The message to answer is gone.");
        }

        return (runtimes.Get(run.Runtime), new AgentContext
        {
            RunId = run.RunId,
            ConversationId = run.ConversationId,
            Trigger = trigger,
            SessionId = run.SessionId.ToString(),
            Agent = AgentOf(run.Metadata) ?? run.Agent,
            Resume = taken is null ? null : new AgentResume(taken.ResumeToken, taken.Text),
            IsHandedOver = () => lease.Reason is StopReason.Handover or StopReason.LeaseLost,
            Earlier = token => messages.ContextAsServiceAsync(run.ConversationId, trigger.Seq, token),
        });
    }

    private async Task<(RunAssignment?, MessageRow?)> ReadAsync(RunLease lease)
    {
        var run = await runs.AssignmentAsServiceAsync(lease.RunId, lease.Token);
        return run is null
            ? (null, null)
            : (run, await messages.FindAsync(Caller.Service, lease.ConversationId, run.TriggerMessageId, lease.Token));
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
