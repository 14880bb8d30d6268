using Npgsql;

namespace Conversation.Migrations.Runner;

/// <summary>Which migrations a database says it has.</summary>
internal static class AppliedMigrations
{
    private const string VersionTableExists = """SELECT to_regclass('public."VersionInfo"') IS NOT NULL""";

    private const string Versions = """SELECT "Version" FROM public."VersionInfo" ORDER BY "Version" """;

    /// <summary>Their versions, oldest first; none where nothing was ever applied.</summary>
    public static async Task<IReadOnlyList<long>> ReadAsync(NpgsqlConnection connection, CancellationToken token)
    {
        await using var exists = new NpgsqlCommand(VersionTableExists, connection);
        if (await exists.ExecuteScalarAsync(token) is not true)
        {
            return [];
        }

        var applied = new List<long>();
        await using var versions = new NpgsqlCommand(Versions, connection);
        await using var reader = await versions.ExecuteReaderAsync(token);
        while (await reader.ReadAsync(token))
        {
            applied.Add(reader.GetInt64(0));
        }

        return applied;
    }
}
