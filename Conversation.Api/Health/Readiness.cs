using Conversation.Api.Background;
using Conversation.Data.Postgres;
using Conversation.Migrations.Runner;

namespace Conversation.Api.Health;

/// <summary>Whether this node can serve.</summary>
public sealed class Readiness
{
    private const string AppliedVersion = """SELECT max("Version") FROM public."VersionInfo" """;

    private readonly DbSession _session;
    private readonly NodeStop _stop;

    internal Readiness(DbSession session, NodeStop stop)
    {
        _session = session;
        _stop = stop;
    }

    /// <summary>Returns when all is well.</summary>
    /// <param name="token">Ends the look.</param>
    /// <exception cref="DatabaseUnavailableException">503: something is missing; the message says what.</exception>
    public async Task CheckAsync(CancellationToken token)
    {
        if (_stop.IsStopping)
        {
            throw new DatabaseUnavailableException("The service is stopping.");
        }

        // A newer one is no reason to stop: while a new version is rolled out, its schema comes first.
        var applied = await _session.FindAsync<long?>(AppliedVersion, null, token) ?? 0;
        if (applied < SchemaMigrator.KnownVersions[^1])
        {
            throw new DatabaseUnavailableException("The database has an older schema than this version of the service needs.");
        }
    }
}
