using System.Text.RegularExpressions;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Architecture;

/// <summary>Every folder is a feature and may use only those that stand before it: arrows go one way.</summary>
[TestFixture]
internal sealed partial class FolderArrowsTests
{
    private static readonly Dictionary<string, string[]> Order = new()
    {
        ["Conversation.Data"] =
        [
            "Telemetry", "Postgres", "EmbeddedPostgres", "Access", "Conversations", "Messages", "Runs", "Log", "Checkpoints", "Housekeeping",
        ],
        ["Conversation.Migrations"] = ["Configuration", "Schema", "Runner", "Verification", "Bootstrap", "Cli"],
        ["Conversation.Api"] =
        [
            "Configuration", "Errors", "Observability", "Background", "Wire", "Auth", "Machines", "Limits", "Feed", "Conversations", "Messages",
            "Transfer", "AgentRuntimes", "Langflow", "AgentRuns", "Realtime", "Housekeeping", "Health", "OpenApi", "Spa", "Hosting",
        ],
    };

    [TestCaseSource(nameof(Projects))]
    public void Folders_UseOnlyWhatStandsBefore(string project)
    {
        var files = Checkout.Files(".cs").Where(file => file.Path.StartsWith($"{project}/", StringComparison.Ordinal));
        Assert.That(files.SelectMany(file => Violations(project, file.Path, file.Text)), Is.Empty);
    }

    [TestCaseSource(nameof(Projects))]
    public void Folders_AllHaveTheirPlace(string project)
    {
        var folders = Checkout.Files(".cs")
            .Where(file => file.Path.StartsWith($"{project}/", StringComparison.Ordinal))
            .Select(file => file.Path.Split('/'))
            .Where(parts => parts.Length > 2)
            .Select(parts => parts[1])
            .Distinct();
        Assert.That(folders, Is.EquivalentTo(Order[project]));
    }

    [Test]
    public void Rule_PlantedViolation_IsCaught() => Assert.That(
        Violations("Conversation.Api", "Conversation.Api/Messages/Planted.cs", "using Conversation.Api.AgentRuns;\n"), Is.Not.Empty);

    [Test]
    public void Projects_UseOnlyWhatStandsBefore()
    {
        string[] order = ["Conversation.Data", "Conversation.Migrations", "Conversation.Api", "Conversation.Benchmarks", "Conversation.Tests"];
        foreach (var (path, text) in Checkout.Files(".csproj"))
        {
            var own = Array.IndexOf(order, path.Split('/')[0]);
            var used = ProjectReference().Matches(text).Select(match => Array.IndexOf(order, match.Groups[1].Value));
            Assert.That(used, Is.All.LessThan(own).And.All.GreaterThanOrEqualTo(0), path);
        }
    }

    private static IEnumerable<string> Projects() => Order.Keys;

    private static IEnumerable<string> Violations(string project, string path, string text)
    {
        var order = Order[project];
        var own = Array.IndexOf(order, path.Split('/')[1]);
        return own < 0
            ? []
            : Using().Matches(text)
                .Where(match => match.Groups[1].Value == project && Array.IndexOf(order, match.Groups[2].Value) > own)
                .Select(match => $"{path} uses {match.Groups[2].Value}");
    }

    [GeneratedRegex(@"^using (Conversation\.\w+)\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex("""<ProjectReference Include="[^"]*/([\w.]+)\.csproj""")]
    private static partial Regex ProjectReference();
}
