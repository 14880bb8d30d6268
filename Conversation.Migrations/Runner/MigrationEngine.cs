using FluentMigrator.Runner;
using FluentMigrator.Runner.Conventions;
using FluentMigrator.Runner.Initialization;
using FluentMigrator.Runner.Processors;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Migrations.Runner;

/// <summary>FluentMigrator, set up for one database; each migration is a transaction, which waits for no lock longer than two seconds.</summary>
internal sealed class MigrationEngine : IDisposable
{
    private readonly ServiceProvider _provider;
    private readonly IServiceScope _scope;

    /// <param name="connectionString">The database, for Npgsql.</param>
    /// <param name="schema">Where the tables go, null for <c>public</c>.</param>
    public MigrationEngine(string connectionString, string? schema = null)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        if (schema is not null)
        {
            target.SearchPath = schema;
        }

        var services = new ServiceCollection()
            .AddFluentMigratorCore()
            .ConfigureRunner(runner => runner
                .AddPostgres15_0()
                .WithGlobalConnectionString(target.ConnectionString)
                .ScanIn(typeof(MigrationEngine).Assembly).For.Migrations())
            .Configure<RunnerOptions>(options => options.TransactionPerSession = false)
            // An index on a large table takes longer than the thirty seconds that Npgsql gives a command.
            .Configure<ProcessorOptions>(options => options.Timeout = TimeSpan.FromHours(12));
        if (schema is not null)
        {
            services.AddSingleton<IConventionSet>(new DefaultConventionSet(schema, workingDirectory: null));
        }

        _provider = services.BuildServiceProvider(validateScopes: true);
        _scope = _provider.CreateScope();
        Runner = _scope.ServiceProvider.GetRequiredService<IMigrationRunner>();
        // Longer than deadlock_timeout (1 s), after which an autovacuum that is in the way gives way: a shorter wait would never get past one.
        Runner.Processor.Execute("SET lock_timeout = '2s'");
    }

    public IMigrationRunner Runner { get; }

    public void Dispose()
    {
        _scope.Dispose();
        _provider.Dispose();
    }
}
