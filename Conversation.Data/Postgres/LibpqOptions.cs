using System.Globalization;

namespace Conversation.Data.Postgres;

/// <summary>The connection options of libpq (PostgreSQL manual, section 34.1.2) that Npgsql has under other names.</summary>
internal static class LibpqOptions
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["host"] = "Host",
        ["hostaddr"] = "Host",
        ["port"] = "Port",
        ["user"] = "Username",
        ["password"] = "Password",
        ["dbname"] = "Database",
        ["passfile"] = "Passfile",
        ["connect_timeout"] = "Timeout",
        ["client_encoding"] = "Client Encoding",
        ["options"] = "Options",
        ["application_name"] = "Application Name",
        ["fallback_application_name"] = "Application Name",
        ["keepalives"] = "Tcp Keepalive",
        ["keepalives_idle"] = "Tcp Keepalive Time",
        ["keepalives_interval"] = "Tcp Keepalive Interval",
        ["sslmode"] = "SSL Mode",
        ["sslnegotiation"] = "SSL Negotiation",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["channel_binding"] = "Channel Binding",
        ["gssencmode"] = "GSS Encryption Mode",
        ["krbsrvname"] = "Kerberos Service Name",
        ["require_auth"] = "Require Auth",
        ["target_session_attrs"] = "Target Session Attributes",
        ["load_balance_hosts"] = "Load Balance Hosts",
    };

    /// <summary>What Npgsql calls it, and how it writes the value; what libpq does not know may be Npgsql's own.</summary>
    public static (string Keyword, object Value) Convert(string name, string value)
    {
        if (!Names.TryGetValue(name, out var keyword))
        {
            return (name, value);
        }

        return name.ToLower(CultureInfo.InvariantCulture) switch
        {
            // verify-full there, VerifyFull here.
            "sslmode" or "gssencmode" or "channel_binding" or "sslnegotiation" => (keyword, value.Replace("-", "", StringComparison.Ordinal)),
            "require_auth" => (keyword, string.Join(',', value.Split(',').Select(Method))),
            "keepalives" => (keyword, value == "1"),
            "load_balance_hosts" => (keyword, value == "random"),
            _ => (keyword, value),
        };
    }

    private static string Method(string name) => name switch
    {
        "scram-sha-256" => "ScramSHA256",
        "md5" => "MD5",
        "password" => "Password",
        "gss" => "GSS",
        "sspi" => "SSPI",
        "none" => "None",
        _ => name,
    };
}
