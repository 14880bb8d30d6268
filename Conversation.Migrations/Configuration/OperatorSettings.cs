using System.ComponentModel.DataAnnotations;

namespace Conversation.Migrations.Configuration;

/// <summary>Those of the service's variables that the operator's commands need; a test holds names and defaults to the service's own.</summary>
internal sealed record OperatorSettings
{
    /// <summary><c>development</c> (default), <c>testing</c> or <c>production</c>.</summary>
    [Variable("CONVERSATION_SERVICE_ENVIRONMENT")]
    [AllowedValues("development", "testing", "production")]
    public string Environment { get; init; } = "development";

    /// <summary>The database: a URL or an Npgsql string. Default, except in production: the checkout's private server.</summary>
    [Variable("CONVERSATION_SERVICE_DATABASE_URL")]
    public string? DatabaseUrl { get; init; }

    /// <summary>A folder with PostgreSQL's programs for the private server. Default: looked for.</summary>
    [Variable("CONVERSATION_SERVICE_POSTGRES_BIN")]
    public string? PostgresBin { get; init; }

    /// <summary>The folder of the private server's data, a relative one counted from the checkout. Default: one per checkout.</summary>
    [Variable("CONVERSATION_SERVICE_POSTGRES_DATA")]
    public string? PostgresData { get; init; }

    /// <summary>The auth service, its root path included. Default: none, and bootstrap has nothing to do.</summary>
    [Variable("AUTH_SERVICE_URL")]
    public Uri? AuthServiceUrl { get; init; }

    /// <summary>This service's client at the auth service. Default: what bootstrap wrote.</summary>
    [Variable("CONVERSATION_SERVICE_CLIENT_ID")]
    public string? ClientId { get; init; }

    /// <summary>The secret of that client. Default: what bootstrap wrote.</summary>
    [Variable("CONVERSATION_SERVICE_CLIENT_SECRET")]
    public string? ClientSecret { get; init; }

    /// <summary>The auth service's admin, as whom bootstrap makes the client. Default <c>admin@admin.com</c>.</summary>
    [Variable("INITIAL_ADMIN_EMAIL")]
    public string InitialAdminEmail { get; init; } = "admin@admin.com";

    /// <summary>The password of that admin. Default <c>admin</c>.</summary>
    [Variable("INITIAL_ADMIN_PASSWORD")]
    public string InitialAdminPassword { get; init; } = "admin";

    /// <summary>True where a mistake may not be forgiven.</summary>
    public bool IsProduction => Environment == "production";

    /// <summary>Of this process: its environment, then its file.</summary>
    /// <exception cref="SettingsException">A value cannot be used.</exception>
    public static OperatorSettings Read(EnvFile file)
    {
        var settings = SettingsBinder.Bind<OperatorSettings>(
            name => name == "CONVERSATION_SERVICE_ENVIRONMENT" ? file.Find(name)?.Trim().ToLowerInvariant() : file.Find(name));
        return settings is { IsProduction: true, DatabaseUrl: null }
            ? throw new SettingsException(
                "CONVERSATION_SERVICE_DATABASE_URL", "must be set in production, such as postgresql://user:password@host:5432/database")
            : settings;
    }
}
