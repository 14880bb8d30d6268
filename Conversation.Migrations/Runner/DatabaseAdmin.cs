using Npgsql;

namespace Conversation.Migrations.Runner;

/// <summary>What concerns a database as a whole.</summary>
public static class DatabaseAdmin
{
    private const string MaintenanceDatabase = "postgres";

    private static readonly string[] OfTheServer = [MaintenanceDatabase, "template0", "template1"];

    /// <summary>
    /// Creates the database of the connection string unless it exists; two that try at once both succeed. The maintenance database is asked
    /// only where it does not exist: many a user may not go there.
    /// </summary>
    /// <param name="connectionString">For Npgsql, naming the database.</param>
    /// <param name="token">Ends the attempt.</param>
    /// <returns>True when it was created.</returns>
    public static async Task<bool> EnsureExistsAsync(string connectionString, CancellationToken token)
    {
        try
        {
            await using var target = await ConnectAsync(connectionString, NameOf(connectionString), token);
            return false;
        }
        catch (PostgresException error) when (MigrationSqlStates.IsWithoutDatabase(error))
        {
            return await CreateAsync(connectionString, token);
        }
    }

    /// <summary>Whether the user of the connection string may create databases.</summary>
    /// <param name="connectionString">For Npgsql.</param>
    /// <param name="token">Ends the look.</param>
    public static async Task<bool> MayCreateAsync(string connectionString, CancellationToken token)
    {
        await using var connection = await ConnectAsync(connectionString, MaintenanceDatabase, token);
        await using var may = new NpgsqlCommand("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user", connection);
        return await may.ExecuteScalarAsync(token) is true;
    }

    /// <summary>Drops the database of the connection string, if it exists, and ends whoever is connected to it.</summary>
    /// <param name="connectionString">For Npgsql, naming the database.</param>
    /// <param name="token">Ends the attempt.</param>
    /// <exception cref="FormatException">The database is the server's own.</exception>
    public static async Task DropAsync(string connectionString, CancellationToken token)
    {
        var database = NameOf(connectionString);
        if (OfTheServer.Contains(database))
        {
            throw new FormatException($"The database {database} belongs to the server itself and is not deleted.");
        }

        await using var connection = await ConnectAsync(connectionString, MaintenanceDatabase, token);
#pragma warning disable CA2100 // The name is quoted.
        await using var drop = new NpgsqlCommand($"DROP DATABASE IF EXISTS {Quote(database)} WITH (FORCE)", connection);
#pragma warning restore CA2100
        await drop.ExecuteNonQueryAsync(token);
    }

    /// <summary>The database that a connection string names; without a name it is that of the user, as everywhere in PostgreSQL.</summary>
    /// <param name="connectionString">For Npgsql.</param>
    public static string NameOf(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        return builder.Database ?? builder.Username ?? Environment.UserName;
    }

    private static async Task<bool> CreateAsync(string connectionString, CancellationToken token)
    {
        await using var connection = await ConnectAsync(connectionString, MaintenanceDatabase, token);
        try
        {
            // Of template0, which alone can be copied into another encoding than the server's own.
#pragma warning disable CA2100 // The name is quoted.
            await using var create = new NpgsqlCommand(
                $"CREATE DATABASE {Quote(NameOf(connectionString))} ENCODING 'UTF8' TEMPLATE template0", connection);
#pragma warning restore CA2100
            await create.ExecuteNonQueryAsync(token);
            return true;
        }
        catch (PostgresException error) when (MigrationSqlStates.IsCreatedAlready(error))
        {
            return false;
        }
    }

    private static async Task<NpgsqlConnection> ConnectAsync(string connectionString, string database, CancellationToken token)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Database = database, Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(token);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>An identifier cannot be a parameter; it is quoted as the manual's section 4.1.1 says.</summary>
    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
