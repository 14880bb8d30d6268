using Conversation.Api.AgentRuntimes;
using Conversation.Data.Postgres;
using Conversation.Migrations.Runner;

namespace Conversation.Api.Health;

/// <summary>Whether this node can serve.</summary>
public sealed class Readiness
{
    private const string AppliedVersion = """SELECT max("Version") FROM public."VersionInfo" """;

    private readonly DbSession _session;
    private readonly AgentRuntimeRegistry _runtimes;
    private readonly IHostApplicationLifetime _lifetime;

    internal Readiness(DbSession session, AgentRuntimeRegistry runtimes, IHostApplicationLifetime lifetime)
    {
        _session = session;
        _runtimes = runtimes;
        _lifetime = lifetime;
    }

    /// <summary>What answers user messages, and how it is.</summary>
    public RuntimeBody Runtime => new(_runtimes.Default, _runtimes.State);

    /// <summary>Returns when all is well.</summary>
    /// <param name="token">Ends the look.</param>
    /// <exception cref="DatabaseUnavailableException">503: something is missing; the message says what.</exception>
    public async Task CheckAsync(CancellationToken token)
    {
        if (_lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new DatabaseUnavailableException("The service is stopping.");
        }

        var applied = await _session.FindAsync<long?>(AppliedVersion, null, token);
        if (applied != SchemaMigrator.KnownVersions[^1])
        {
            throw new DatabaseUnavailableException("The database has another schema than this version of the service needs.");
        }
    }
}
