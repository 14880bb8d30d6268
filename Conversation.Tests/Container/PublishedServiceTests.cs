using System.Diagnostics;
using System.Globalization;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Container;

/// <summary>
/// The published output as the image runs it: an unprivileged user, a root that cannot be written but for an empty /tmp, and nothing but
/// environment variables.
/// </summary>
[TestFixture]
[Category("Long")]
internal sealed class PublishedServiceTests
{
    /// <summary>What the container runtime does before it starts the service.</summary>
    private const string Contain =
        "mount --make-rprivate / && mount --bind \"$1\" /mnt && mount -o remount,ro,bind /mnt && mount -t tmpfs tmpfs /tmp "
        + "&& mount -o remount,ro,bind / && cd /mnt && shift "
        + "&& exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs env -i \"$@\"";

    private string _folder = "";

    [OneTimeSetUp]
    public async Task PublishAsync()
    {
        _folder = Path.Combine(Checkout.Root, "artifacts", "published");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var published = await ChildProcess.RunAsync(
            "dotnet",
            ["publish", Path.Combine(Checkout.Root, "Conversation.Api"), "--configuration", "Release", "--output", _folder, "-p:UseAppHost=false"],
            patience.Token,
            folder: Checkout.Root);
        Assert.That(published.ExitCode, Is.Zero, published.Text);
    }

    [Test]
    public async Task Service_AsTheImageRunsIt_ServesAndChecksItself()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("Only root can take its own rights away like this.");
        }

        var database = await TestPostgres.NewDatabaseAsync();
        var address = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        string[] environment =
        [
            "PATH=/usr/bin:/bin",
            $"ASPNETCORE_URLS=http://+:{address.Port}",
            "DOTNET_EnableDiagnostics=0",
            "CONVERSATION_SERVICE_ENVIRONMENT=production",
            $"CONVERSATION_SERVICE_DATABASE_URL={database}",
            $"CONVERSATION_SERVICE_USER_JWT_SECRET_KEY={TestTokens.UserKey}",
            $"CONVERSATION_SERVICE_USER_JWT_ISSUER={TestTokens.UserIssuer}",
            $"CONVERSATION_SERVICE_USER_JWT_AUDIENCE={TestTokens.Audience}",
            $"CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY={TestTokens.M2mKey}",
            $"CONVERSATION_SERVICE_M2M_JWT_ISSUER={TestTokens.M2mIssuer}",
        ];
        var before = await RunAsync([.. environment, "dotnet", "Conversation.Api.dll", "--check-health"]);
        var migrated = await RunAsync([.. environment, "dotnet", "Conversation.Migrations.dll", "upgrade"]);
        using var service = Process.Start(Start([.. environment, "dotnet", "Conversation.Api.dll"]))!;
        var output = service.StandardOutput.ReadToEndAsync();

        var check = await RunAsync([.. environment, "dotnet", "Conversation.Api.dll", "--check-health"]);
        for (var i = 0; i < 20 && check.ExitCode != 0; i++)
        {
            check = await RunAsync([.. environment, "dotnet", "Conversation.Api.dll", "--check-health"]);
        }

        using var client = new ApiClient(address, TestTokens.User(Guid.CreateVersion7()));
        var conversation = await client.CreateConversationAsync();
        await using (var socket = await LegacyClient.ConnectAsync(client, conversation))
        {
            await client.SayAsync(conversation, "Hello");
            await socket.UntilAsync("complete");
        }

        using var kill = Process.Start("kill", ["-TERM", service.Id.ToString(CultureInfo.InvariantCulture)]);
        await service.WaitForExitAsync().OrTimeout();

        Assert.Multiple(() =>
        {
            Assert.That(before.ExitCode, Is.EqualTo(1), "Nothing listens yet.");
            Assert.That(migrated.ExitCode, Is.Zero, migrated.Text);
            Assert.That(check.ExitCode, Is.Zero, check.Text);
            Assert.That(service.ExitCode, Is.Zero);
        });
        Assert.That(await output, Does.Contain("\"level\"").And.Not.Contain("Read-only file system"));
    }

    private Task<ChildProcess.Outcome> RunAsync(string[] command) => ChildProcess.RunAsync(
        "unshare", ["--mount", "sh", "-c", Contain, "contain", _folder, .. command], Patience.Token);

    private ProcessStartInfo Start(string[] command) =>
        new("unshare", ["--mount", "sh", "-c", Contain, "contain", _folder, .. command]) { RedirectStandardOutput = true };
}
