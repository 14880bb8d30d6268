using System.Net;
using System.Net.Sockets;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Walk;

/// <summary>How the real process starts, and how it says that it cannot.</summary>
[TestFixture]
internal sealed class StartTests
{
    [Test]
    public async Task Start_AsAnOrdinaryUser_Serves()
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            Assert.Pass("These tests run as an ordinary user already: every other test of this class shows it.");
            return;
        }

        var home = Directory.CreateDirectory(TestFolders.New());
        home.UnixFileMode = (UnixFileMode)0b111_111_111;
        var environment = new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_POSTGRES_DATA"] = Path.Combine(home.FullName, "data"),
            ["HOME"] = home.FullName,
        };

        try
        {
            await using var api = await ApiProcess.StartAsync(environment, user: "nobody");
            using var client = new ApiClient(api.Address, token: null);
            Assert.That((await client.GetAsync("/health/ready")).GetProperty("status").GetString(), Is.EqualTo("ok"));
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Start_FolderInUse_SaysSoInOneLine()
    {
        var folder = TestFolders.New();
        var environment = new Dictionary<string, string?> { ["CONVERSATION_SERVICE_POSTGRES_DATA"] = folder };
        await using (var first = await ApiProcess.StartAsync(environment))
        {
            var (exitCode, output) = await ApiProcess.RunToEndAsync(environment);

            Assert.Multiple(() =>
            {
                Assert.That(exitCode, Is.EqualTo(1));
                Assert.That(output, Does.Contain(folder).And.Not.Contain("   at "));
            });
        }

        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public async Task Start_PortInUse_SaysSoInOneLineBeforeAnythingIsMade()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var folder = TestFolders.New();
        var address = new Uri($"http://localhost:{((IPEndPoint)other.LocalEndpoint).Port}");

        var (exitCode, output) = await ApiProcess.RunToEndAsync(
            new Dictionary<string, string?> { ["CONVERSATION_SERVICE_POSTGRES_DATA"] = folder }, address);

        Assert.Multiple(() =>
        {
            Assert.That(exitCode, Is.EqualTo(1));
            Assert.That(output.Trim(), Does.StartWith($"http://localhost:{address.Port}").And.Contain("ASPNETCORE_URLS").And.Not.Contain("\n"));
            Assert.That(Directory.Exists(folder), Is.False);
        });
    }

    [TestCase("CONVERSATION_SERVICE_ENVIRONMENT", "staging")]
    [TestCase("CONVERSATION_SERVICE_ENVIRONMENT", "production")]
    [TestCase("CONVERSATION_SERVICE_CORS_ALLOW_ORIGINS", "https://one.example")]
    [TestCase("CONVERSATION_SERVICE_DATABASE_URL", "mysql://user:s3cret@host/name")]
    [TestCase("CONVERSATION_SERVICE_LOGGING_LEVEL", "LOUD")]
    [TestCase("CONVERSATION_SERVICE_MAX_CONTENT_BYTES", "much")]
    [TestCase("CONVERSATION_SERVICE_MAX_HEADER_BYTES", "0")]
    public async Task Start_BadValue_StopsAndNamesTheVariable(string variable, string value)
    {
        var folder = TestFolders.New();
        var (exitCode, output) = await ApiProcess.RunToEndAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_POSTGRES_DATA"] = folder,
            [variable] = value,
        });

        Assert.Multiple(() =>
        {
            Assert.That(exitCode, Is.EqualTo(1));
            Assert.That(output, Does.Contain("CONVERSATION_SERVICE_").And.Not.Contain("   at ").And.Not.Contain("s3cret"));
        });
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
