using Conversation.Api.AgentRuntimes;
using Conversation.Api.Background;
using Conversation.Api.Errors;
using Conversation.Data.Postgres;
using Conversation.Migrations.Runner;
using Npgsql;

namespace Conversation.Api.Health;

/// <summary>Whether this node can serve.</summary>
public sealed class Readiness
{
    private const string AppliedVersion = """SELECT max("Version") FROM public."VersionInfo" """;

    private readonly DbSession _session;
    private readonly AgentRuntimeRegistry _runtimes;
    private readonly NodeStop _stop;

    internal Readiness(DbSession session, AgentRuntimeRegistry runtimes, NodeStop stop)
    {
        _session = session;
        _runtimes = runtimes;
        _stop = stop;
    }

    /// <summary>What answers user messages, and how it is.</summary>
    public RuntimeBody Runtime => new(_runtimes.Default, _runtimes.State);

    /// <summary>Returns when all is well.</summary>
    /// <param name="token">Ends the look.</param>
    /// <exception cref="DatabaseUnavailableException">503: something is missing; the message says what.</exception>
    /// <exception cref="StoppingException">503: this node was told to stop.</exception>
    public async Task CheckAsync(CancellationToken token)
    {
        if (_stop.IsStopping)
        {
            throw new StoppingException();
        }

        // A newer one is no reason to stop: while a new version is rolled out, its schema comes first.
        if (await AppliedAsync(token) < SchemaMigrator.KnownVersions[^1])
        {
            throw new DatabaseUnavailableException("The database has an older schema than this version of the service needs.");
        }
    }

    private async Task<long> AppliedAsync(CancellationToken token)
    {
        try
        {
            return await _session.FindAsync<long?>(AppliedVersion, null, token) ?? 0;
        }
        catch (DatabaseUnavailableException error)
            when (error.InnerException is PostgresException cause && SqlStates.IsWithoutTables(cause))
        {
            throw new DatabaseUnavailableException("The database has no schema of this service.", error);
        }
    }
}
