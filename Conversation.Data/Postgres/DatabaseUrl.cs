using System.Globalization;
using Npgsql;

namespace Conversation.Data.Postgres;

/// <summary>Turns CONVERSATION_SERVICE_DATABASE_URL into what Npgsql takes.</summary>
public static class DatabaseUrl
{
    private static readonly string[] Schemes = ["postgresql", "postgres", "postgresql+psycopg"];

    /// <summary>An Npgsql connection string from a URL (libpq, section 34.1.1.2 of the manual) or from an Npgsql string.</summary>
    /// <param name="value">The variable's value.</param>
    /// <exception cref="FormatException">It is neither; the message names the fault and never holds the password.</exception>
    public static string ToConnectionString(string value)
    {
        var scheme = value.IndexOf("://", StringComparison.Ordinal);
        try
        {
            return scheme < 0 ? new NpgsqlConnectionStringBuilder(value).ConnectionString : FromUrl(value, value[..scheme]);
        }
        catch (ArgumentException error)
        {
            throw new FormatException($"CONVERSATION_SERVICE_DATABASE_URL has an option that is not known: {error.ParamName ?? "see its query"}.");
        }
    }

    private static string FromUrl(string value, string scheme)
    {
        if (!Schemes.Contains(scheme, StringComparer.OrdinalIgnoreCase))
        {
            throw new FormatException(
                $"CONVERSATION_SERVICE_DATABASE_URL begins with {scheme}://; it must be postgresql://user:password@host:port/database.");
        }

        // The scheme is replaced because System.Uri treats ones it does not know by looser rules.
        if (!Uri.TryCreate($"http{value[scheme.Length..]}", UriKind.Absolute, out var url))
        {
            throw new FormatException("CONVERSATION_SERVICE_DATABASE_URL is no URL: percent-encode special characters of the password.");
        }

        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host.Trim('[', ']'),
            Port = url.IsDefaultPort ? NpgsqlDefaultPort : url.Port,
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
        };
        var user = url.UserInfo.Split(':', 2);
        builder.Username = Uri.UnescapeDataString(user[0]);
        builder.Password = user.Length == 2 ? Uri.UnescapeDataString(user[1]) : null;
        foreach (var option in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = option.Split('=', 2);
            builder[Option(pair[0])] = pair.Length == 2 ? Uri.UnescapeDataString(pair[1]) : "";
        }

        return builder.ConnectionString;
    }

    private const int NpgsqlDefaultPort = 5432;

    private static string Option(string name) => name.ToLower(CultureInfo.InvariantCulture) switch
    {
        "sslmode" => "SSL Mode",
        "connect_timeout" => "Timeout",
        "application_name" => "Application Name",
        "options" => "Options",
        "host" => "Host",
        "port" => "Port",
        "user" => "Username",
        "password" => "Password",
        "dbname" => "Database",
        var other => other,
    };
}
