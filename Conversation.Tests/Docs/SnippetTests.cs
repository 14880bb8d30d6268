using System.Diagnostics;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Docs;

/// <summary>Every command and snippet of the README and the docs is run against a service, so that none can rot.</summary>
[TestFixture]
[Category("Long")]
internal sealed class SnippetTests
{
    private const string Address = "localhost:8005";

    /// <summary>A first build of a C# snippet restores its packages.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static readonly string[] Programs = ["sh", "js", "cs"];

    /// <summary>What is shown and not run.</summary>
    private static readonly string[] Data = ["json", "text", "mermaid"];

    private readonly Dictionary<string, string> _environment = [];
    private ApiHost _host = null!;
    private string _folder = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync();
        _folder = Directory.CreateDirectory(TestFolders.New()).FullName;
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void Blocks_AllSayWhatTheyAre()
    {
        var blocks = MarkdownBlock.All().ToList();
        foreach (var block in blocks.Where(block => block.NoRun is not null))
        {
            TestContext.Out.WriteLine($"not run: {block.Place}: {block.NoRun}");
        }

        Assert.Multiple(() =>
        {
            Assert.That(blocks.Where(block => !Programs.Contains(block.Language) && !Data.Contains(block.Language)).Select(block => block.Place), Is.Empty);
            Assert.That(blocks.Count(block => block.NoRun is null && Programs.Contains(block.Language)), Is.GreaterThanOrEqualTo(4));
        });
    }

    /// <summary>In the order of the page: later blocks use what earlier ones exported.</summary>
    [Test]
    public async Task Blocks_OfAPage_RunInTheirOrder()
    {
        foreach (var page in MarkdownBlock.All().Where(block => block.NoRun is null && Programs.Contains(block.Language)).GroupBy(block => block.Page))
        {
            _environment.Clear();
            foreach (var block in page)
            {
                var output = await RunAsync(block);
                Assert.That(output, Does.Contain(block.Language == "sh" ? "\"status\":\"completed\"" : "complete"), $"{block.Place} said: {output}");
            }
        }
    }

    [Test]
    public void Block_WithAReason_IsFoundWithIt()
    {
        var blocks = MarkdownBlock.In("x.md", "<!-- no-run: it takes long -->\n```sh\na\n```\n\n```js\nb\n```\n").ToList();
        Assert.That(blocks.Select(block => (block.Language, block.NoRun, block.Line)), Is.EqualTo(new[] { ("sh", "it takes long", 2), ("js", null, 6) }));
    }

    private async Task<string> RunAsync(MarkdownBlock block)
    {
        var text = block.Text.Replace(Address, _host.Address.Authority, StringComparison.Ordinal);
        switch (block.Language)
        {
            case "sh":
                var variables = Path.Combine(_folder, "variables");
                var output = await StartAsync(block, "bash", ["-euo", "pipefail", "-c", $"{text}\nenv > {variables}"], _folder);
                foreach (var line in (await File.ReadAllLinesAsync(variables)).Where(line => line.StartsWith("TOKEN=", StringComparison.Ordinal) || line.StartsWith("CONVERSATION=", StringComparison.Ordinal)))
                {
                    _environment[line.Split('=', 2)[0]] = line.Split('=', 2)[1];
                }

                return output;
            case "js":
                var tools = await NpmTools.FolderAsync();
                var script = Path.Combine(tools, $"snippet-{Guid.CreateVersion7():N}.mjs");
                await File.WriteAllTextAsync(script, text);
                try
                {
                    return await StartAsync(block, "node", [script], tools);
                }
                finally
                {
                    File.Delete(script);
                }

            default:
                var program = Path.Combine(_folder, "client.cs");
                await File.WriteAllTextAsync(program, text);
                return await StartAsync(block, "dotnet", ["run", program], _folder);
        }
    }

    private async Task<string> StartAsync(MarkdownBlock block, string program, string[] arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.That(process.ExitCode, Is.Zero, $"{block.Place}: {output}{await error}");
            return output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
