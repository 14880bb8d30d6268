using System.CommandLine;
using System.Globalization;
using Conversation.Migrations.Configuration;
using Conversation.Migrations.Runner;
using Conversation.Migrations.Verification;

namespace Conversation.Migrations.Cli;

/// <summary>The operator's command line: one command each for what can be done to the database.</summary>
internal static class ManageCommand
{
    public static RootCommand Build() => new(
        "Manages the database of the conversation service, and its client at the auth service. Settings come from the environment and "
        + "from .env.dev. Exit codes: 0 done, 1 failed, 2 command line not understood, 3 not confirmed, 130 interrupted.")
    {
        Init(), Recreate(), CreateMigration(), Upgrade(), Downgrade(), Verify(), DeleteDb(), BootstrapCommand.Build(),
    };

    private static Command Init()
    {
        var command = new Command("init", "Create the database if it is absent, bring it to the current schema, and bootstrap.");
        command.SetAction((_, token) => OperatorAction.RunAsync(async context =>
        {
            await using var target = await TargetDatabase.OpenAsync(context.Settings, token);
            await CreateAsync(target.ConnectionString, token);
            await BootstrapCommand.AfterInitAsync(context, token);
            return ExitCodes.Done;
        }, token));
        return command;
    }

    private static Command Recreate()
    {
        var confirmation = new Confirmation();
        var command = new Command("recreate", "Delete the database with everything in it, then do what init does.");
        confirmation.AddTo(command);
        command.SetAction((line, token) => OperatorAction.RunAsync(async context =>
        {
            await using var target = await TargetDatabase.OpenAsync(context.Settings, token);
            if (!await confirmation.GivenAsync(line, context.Settings, target.ConnectionString, token))
            {
                return ExitCodes.Declined;
            }

            if (!await DatabaseAdmin.MayCreateAsync(target.ConnectionString, token))
            {
                throw new MigrationException("The user may not create databases (CREATEDB). Nothing was done.");
            }

            await DropAsync(target.ConnectionString, token);
            await CreateAsync(target.ConnectionString, token);
            await BootstrapCommand.AfterInitAsync(context, token);
            return ExitCodes.Done;
        }, token));
        return command;
    }

    private static Command CreateMigration()
    {
        var message = new Option<string>("--message", "-m") { Description = "What the migration does; its class is named by it.", Required = true };
        var command = new Command("create-migration", "Write the class of a new, empty migration into Conversation.Migrations/Schema.") { message };
        command.SetAction((line, token) => OperatorAction.RunAsync(async _ =>
        {
            Console.WriteLine(await MigrationScaffold.WriteAsync(EnvFile.Home, line.GetValue(message)!, TimeProvider.System.GetUtcNow()));
            return ExitCodes.Done;
        }, token));
        return command;
    }

    private static Command Upgrade()
    {
        var command = new Command("upgrade", "Bring the database to the current schema.");
        command.SetAction((_, token) => OperatorAction.RunAsync(async context =>
        {
            await using var target = await TargetDatabase.OpenAsync(context.Settings, token);
            await UpgradeAsync(target.ConnectionString, token);
            return ExitCodes.Done;
        }, token));
        return command;
    }

    private static Command Downgrade()
    {
        var step = new Option<int>("--step", "-s")
        {
            Description = "How many migrations to undo, the latest first. What they made is deleted, with its data.",
            DefaultValueFactory = _ => 1,
        };
        step.Validators.Add(result =>
        {
            // What is no number is refused by the parser.
            if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var steps) && steps < 1)
            {
                result.AddError("--step must be 1 or more.");
            }
        });
        var command = new Command("downgrade", "Undo the migrations that were applied last.") { step };
        command.SetAction((line, token) => OperatorAction.RunAsync(async context =>
        {
            await using var target = await TargetDatabase.OpenAsync(context.Settings, token);
            var steps = line.GetValue(step);
            await new SchemaMigrator(target.ConnectionString, Console.WriteLine).DowngradeAsync(steps, token);
            Console.WriteLine($"{steps} migrations undone.");
            return ExitCodes.Done;
        }, token));
        return command;
    }

    private static Command Verify()
    {
        var command = new Command("verify", "Look whether the database has the schema that this version of the service needs.");
        command.SetAction((_, token) => OperatorAction.RunAsync(async context =>
        {
            await using var target = await TargetDatabase.OpenAsync(context.Settings, token);
            var faults = await new SchemaVerifier(target.ConnectionString).VerifyAsync(Console.WriteLine, token);
            foreach (var fault in faults)
            {
                await Console.Error.WriteLineAsync(fault);
            }

            Console.WriteLine(faults.Count == 0 ? "The tables are what the service needs." : $"{faults.Count} faults.");
            return faults.Count == 0 ? ExitCodes.Done : ExitCodes.Failed;
        }, token));
        return command;
    }

    private static Command DeleteDb()
    {
        var confirmation = new Confirmation();
        var command = new Command("delete-db", "Delete the database with everything in it.");
        confirmation.AddTo(command);
        command.SetAction((line, token) => OperatorAction.RunAsync(async context =>
        {
            await using var target = await TargetDatabase.OpenAsync(context.Settings, token);
            if (!await confirmation.GivenAsync(line, context.Settings, target.ConnectionString, token))
            {
                return ExitCodes.Declined;
            }

            await DropAsync(target.ConnectionString, token);
            return ExitCodes.Done;
        }, token));
        return command;
    }

    private static async Task CreateAsync(string database, CancellationToken token)
    {
        if (await DatabaseAdmin.EnsureExistsAsync(database, token))
        {
            Console.WriteLine("Database created.");
        }

        await UpgradeAsync(database, token);
    }

    private static async Task UpgradeAsync(string database, CancellationToken token)
    {
        var applied = await new SchemaMigrator(database, Console.WriteLine).UpgradeAsync(token);
        Console.WriteLine(applied == 0 ? "The schema is current." : $"{applied} migrations applied.");
    }

    private static async Task DropAsync(string database, CancellationToken token)
    {
        await DatabaseAdmin.DropAsync(database, token);
        Console.WriteLine("Database deleted.");
    }
}
