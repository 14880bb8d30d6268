using Conversation.Data.EmbeddedPostgres;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Container;

/// <summary>What the image promises, read from the file that makes it, and whether compose understands its file.</summary>
[TestFixture]
internal sealed class DockerfileTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Checkout.Root, "Conversation.Api", "Dockerfile"));

    [Test]
    public void Stages_AreTwo_AndTheLastHasNoSdkAndNoShell()
    {
        var stages = Arguments("FROM");
        Assert.Multiple(() =>
        {
            Assert.That(stages, Has.Count.EqualTo(2));
            Assert.That(stages[0], Does.Contain("/sdk:10.0").And.EndsWith(" AS build"));
            Assert.That(stages[1], Does.Contain("/aspnet:10.0").And.Contain("chiseled"));
            Assert.That(LastStage().Where(line => line.StartsWith("RUN ", StringComparison.Ordinal)), Is.Empty, "There is no shell to run it.");
        });
    }

    /// <summary>Elsewhere a build without npm makes a page that does with less; an image like that would not be noticed.</summary>
    [Test]
    public void Build_WithoutTheLibraries_Fails() =>
        Assert.That(Lines.TakeWhile(line => !line.StartsWith("RUN ", StringComparison.Ordinal)), Does.Contain("ENV CI=true"));

    [Test]
    public void Service_IsNotRootAndListensAt8000AndChecksItself() => Assert.Multiple(() =>
    {
        Assert.That(LastStage(), Does.Contain("USER $APP_UID"));
        Assert.That(Arguments("EXPOSE"), Is.EqualTo(new[] { "8000" }));
        Assert.That(string.Join('\n', Lines), Does.Contain("ASPNETCORE_URLS=http://+:8000"));
        Assert.That(Arguments("HEALTHCHECK").Single(), Does.EndWith("""CMD ["dotnet", "Conversation.Api.dll", "--check-health"]"""));
        Assert.That(Arguments("ENTRYPOINT"), Is.EqualTo(new[] { """["dotnet", "Conversation.Api.dll"]""" }));
    });

    [Test]
    public void Copied_Paths_AreThereAndNotIgnored()
    {
        var allowed = File.ReadAllLines(Path.Combine(Checkout.Root, ".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();
        var sources = Arguments("COPY").Where(copy => !copy.StartsWith("--from", StringComparison.Ordinal)).SelectMany(copy => copy.Split(' ')[..^1]);
        foreach (var source in sources)
        {
            var path = Path.Combine(Checkout.Root, source);
            Assert.That(File.Exists(path) || Directory.Exists(path), source);
            Assert.That(allowed, Does.Contain(source.Split('/')[0]));
        }
    }

    [TestCase("")]
    [TestCase("scale")]
    [TestCase("langflow")]
    public async Task Compose_File_IsUnderstood(string profile)
    {
        var program = DebianProgram.Require("docker-compose");
        string[] arguments = profile.Length == 0 ? [] : ["--profile", profile];

        var outcome = await ChildProcess.RunAsync(
            program, ["-f", Path.Combine(Checkout.Root, "compose.yaml"), .. arguments, "config"], Patience.Token);

        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);
            Assert.That(outcome.Output, Does.Contain("127.0.0.1:8005:8000").And.Contain("service_completed_successfully").And.Contain("read_only: true"));
            // Debian's version prints every service, whatever the profile.
            Assert.That(outcome.Output, Does.Contain(profile.Length == 0 ? "postgres:17" : profile == "scale" ? "replica-3:" : "langflowai/langflow"));
        });
    }

    private static IEnumerable<string> LastStage() => Lines.SkipWhile(line => !line.Contains("AS service", StringComparison.Ordinal));

    private static List<string> Arguments(string instruction) =>
        [.. Lines.Where(line => line.StartsWith($"{instruction} ", StringComparison.Ordinal)).Select(line => line[(instruction.Length + 1)..])];
}
