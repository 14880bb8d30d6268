using Conversation.Data;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Tests.Postgres;

[TestFixture]
internal sealed class SessionTests : ConversationFixture
{
    /// <summary>Also after its first use, when it came back from the pool.</summary>
    [Test]
    public async Task Connection_OfTheService_KeepsItsSettings()
    {
        var source = Host.Services.GetRequiredService<NpgsqlDataSource>();
        for (var use = 0; use < 3; use++)
        {
            await using var command = source.CreateCommand(
                "SELECT current_setting('enable_bitmapscan') || ', ' || current_setting('plan_cache_mode')");
            Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo("off, force_generic_plan"), $"Use {use}.");
        }
    }

    [TestCase("", 20)]
    [TestCase(";Maximum Pool Size=7", 7)]
    [TestCase(";maximum pool size=100", 100)]
    [TestCase(";Minimum Pool Size=30", 30)]
    public async Task Pool_UnlessItsSizeIsGiven_LeavesConnectionsToOtherNodes(string option, int size)
    {
        await using var services = new ServiceCollection().AddLogging().AddConversationData($"Host=localhost;Database=x{option}").BuildServiceProvider();
        var source = services.GetRequiredService<NpgsqlDataSource>();
        Assert.That(new NpgsqlConnectionStringBuilder(source.ConnectionString).MaxPoolSize, Is.EqualTo(size));
    }
}
