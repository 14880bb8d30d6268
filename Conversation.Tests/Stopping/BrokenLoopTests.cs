using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Stopping;

/// <summary>A node that cannot do its work any more ends, and whoever started it is told.</summary>
[TestFixture]
internal sealed class BrokenLoopTests
{
    [Test]
    public async Task Loop_ThatBreaks_EndsTheProcessWithAnExitCode()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await using var api = await ApiProcess.StartAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = database,
            ["CONVERSATION_SERVICE_DRAIN_SECONDS"] = "1",
        });

        // What the search for abandoned runs asks for is gone: no outage, and nothing that it could go on without.
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Patience.Token);
        await using var spoil = new NpgsqlCommand("ALTER TABLE runs RENAME COLUMN resume_offset TO renamed", connection);
        await spoil.ExecuteNonQueryAsync(Patience.Token);
        await api.Process.WaitForExitAsync().OrTimeout();

        Assert.That(api.Output, Does.Contain("RunSweeper ended unexpectedly"));
        Assert.That(api.Process.ExitCode, Is.EqualTo(1));
    }
}
