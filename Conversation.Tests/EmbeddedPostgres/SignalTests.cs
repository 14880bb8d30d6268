using System.Diagnostics;
using System.Globalization;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Cli;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.EmbeddedPostgres;

/// <summary>A process that is ended by a signal stops its private server, whatever it was doing.</summary>
[TestFixture]
internal sealed class SignalTests : EmbeddedPostgresFixture
{
    [TestCase("INT")]
    [TestCase("TERM")]
    public async Task Api_SignalledDuringItsStart_StopsTheServer(string signal)
    {
        var folder = NewFolder();
        await RecoverAsync(folder);
        await using var api = ApiProcess.Begin(new Dictionary<string, string?> { ["CONVERSATION_SERVICE_POSTGRES_DATA"] = folder });
        await RefusedAsync(folder);

        await api.SignalAsync(signal);
        await api.Process.WaitForExitAsync().OrTimeout();

        Assert.That(Postmaster.Read(Data(folder)), Is.Null);
        Assert.That(api.Process.ExitCode, Is.EqualTo(ExitCodes.Interrupted), api.Output);
    }

    [TestCase("INT")]
    [TestCase("TERM")]
    public async Task Command_SignalledWhileItAsks_StopsTheServer(string signal)
    {
        var folder = NewFolder();
        var start = Foreground.DotNet(Path.Combine(AppContext.BaseDirectory, "Conversation.Migrations.dll"), "delete-db");
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        TestEnvironment.Clear(start.Environment);
        start.Environment["CONVERSATION_SERVICE_POSTGRES_DATA"] = folder;
        using var command = Process.Start(start)!;
        await AskedAsync(command.StandardOutput);

        await ChildProcess.RunAsync("kill", [$"-{signal}", command.Id.ToString(CultureInfo.InvariantCulture)], Patience.Token);
        await command.WaitForExitAsync().OrTimeout();

        Assert.That(Postmaster.Read(Data(folder)), Is.Null);
        Assert.That(command.ExitCode, Is.EqualTo(ExitCodes.Interrupted));
    }

    /// <summary>The question stands at the end of a line that does not end.</summary>
    private static async Task AskedAsync(StreamReader output)
    {
        var said = "";
        var next = new char[1];
        while (!said.EndsWith("Type yes to go on: ", StringComparison.Ordinal))
        {
            Assert.That(await output.ReadAsync(next.AsMemory(), Patience.Token), Is.EqualTo(1), said);
            said += next[0];
        }
    }
}
