using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Conversation.Tests.Realtime;

/// <summary>The log cannot be read any further while a stream is on its way.</summary>
[TestFixture]
internal sealed class StreamOutageTests
{
    /// <summary>More than fits on the way to a client that does not read.</summary>
    private const int Messages = 40;

    /// <summary>EventSource comes back after an end of the stream; the operator is told once, without the alarm of a failure.</summary>
    [Test]
    public async Task EventStream_LogUnreadableInTheMiddle_EndsAndGoesOnFromThere()
    {
        using var log = new LogRecorder();
        await using var host = await ApiHost.StartAsync(services: services => services.AddSingleton<ILoggerProvider>(log));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        for (var i = 0; i < Messages; i++)
        {
            await client.SendAsync(conversation, new { role = "system", content = new string('x', 800_000) });
        }

        var reader = new V2Reader();
        await foreach (var frame in client.FollowAsync(Door.Sse, conversation, position: null, Patience.Token))
        {
            reader.Apply(frame);
            if (reader.Seq == 1)
            {
                await ExecuteAsync(host, "ALTER TABLE conversation_events RENAME TO elsewhere");
            }
        }

        var seen = reader.Seq;
        await ExecuteAsync(host, "ALTER TABLE elsewhere RENAME TO conversation_events");
        await foreach (var frame in client.FollowAsync(Door.Sse, conversation, reader.Position, Patience.Token))
        {
            reader.Apply(frame);
            if (reader.Seq == Messages)
            {
                break;
            }
        }

        Assert.Multiple(() =>
        {
            Assert.That(seen, Is.LessThan(Messages), "It was all sent before the log was gone: the test proves nothing.");
            Assert.That(log.Lines.Where(line => line.Level >= LogLevel.Error), Is.Empty);
        });
    }

    private static async Task ExecuteAsync(ApiHost host, string sql)
    {
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(Patience.Token);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Patience.Token);
    }
}
