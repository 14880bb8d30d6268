using System.Text.Json;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Realtime;

/// <summary>The hub as the published JavaScript client sees it, under Node.</summary>
[TestFixture]
internal sealed class JavaScriptClientTests
{
    private string _folder = "";

    [OneTimeSetUp]
    public async Task InstallAsync()
    {
        await NpmRequired.CheckAsync();
        _folder = Directory.CreateDirectory(TestFolders.New()).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Checkout.Root, "Conversation.Tests", "Node")))
        {
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        }

        var install = await ChildProcess.RunAsync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], Patience.Token, folder: _folder);
        Assert.That(install.ExitCode, Is.Zero, install.Text);
    }

    [OneTimeTearDown]
    public void Clean()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Test]
    public async Task Walk_GroupAndFollow_SeeTheWholeAnswer()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();

        var outcome = await ChildProcess.RunAsync(
            "node",
            ["walk.mjs", new Uri(host.Address, $"{ApiClient.Root}/hubs/conversations").ToString(), client.Token!, conversation.ToString()],
            Patience.Token,
            folder: _folder);
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);

        var seen = JsonElement.Parse(outcome.Output);
        var stored = (await client.MessagesAsync(conversation)).Select(message => message.GetProperty("content").GetString());
        Assert.Multiple(() =>
        {
            Assert.That(seen.GetProperty("sent").GetProperty("content").GetString(), Is.EqualTo("Hello from Node 🙂"));
            Assert.That(V2Text.Apply(seen.GetProperty("pushed").EnumerateArray()).Values, Is.EquivalentTo(stored));
            Assert.That(V2Text.Apply(seen.GetProperty("followed").EnumerateArray()).Values, Is.EquivalentTo(stored));
        });
    }
}
