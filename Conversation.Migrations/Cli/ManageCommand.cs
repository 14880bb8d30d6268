using System.CommandLine;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Runner;
using Npgsql;

namespace Conversation.Migrations.Cli;

/// <summary>The operator's command line: one command each for what can be done to the database.</summary>
internal static class ManageCommand
{
    public static RootCommand Build()
    {
        var root = new RootCommand("Manages the database of the conversation service.");
        root.Subcommands.Add(Command(
            "init",
            "Create the database if it is absent and bring it to the current schema.",
            async (database, token) =>
            {
                if (await DatabaseAdmin.EnsureExistsAsync(database, token))
                {
                    Console.WriteLine("Database created.");
                }

                await UpgradeAsync(database, token);
            }));
        root.Subcommands.Add(Command("upgrade", "Bring the database to the current schema.", UpgradeAsync));
        return root;
    }

    private static async Task UpgradeAsync(string database, CancellationToken token)
    {
        var applied = await new SchemaMigrator(database, Console.WriteLine).UpgradeAsync(token);
        Console.WriteLine(applied == 0 ? "The schema is current." : $"{applied} migrations applied.");
    }

    private static Command Command(string name, string description, Func<string, CancellationToken, Task> act)
    {
        var command = new Command(name, description);
        command.SetAction((_, token) => RunAsync(act, token));
        return command;
    }

    private static async Task<int> RunAsync(Func<string, CancellationToken, Task> act, CancellationToken token)
    {
        try
        {
            await using var target = await TargetDatabase.OpenAsync(token);
            await act(target.ConnectionString, token);
            return 0;
        }
        catch (Exception error) when (error is NpgsqlException or EmbeddedPostgresException or SchemaException or FormatException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }
}
