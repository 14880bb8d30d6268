using System.Net.Http.Json;
using Conversation.Api.AgentRuns;
using Conversation.Data.Log;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Tests.AgentRuns;

/// <summary>A step that was refused, because somebody held its conversation for too long, is sent again as it is.</summary>
[TestFixture]
internal sealed class HeldStepTests : RunFixture
{
    private const string LogBackends =
        """
        SELECT string_agg(pid::text, ',')
        FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'conversation-log-%'
        """;

    /// <summary>To look for what is known not to be stored would cost the log its connection, and everybody the pool.</summary>
    [Test]
    public async Task Step_RefusedWithNothingStored_KeepsTheLogsConnection()
    {
        var run = await SayAsync("Hello");
        var script = await Runtime.NextRunAsync();
        var time = Host.Services.GetRequiredService<TimeProvider>();
        var lease = new RunLease(ConversationId, run, attempt: 1, time.GetTimestamp(), time);
        var before = await LogBackendAsync();
        Task<Changed> stepping;
        await using (var connection = new NpgsqlConnection(Host.ConnectionString))
        {
            await connection.OpenAsync(Patience.Token);
            await using var holder = await connection.BeginTransactionAsync(Patience.Token);
            await using var hold = new NpgsqlCommand("SELECT FROM conversations WHERE id = $1 FOR UPDATE", connection)
            {
                Parameters = { new NpgsqlParameter<Guid> { TypedValue = ConversationId } },
            };
            await hold.ExecuteNonQueryAsync(Patience.Token);
            stepping = Host.Services.GetRequiredService<RunSteps>().StepAsync(lease, Notice(run));

            // Behind the step, and so refused after it.
            using var refused = await Client.Http.PostAsJsonAsync(
                $"{ApiClient.Root}/conversations/{ConversationId}/messages", new { role = "system", content = "refused" });
            await ApiClient.ReadAsync(refused, 503);
            Assert.That(stepping.IsCompleted, Is.False);
        }

        await stepping.OrTimeout();
        script.End();
        var (_, frames) = await FollowUntilAsync("run.completed");

        Assert.That(frames.Count(frame => LegacyClient.TypeOf(frame) == "run.notice"), Is.EqualTo(1));
        Assert.That(await LogBackendAsync(), Is.EqualTo(before).And.Not.Null);
    }

    private StepRun Notice(Guid run) => new()
    {
        ConversationId = ConversationId,
        RunId = run,
        Attempt = 1,
        Events = [new RunEvent(EventTypes.RunNotice, """{"level": "info", "code": "held"}""")],
    };

    private async Task<object?> LogBackendAsync()
    {
        await using var command = Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(LogBackends);
        return await command.ExecuteScalarAsync(Patience.Token);
    }
}
