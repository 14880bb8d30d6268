using System.Text.RegularExpressions;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Runner;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Cli;

/// <summary><c>create-migration</c> in a checkout of its own.</summary>
[TestFixture]
internal sealed partial class CreateMigrationTests
{
    private string _checkout = "";

    private string Schema => Path.Combine(_checkout, "Conversation.Migrations", "Schema");

    [SetUp]
    public void MakeCheckout()
    {
        _checkout = TestFolders.New();
        Directory.CreateDirectory(Schema);
        File.WriteAllText(Path.Combine(_checkout, "Conversation.sln"), "");
    }

    [TearDown]
    public void RemoveCheckout() => Directory.Delete(_checkout, recursive: true);

    [Test]
    public async Task CreateMigration_WritesAClassThatCompiles()
    {
        var outcome = await RunAsync("-m", "add <price> & \"currency\" to\nmessages, 2nd try");
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);

        var file = Directory.GetFiles(Schema).Single();
        var name = FileName().Match(Path.GetFileName(file));
        await File.WriteAllTextAsync(Path.Combine(Schema, "Check.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <GenerateDocumentationFile>true</GenerateDocumentationFile>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <Reference Include="{Path.Combine(AppContext.BaseDirectory, "FluentMigrator.dll")}" />
                <Reference Include="{Path.Combine(AppContext.BaseDirectory, "FluentMigrator.Abstractions.dll")}" />
              </ItemGroup>
            </Project>
            """);
        var build = await ChildProcess.RunAsync(
            "dotnet", ["build", Schema, "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false"], new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token);

        Assert.Multiple(() =>
        {
            Assert.That(name.Success, Is.True, file);
            Assert.That(long.Parse(name.Groups[1].ValueSpan), Is.GreaterThan(SchemaMigrator.KnownVersions[^1]));
            Assert.That(name.Groups[2].Value, Is.EqualTo("AddPriceCurrencyToMessages2ndTry"));
            Assert.That(outcome.Output, Does.Contain(file));
            Assert.That(build.ExitCode, Is.Zero, build.Text);
        });
    }

    [TestCase("-m", "!!!")]
    [TestCase("-m", "")]
    public async Task CreateMigration_NoNameInTheMessage_Fails(params string[] arguments)
    {
        var outcome = await RunAsync(arguments);
        Assert.That(outcome.ExitCode, Is.EqualTo(1), outcome.Text);
        Assert.That(Directory.GetFiles(Schema), Is.Empty);
    }

    private Task<OperatorProcess.Outcome> RunAsync(params string[] arguments) =>
        OperatorProcess.RunAsync(new Dictionary<string, string?>(), input: null, _checkout, ["create-migration", .. arguments]);

    [GeneratedRegex(@"^M(\d{14})_(\w+)\.cs$")]
    private static partial Regex FileName();
}
