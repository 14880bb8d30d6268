using System.Reflection;
using System.Text.RegularExpressions;
using Conversation.Data;
using Npgsql;

namespace Conversation.Migrations.Verification;

/// <summary>Asks the server to prepare every statement of the repositories: it refuses one that reads what is not there.</summary>
internal static partial class StatementCheck
{
    private const string Suffix = "Sql";

    /// <summary>Statements by the class that runs them.</summary>
    public static IReadOnlyList<(string Name, string Sql)> Statements { get; } =
    [
        .. typeof(DataRegistration).Assembly.GetTypes()
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
                .Where(field => field.IsLiteral && field.Name.EndsWith(Suffix, StringComparison.Ordinal))
                .Select(field => ($"{type.DeclaringType?.Name ?? type.Name}.{field.Name}", (string)field.GetRawConstantValue()!))),
    ];

    /// <summary>What was refused, a sentence each.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(NpgsqlConnection connection, CancellationToken token)
    {
        var faults = new List<string>();
        await using var path = new NpgsqlCommand("SET search_path = public", connection);
        await path.ExecuteNonQueryAsync(token);
        foreach (var (name, sql) in Statements)
        {
            try
            {
                await ExecuteAsync($"PREPARE checked AS {Numbered(sql)}");
                await ExecuteAsync("DEALLOCATE checked");
            }
            catch (PostgresException error)
            {
                faults.Add($"Statement {name} does not fit the tables: {error.MessageText}.");
            }
        }

        return faults;

        async Task ExecuteAsync(string text)
        {
#pragma warning disable CA2100 // The service's own constants.
            await using var command = new NpgsqlCommand(text, connection);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(token);
        }
    }

    /// <summary>Named parameters as PREPARE wants them.</summary>
    private static string Numbered(string sql)
    {
        var names = new List<string>();
        return NamedParameter().Replace(sql, match =>
        {
            if (!names.Contains(match.Value))
            {
                names.Add(match.Value);
            }

            return $"${names.IndexOf(match.Value) + 1}";
        });
    }

    [GeneratedRegex(@"(?<![@:\w])@\w+")]
    private static partial Regex NamedParameter();
}
