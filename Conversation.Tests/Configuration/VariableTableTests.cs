using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Conversation.Api.Configuration;
using Conversation.Migrations.Configuration;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Configuration;

/// <summary>One list of variables in three places: the options, the README's table and .env.example.</summary>
[TestFixture]
internal sealed partial class VariableTableTests
{
    private static readonly string[] OfTheEmbeddedServer = ["CONVERSATION_SERVICE_POSTGRES_BIN", "CONVERSATION_SERVICE_POSTGRES_DATA"];
    private static readonly string[] OutsideOptions = [EnvFile.Variable];

    private static readonly Dictionary<string, string?> Options = Defaults(new ServiceSettings());

    [Test]
    public void Readme_Table_NamesEveryVariableOnceWithItsDefault()
    {
        var rows = TableRow().Matches(Read("README.md")).Select(row => (Name: row.Groups[1].Value, Default: row.Groups[2].Value)).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(rows.Select(row => row.Name), Is.EquivalentTo(Options.Keys.Concat(OutsideOptions)));
            foreach (var (name, said) in rows.Where(row => Options.ContainsKey(row.Name)))
            {
                Assert.That(said.StartsWith('`') ? said.Trim('`') : null, Is.EqualTo(Options[name]), name);
            }
        });
    }

    [Test]
    public void Example_NamesEveryVariableOnceWithItsDefault()
    {
        var lines = ExampleLine().Matches(Read(".env.example")).Select(line => (Name: line.Groups[1].Value, Default: line.Groups[2].Value)).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(lines.Select(line => line.Name), Is.EquivalentTo(Options.Keys));
            foreach (var (name, said) in lines.Where(line => Options.ContainsKey(line.Name)))
            {
                Assert.That(said.Length == 0 ? null : said, Is.EqualTo(Options[name]), name);
            }
        });
    }

    /// <summary>Silently, the others would have no effect there.</summary>
    [Test]
    public void Compose_PassesEveryVariableOn()
    {
        var passed = ComposeLine().Matches(Read("compose.yaml")).Select(line => line.Groups[1].Value).ToHashSet();

        Assert.That(Options.Keys.Except(OfTheEmbeddedServer).Except(passed), Is.Empty);
    }

    [Test]
    public void Example_Uncommented_IsReadAsTheDefaults()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, ExampleLine().Replace(Read(".env.example"), "$1=$2"));
        var values = EnvFile.Open(file).Values;
        File.Delete(file);

        var settings = SettingsBinder.Bind<ServiceSettings>(name => values.GetValueOrDefault(name));

        Assert.That(Defaults(settings), Is.EqualTo(Options));
    }

    [Test]
    public void Operator_ReadsTheServicesOwnVariables()
    {
        var own = Defaults(new OperatorSettings());
        Assert.That(own, Is.SubsetOf(Options).And.Count.GreaterThan(5));
    }

    [Test]
    public void Options_AreAllVariables() => Assert.That(
        typeof(ServiceSettings).GetProperties()
            .Where(property => property.SetMethod is not null && property.GetCustomAttribute<VariableAttribute>() is null)
            .Select(property => property.Name),
        Is.Empty);

    [Test]
    public void Source_ReadsNoOtherVariable()
    {
        var known = Options.Keys.Concat(OutsideOptions).ToHashSet();
        var used = Checkout.Files(".cs")
            .Where(file => !file.Path.StartsWith("Conversation.Tests/", StringComparison.Ordinal))
            .SelectMany(file => LegacyName().Matches(file.Text).Select(match => match.Value))
            .Distinct()
            .Where(name => !known.Any(one => one.StartsWith(name, StringComparison.Ordinal)));
        Assert.That(used, Is.Empty);
    }

    private static Dictionary<string, string?> Defaults(object settings) => settings.GetType().GetProperties()
        .Where(property => property.IsDefined(typeof(VariableAttribute)))
        .ToDictionary(
            property => property.GetCustomAttribute<VariableAttribute>()!.Name,
            property => property.GetValue(settings) switch
            {
                null => null,
                bool flag => flag ? "true" : "false",
                string text => text,
                IEnumerable list => JsonSerializer.Serialize(list),
                var other => string.Format(CultureInfo.InvariantCulture, "{0}", other),
            });

    private static string Read(string file) => File.ReadAllText(Path.Combine(Checkout.Root, file));

    [GeneratedRegex(@"^    ([A-Z0-9_]+): \$\{\1:-", RegexOptions.Multiline)]
    private static partial Regex ComposeLine();

    [GeneratedRegex(@"^\| `([A-Z0-9_]{8,})` \| (.+?) \| .+ \|$", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"^#([A-Z0-9_]{8,})=(.*)$", RegexOptions.Multiline)]
    private static partial Regex ExampleLine();

    [GeneratedRegex(@"\bCONVERSATION_SERVICE_[A-Z0-9_]+")]
    private static partial Regex LegacyName();
}
