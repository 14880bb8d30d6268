using System.Diagnostics;
using Conversation.Data.Checkpoints;
using Conversation.Data.Conversations;
using Conversation.Data.Housekeeping;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;
using Conversation.Data.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Conversation.Data;

/// <summary>Registers the database, its repositories and the log.</summary>
public static class DataRegistration
{
    /// <summary>
    /// Every statement here goes by an index to a few rows, whatever the planner thinks of the tables. The head of a busy conversation has
    /// many dead versions: a plain index scan marks their entries as it meets them; a bitmap scan never does, and reads them all again each
    /// time, until a vacuum (272 us of PostgreSQL's time for a POST after half a minute at full load, 68 without it). Which plan is right
    /// does not depend on the values, so none is made anew for each execution (203 us for a page out of 1,000,000 messages, 129 without
    /// it). Nor on how much there is: a plan that was made while a table was small, and reads it whole, goes on to do so until the table
    /// is analyzed (the end of 200 answers took 15 ms among 600 messages, 12 of them in such a scan; an event that a thousand messages
    /// stood beside was read in 290 us); and a page is as near as the next one, because what is asked for is mostly in
    /// memory. Compiling, which the price of an avoided scan would bring about, never pays here. How long a lock is waited for the service
    /// bounds itself, whatever the role or the database is set to.
    /// </summary>
    internal const string SessionSql =
        """
        SELECT
            set_config('enable_bitmapscan', 'off', FALSE),
            set_config('enable_seqscan', 'off', FALSE),
            set_config('random_page_cost', '1', FALSE),
            set_config('jit', 'off', FALSE),
            set_config('plan_cache_mode', 'force_generic_plan', FALSE),
            set_config('lock_timeout', '0', FALSE)
        """;

    /// <summary>
    /// Connections to PostgreSQL, unless the connection string says it: of the 100 that PostgreSQL has by default four nodes leave some.
    /// Fewer backends also have warmer caches.
    /// </summary>
    private const int PoolSize = 20;

    /// <summary>Adds everything of this project. The log's writer is a hosted service: register it before whatever appends.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="connectionString">The database, for Npgsql.</param>
    public static IServiceCollection AddConversationData(this IServiceCollection services, string connectionString)
    {
        services.TryAddSingleton(provider => Build(connectionString, provider.GetRequiredService<ILoggerFactory>()));
        services.TryAddSingleton(provider => new DbSession(provider.GetRequiredService<NpgsqlDataSource>()));
        services.TryAddSingleton(provider => new ConversationRepository(provider.GetRequiredService<DbSession>()));
        services.TryAddSingleton(provider => new VersionLoader(provider.GetRequiredService<ConversationRepository>()));
        services.TryAddSingleton(provider => new MessageRepository(provider.GetRequiredService<DbSession>()));
        services.TryAddSingleton(provider => new RunRepository(provider.GetRequiredService<DbSession>()));
        services.TryAddSingleton<EventRepository>();
        services.TryAddSingleton<CheckpointStore>();
        services.TryAddSingleton<ConversationLog>();
        services.TryAddSingleton(provider => new ConversationImporter(provider.GetRequiredService<NpgsqlDataSource>()));
        services.TryAddSingleton<LogMetrics>();
        services.TryAddSingleton<LogCommitter>();
        services.TryAddSingleton<HousekeepingStore>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LogAppender>());
        return services;
    }

    private static NpgsqlDataSource Build(string connectionString, ILoggerFactory loggers)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        builder.UseLoggerFactory(loggers);
        if (!builder.ConnectionStringBuilder.ShouldSerialize("Maximum Pool Size"))
        {
            builder.ConnectionStringBuilder.MaxPoolSize = Math.Max(PoolSize, builder.ConnectionStringBuilder.MinPoolSize);
        }

        builder.ConnectionStringBuilder.MaxAutoPrepare = 64;
        builder.ConnectionStringBuilder.AutoPrepareMinUsages = 2;
        // A read that takes longer, or a connection, is a fault of the database; the caller is told that it does not answer.
        builder.ConnectionStringBuilder.CommandTimeout = 4;
        builder.ConnectionStringBuilder.Timeout = 4;
        builder.ConnectionStringBuilder.CancellationTimeout = 1000;
        // Nothing here leaves a session changed, so nothing need be reset: six statements with each use of a connection.
        builder.ConnectionStringBuilder.NoResetOnClose = true;
        builder.UsePhysicalConnectionInitializer(SetSession, SetSessionAsync);
        // Without a name telemetry would carry the connection string; work that nobody asked for would be a trace of its own every second.
        builder.Name = TelemetryNames.Pool;
        builder.ConfigureTracing(tracing => tracing
            .ConfigureCommandFilter(_ => Activity.Current is not null)
            .ConfigureBatchFilter(_ => Activity.Current is not null)
            .EnableFirstResponseEvent(enable: false));
        return builder.Build();
    }

    private static void SetSession(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(SessionSql, connection);
        command.ExecuteNonQuery();
    }

    private static async Task SetSessionAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(SessionSql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
