using Npgsql;

namespace Conversation.Tests.AgentRuns;

/// <summary>Somebody holds the row of a run, for longer than a lease lasts.</summary>
[TestFixture]
[Category("Long")]
internal sealed class HeldRunTests : RunFixture
{
    private static readonly TimeSpan LongerThanALease = TimeSpan.FromSeconds(10);

    [Test]
    public async Task Lease_OfAnotherRunWhoseRowIsHeld_CostsThisOneNothing()
    {
        var elsewhere = await Client.CreateConversationAsync();
        var held = (await Client.SayAsync(elsewhere, "held")).GetProperty("run_id").GetGuid();
        var heldScript = await Runtime.NextRunAsync();
        var run = await SayAsync("free");
        var script = await Runtime.NextRunAsync();
        script.Say("before");
        await Legacy.UntilAsync("stream");
        await using var connection = new NpgsqlConnection(Host.ConnectionString);
        await connection.OpenAsync();
        await using (var holder = await connection.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("SELECT 1 FROM runs WHERE id = $1 FOR UPDATE", connection, holder)
            {
                Parameters = { new NpgsqlParameter<Guid> { TypedValue = held } },
            };
            await hold.ExecuteNonQueryAsync();
            // The fault itself, not a wait for something to happen.
            await Task.Delay(LongerThanALease, TimeProvider.System, CancellationToken.None);
        }

        script.Say(" after");
        script.End();
        heldScript.End();
        await Legacy.UntilAsync("complete");
        var ended = await RunAsync(run);
        Assert.That((ended.GetProperty("status").GetString(), ended.GetProperty("attempt").GetInt32()), Is.EqualTo(("completed", 1)));
    }
}
