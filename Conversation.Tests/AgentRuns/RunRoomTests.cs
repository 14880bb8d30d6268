using Conversation.Api.AgentRuns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Conversation.Tests.AgentRuns;

/// <summary>A node begins no more runs than it has room for, however many are sent at once.</summary>
[TestFixture]
internal sealed class RunRoomTests : RunFixture
{
    private const int Room = 2;
    private const int Sends = 40;

    /// <summary>All of them find room before any of them has taken it.</summary>
    [Test]
    public async Task Sends_ThatComeTogether_DoNotTakeTheSameRoom()
    {
        var conversations = await Task.WhenAll(Enumerable.Range(0, Sends).Select(_ => Client.CreateConversationAsync()));
        await Task.WhenAll(conversations.Select(conversation => Client.SayAsync(conversation, "Hello")));

        await using (var connection = new NpgsqlConnection(Host.ConnectionString))
        {
            await connection.OpenAsync();
            await using var count = new NpgsqlCommand("SELECT count(*) FROM runs WHERE status = 'running'", connection);
            Assert.That(await count.ExecuteScalarAsync(), Is.LessThanOrEqualTo(Room));
        }

        // None of them is forgotten.
        for (var i = 0; i < Sends; i++)
        {
            (await Runtime.NextRunAsync()).End(text: "Hi");
        }
    }

    protected override void Configure(IServiceCollection services) =>
        services.Replace(ServiceDescriptor.Singleton(new RunOptions { Concurrency = Room }));
}
