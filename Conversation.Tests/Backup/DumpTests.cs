using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Runner;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Backup;

/// <summary>The two commands of docs/operations.md: a dump of a living service, and a service on what it was restored to.</summary>
[TestFixture]
internal sealed class DumpTests
{
    [Test]
    public async Task Restore_OfALivingService_HasEverythingAndGoesOn()
    {
        var tools = PostgresBinaries.UsualFolders().FirstOrDefault(folder => File.Exists(Path.Combine(folder, "pg_restore")))
            ?? Path.GetDirectoryName(DebianProgram.Require("pg_restore"))!;
        await using var host = await ApiHost.StartAsync();
        var user = Guid.CreateVersion7();
        using var client = host.AsUser(user);
        var conversation = await client.CreateConversationAsync(new { title = "Über 🙂", metadata_json = new { n = 1.0 } });
        await using (var socket = await LegacyClient.ConnectAsync(client, conversation))
        {
            await client.SayAsync(conversation, "Hello 🙂");
            await socket.UntilAsync("complete");
        }

        var file = TestFolders.New();
        var restored = TestPostgres.ConnectionTo($"restored_{Guid.CreateVersion7():N}");
        await DatabaseAdmin.EnsureExistsAsync(restored, Patience.Token);
        await RunAsync(tools, "pg_dump", "--format=custom", $"--file={file}", Uri(host.ConnectionString));
        await RunAsync(tools, "pg_restore", "--exit-on-error", "--no-owner", $"--dbname={Uri(restored)}", file);
        File.Delete(file);

        await using var again = await ApiHost.StartAsync(connectionString: restored);
        using var later = again.AsUser(user);
        await later.GetAsync("/health/ready");
        var before = await client.MessagesAsync(conversation);
        var after = await later.MessagesAsync(conversation);
        var next = await later.SayAsync(conversation, "And on");
        var head = (await client.GetAsync($"/conversations/{conversation}")).GetProperty("last_seq").GetInt64();

        Assert.Multiple(() =>
        {
            Assert.That(after.Select(message => message.GetRawText()), Is.EqualTo(before.Select(message => message.GetRawText())));
            Assert.That(next.GetProperty("seq").GetInt64(), Is.EqualTo(head + 1));
        });
    }

    private static async Task RunAsync(string folder, string program, params string[] arguments)
    {
        var outcome = await ChildProcess.RunAsync(Path.Combine(folder, program), arguments, Patience.Token);
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);
    }

    private static string Uri(string connectionString)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString);
        return $"postgresql://{database.Username}:{System.Uri.EscapeDataString(database.Password ?? "")}@{database.Host}:{database.Port}/{database.Database}";
    }
}
