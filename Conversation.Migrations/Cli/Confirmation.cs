using System.CommandLine;
using Conversation.Migrations.Configuration;
using Conversation.Migrations.Runner;
using Npgsql;

namespace Conversation.Migrations.Cli;

/// <summary>Asks before something is deleted.</summary>
internal sealed class Confirmation
{
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask." };

    private readonly Option<string> _database = new("--database")
    {
        Description = "The name of the database, needed in production: what is deleted there is named twice.",
        HelpName = "NAME",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_yes);
        command.Options.Add(_database);
    }

    /// <summary>True when it may be done.</summary>
    public async Task<bool> GivenAsync(ParseResult line, OperatorSettings settings, string connectionString, CancellationToken token)
    {
        var name = DatabaseAdmin.NameOf(connectionString);
        var server = new NpgsqlConnectionStringBuilder(connectionString);
        var named = line.GetValue(_database);
        if (named is not null && named != name)
        {
            await Console.Error.WriteLineAsync($"The configured database is {name}, not {named}. Nothing was done.");
            return false;
        }

        if (settings.IsProduction && named is null)
        {
            await Console.Error.WriteLineAsync($"This is production: repeat the command with --database {name}. Nothing was done.");
            return false;
        }

        if (line.GetValue(_yes))
        {
            return true;
        }

        Console.Write($"This deletes the database {name} on {server.Host}:{server.Port} and everything in it. Type yes to go on: ");
        // Read as one line that may never come: the end of input is no.
        // It cannot be ended, only left to itself.
        var typed = await Task.Run(Console.ReadLine, CancellationToken.None).WaitAsync(token);
        if (typed?.Trim().ToUpperInvariant() is "YES" or "Y")
        {
            return true;
        }

        Console.WriteLine();
        await Console.Error.WriteLineAsync("Not confirmed. Nothing was done.");
        return false;
    }
}
