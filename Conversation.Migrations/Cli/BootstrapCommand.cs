using System.CommandLine;
using Conversation.Migrations.Bootstrap;

namespace Conversation.Migrations.Cli;

/// <summary>The command <c>bootstrap</c>, and the same as the last step of <c>init</c>.</summary>
internal static class BootstrapCommand
{
    private const int DefaultWaitSeconds = 120;

    /// <summary>A database is initialised whether or not the auth service is there: it is waited for a moment only.</summary>
    private static readonly TimeSpan InitWait = TimeSpan.FromSeconds(10);

    public static Command Build()
    {
        var rotate = new Option<bool>("--rotate")
        {
            Description = "Delete the client and make it anew: the way out when its secret is lost. Whoever else uses it must get the new one.",
        };
        var wait = new Option<int>("--wait")
        {
            Description = "How long to wait for the auth service, its limits on requests included.",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => DefaultWaitSeconds,
        };
        var command = new Command("bootstrap", "Make this service's client at the auth service, and write its credentials into .env.dev.")
        {
            rotate, wait,
        };
        command.SetAction((line, token) => OperatorAction.RunAsync(async context =>
        {
            var limit = TimeSpan.FromSeconds(Math.Max(0, line.GetValue(wait)));
            await RunAsync(context, line.GetValue(rotate), limit, token);
            return ExitCodes.Done;
        }, token));
        return command;
    }

    /// <summary>Bootstraps if it can; if not, says so and goes on.</summary>
    public static async Task AfterInitAsync(OperatorContext context, CancellationToken token)
    {
        try
        {
            await RunAsync(context, rotate: false, InitWait, token);
        }
        catch (BootstrapException error)
        {
            await Console.Error.WriteLineAsync($"Warning: no client at the auth service. {error.Message}");
            await Console.Error.WriteLineAsync("The service works without it, but asks its siblings for nothing. Try again: bootstrap.");
        }
    }

    private static async Task RunAsync(OperatorContext context, bool rotate, TimeSpan limit, CancellationToken token)
    {
        using var http = new HttpClient();
        var bootstrapper = new Bootstrapper(context.Settings, context.File, http, TimeProvider.System, Console.WriteLine);
        await bootstrapper.RunAsync(rotate, limit, token);
    }
}
