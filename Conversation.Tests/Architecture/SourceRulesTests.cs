using System.Text.RegularExpressions;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Architecture;

/// <summary>What holds for every source file.</summary>
[TestFixture]
internal sealed partial class SourceRulesTests
{
    private const int LongestFile = 250;

    [Test]
    public void Files_StayShort() => Assert.That(
        Checkout.Files(".cs", ".js", ".css")
            .Where(file => file.Text.Count(c => c == '\n') > LongestFile)
            .Select(file => file.Path),
        Is.Empty);

    [Test]
    public void Folders_NameFeaturesNotLayers() => Assert.That(
        Checkout.Files(".cs").Select(file => file.Path).Where(path => LayerFolder().IsMatch(path)), Is.Empty);

    /// <summary>Where a text may stand; everywhere else it is a fault.</summary>
    private static IEnumerable<TestCaseData> OneHome()
    {
        yield return new TestCaseData("using Dapper;", "Conversation.Data/Postgres/").SetArgDisplayNames("Dapper is called by the session only");
        yield return new TestCaseData(@"\bSqlState\b|\bPostgresErrorCodes\b", "Conversation.Data/Postgres/SqlStates.cs|Conversation.Migrations/Runner/MigrationSqlStates.cs")
            .SetArgDisplayNames("SQLSTATE is read in one place of each project");
        yield return new TestCaseData(@"\b(CREATE|ALTER|DROP) (TABLE|INDEX|UNIQUE INDEX)\b|Create\.Table\(", "Conversation.Migrations/Schema/|Conversation.Benchmarks/BareService.cs")
            .SetArgDisplayNames("migrations are the only DDL, but for the yardstick's own table");
        yield return new TestCaseData(@"\bIConfiguration\b", "Conversation.Api/Configuration/|Conversation.Api/Hosting/")
            .SetArgDisplayNames("the host alone reads the configuration");
        yield return new TestCaseData(@"new Meter\(|new ActivitySource\(", "Conversation.Api/Observability/").SetArgDisplayNames("telemetry has one home");
        yield return new TestCaseData(@"#region|async void |catch \(OperationCanceledException\)\s*\{\s*\}|CreateUnbounded", "nowhere")
            .SetArgDisplayNames("never");
    }

    [TestCaseSource(nameof(OneHome))]
    public void Text_StandsOnlyInItsHome(string pattern, string home)
    {
        var faults = Checkout.Files(".cs")
            .Where(file => !file.Path.StartsWith("Conversation.Tests/", StringComparison.Ordinal)
                && !home.Split('|').Any(prefix => file.Path.StartsWith(prefix, StringComparison.Ordinal))
                && Regex.IsMatch(file.Text, pattern))
            .Select(file => file.Path);
        Assert.That(faults, Is.Empty);
    }

    /// <summary>A command of their own would know nothing of the session's second tries, and how it tells of failures.</summary>
    [Test]
    public void Repositories_ReadThroughTheSession()
    {
        var repositories = Checkout.Files(".cs").Where(file => RepositoryFile().IsMatch(file.Path)).ToList();
        Assert.That(repositories, Has.Count.GreaterThan(3));
        Assert.That(repositories.Where(file => OwnCommand().IsMatch(file.Text)).Select(file => file.Path), Is.Empty);
    }

    [TestCase("await using var command = new NpgsqlCommand(FindSql, connection);")]
    [TestCase("await using var batch = new NpgsqlBatch(connection);")]
    [TestCase("await using var command = _source.CreateCommand(FindSql);")]
    public void Repositories_PlantedCommand_IsCaught(string planted) => Assert.That(OwnCommand().IsMatch(planted));

    [Test]
    public void Tests_AreNamedMethodConditionOutcome() => Assert.That(
        typeof(SourceRulesTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.IsDefined(typeof(TestAttribute), false) || method.IsDefined(typeof(TestCaseAttribute), false))
            .Select(method => method.Name)
            .Where(name => !TestName().IsMatch(name)),
        Is.Empty);

    [GeneratedRegex("/(Services|Helpers|Utils|Managers|Interfaces|Dtos|Models|Repositories|Controllers)/")]
    private static partial Regex LayerFolder();

    [GeneratedRegex(@"^Conversation\.Data/.*Repository[^/]*\.cs$")]
    private static partial Regex RepositoryFile();

    [GeneratedRegex(@"\b(NpgsqlCommand|NpgsqlBatch|CreateCommand)\b")]
    private static partial Regex OwnCommand();

    [GeneratedRegex("^[A-Z][A-Za-z0-9]+(_[A-Z][A-Za-z0-9]+){1,2}$")]
    private static partial Regex TestName();
}
