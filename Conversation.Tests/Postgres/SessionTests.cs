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
}
