using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace Conversation.Data.Postgres;

/// <summary>Turns CONVERSATION_SERVICE_DATABASE_URL into what Npgsql takes.</summary>
public static class DatabaseUrl
{
    private const string Variable = "CONVERSATION_SERVICE_DATABASE_URL";
    private const string Form = "postgresql://user:password@host:port/database";
    private const string Encoded = "with special characters of the password percent-encoded (/ as %2F, ? as %3F, @ as %40)";
    private const string DefaultHost = "localhost";

    /// <summary>Three connections are held for ever (the log, hints out and in), two by imports; the rest is for everything else.</summary>
    private const int SmallestPool = 8;

    /// <summary>SQLAlchemy's names of drivers may follow the scheme: legacy deployments have them.</summary>
    private static readonly string[] Schemes = ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg"];

    /// <summary>An Npgsql connection string from a URL (libpq, section 34.1.1.2 of the manual) or from an Npgsql string.</summary>
    /// <param name="value">The variable's value.</param>
    /// <exception cref="FormatException">It is neither; the message names the fault and never holds the password.</exception>
    public static string ToConnectionString(string value)
    {
        var text = value.Trim();
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        // Of an Npgsql string this can only be the inside of a value.
        var isUrl = scheme >= 0 && !text.AsSpan(0, scheme).Contains('=');
        var builder = isUrl ? FromUrl(text[(scheme + 3)..], text[..scheme]) : FromKeywords(text);
        return builder.ShouldSerialize("Maximum Pool Size") && builder.MaxPoolSize < SmallestPool
            ? throw new FormatException(string.Create(
                CultureInfo.InvariantCulture, $"{Variable} has a Maximum Pool Size of less than {SmallestPool}: the service could not do its work."))
            : builder.ConnectionString;
    }

    private static NpgsqlConnectionStringBuilder FromKeywords(string text)
    {
        var given = new DbConnectionStringBuilder();
        try
        {
            given.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            throw new FormatException($"{Variable} must be {Form}, or Host=...;Username=...;Password=...;Database=... (Npgsql).");
        }

        var builder = new NpgsqlConnectionStringBuilder();
        foreach (string keyword in given.Keys)
        {
            Set(builder, keyword, given[keyword]);
        }

        return string.IsNullOrEmpty(builder.Host)
            ? throw new FormatException($"{Variable} names no host: it must be {Form} or an Npgsql string.")
            : builder;
    }

    /// <param name="text">What follows the scheme.</param>
    /// <param name="scheme">What stands before it.</param>
    private static NpgsqlConnectionStringBuilder FromUrl(string text, string scheme)
    {
        if (!Schemes.Contains(scheme, StringComparer.OrdinalIgnoreCase))
        {
            throw new FormatException($"{Variable} begins with {scheme}://; it must be {Form}.");
        }

        // By hand: System.Uri knows neither lists of hosts nor percent-encoded socket folders.
        var (place, query) = Split(text, '?');
        var (authority, path) = Split(place, '/');
        var at = authority.LastIndexOf('@');
        if (IsCutInside(path, query, at >= 0))
        {
            throw new FormatException($"{Variable} has a @ where none may be: it must be {Form}, {Encoded}.");
        }

        var (user, password) = Split(at < 0 ? "" : authority[..at], ':');
        var builder = new NpgsqlConnectionStringBuilder();
        SetHosts(builder, authority[(at + 1)..]);
        builder.Database = NullIfEmpty(path);
        builder.Username = NullIfEmpty(user);
        builder.Password = NullIfEmpty(password);
        foreach (var option in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, argument) = Split(option, '=');
            var (keyword, converted) = LibpqOptions.Convert(Decode(name), Decode(argument));
            Set(builder, keyword, converted);
        }

        return builder;
    }

    /// <summary>Whether what was taken for a database or an option, and would be told as such, may be the rest of a password.</summary>
    private static bool IsCutInside(string path, string query, bool hasUser) =>
        path.Contains('@', StringComparison.Ordinal)
        || (!hasUser && path.Length == 0 && query.Contains('@', StringComparison.Ordinal))
        || query.Split('&').Any(option => Split(option, '=').Before.Contains('@', StringComparison.Ordinal));

    private static void SetHosts(NpgsqlConnectionStringBuilder builder, string hosts)
    {
        var entries = hosts.Split(',').Select(ParseHost).ToList();
        if (entries is [var only])
        {
            builder.Host = only.Host.Length == 0 ? DefaultHost : only.Host.Trim('[', ']');
            builder.Port = only.Port ?? NpgsqlConnection.DefaultPort;
        }
        else
        {
            builder.Host = string.Join(',', entries.Select(entry => string.Create(
                CultureInfo.InvariantCulture, $"{entry.Host}:{entry.Port ?? NpgsqlConnection.DefaultPort}")));
        }
    }

    private static (string Host, int? Port) ParseHost(string entry)
    {
        // The colons of an IPv6 address stand in brackets.
        var colon = entry.LastIndexOf(':');
        if (colon < 0 || entry.EndsWith(']'))
        {
            return (Decode(entry), null);
        }

        return int.TryParse(entry.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
            ? (Decode(entry[..colon]), port)
            : throw new FormatException(
                $"{Variable} has no number as its port: it must be {Form}, {Encoded}.");
    }

    private static void Set(NpgsqlConnectionStringBuilder builder, string keyword, object? value)
    {
        try
        {
            builder[keyword] = value;
        }
        catch (Exception error)
            when (error is ArgumentException or FormatException or InvalidCastException or OverflowException or NotSupportedException)
        {
            // Npgsql's own message may repeat the value.
            throw new FormatException(builder.ContainsKey(keyword)
                ? $"{Variable} has an option whose value is not one that it takes: {keyword}."
                : $"{Variable} has an option that is not known: {keyword}.");
        }
    }

    private static (string Before, string After) Split(string text, char separator)
    {
        var index = text.IndexOf(separator, StringComparison.Ordinal);
        return index < 0 ? (text, "") : (text[..index], text[(index + 1)..]);
    }

    private static string Decode(string encoded) => Uri.UnescapeDataString(encoded) is var text && !text.Contains('\0', StringComparison.Ordinal)
        ? text
        : throw new FormatException($"{Variable} holds a NUL character, which PostgreSQL has none of.");

    private static string? NullIfEmpty(string encoded) => encoded.Length == 0 ? null : Decode(encoded);
}
