using Npgsql;

namespace Conversation.Migrations.Verification;

/// <summary>What a schema holds: columns, indexes and constraints by their names, each with the text that defines it.</summary>
internal sealed record SchemaCatalog(
    IReadOnlyDictionary<string, string> Columns,
    IReadOnlyDictionary<string, string> Indexes,
    IReadOnlyDictionary<string, string> Constraints)
{
    private const string ColumnsQuery =
        """
        SELECT
            c.relname || '.' || a.attname,
            format_type(a.atttypid, a.atttypmod)
                || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
                || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'VersionInfo'
        """;

    private const string IndexesQuery =
        """
        SELECT i.relname, replace(pg_get_indexdef(i.oid), ' ON ' || $1 || '.', ' ON ') || CASE WHEN x.indisvalid THEN '' ELSE ' (invalid)' END
        FROM pg_index x
        JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_class c ON c.oid = x.indrelid
        WHERE c.relnamespace = $1::regnamespace AND c.relname <> 'VersionInfo'
        """;

    // Whether old rows were looked at as well says nothing of new ones: who validates a constraint later makes it no other.
    private const string ConstraintsQuery =
        """
        SELECT
            o.conname,
            regexp_replace(replace(pg_get_constraintdef(o.oid), ' REFERENCES ' || $1 || '.', ' REFERENCES '), ' NOT VALID$', '')
        FROM pg_constraint o
        JOIN pg_class c ON c.oid = o.conrelid
        WHERE c.relnamespace = $1::regnamespace AND c.relname <> 'VersionInfo' AND o.contype IN ('p', 'f', 'u', 'c')
        """;

    /// <param name="connection">The database.</param>
    /// <param name="schema">A name that needs no quotes.</param>
    /// <param name="token">Ends the reading.</param>
    public static async Task<SchemaCatalog> ReadAsync(NpgsqlConnection connection, string schema, CancellationToken token)
    {
        // With an empty path every name is written with its schema, which is then cut off.
        await using var path = new NpgsqlCommand("SET search_path = ''", connection);
        await path.ExecuteNonQueryAsync(token);
        return new SchemaCatalog(
            await PairsAsync(new NpgsqlCommand(ColumnsQuery, connection), schema, token),
            await PairsAsync(new NpgsqlCommand(IndexesQuery, connection), schema, token),
            await PairsAsync(new NpgsqlCommand(ConstraintsQuery, connection), schema, token));
    }

    private static async Task<IReadOnlyDictionary<string, string>> PairsAsync(NpgsqlCommand query, string schema, CancellationToken token)
    {
        await using var command = query;
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = schema });
        await using var reader = await command.ExecuteReaderAsync(token);
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(token))
        {
            pairs[reader.GetString(0)] = reader.GetString(1);
        }

        return pairs;
    }
}
