namespace Conversation.Api.Configuration;

/// <summary>Reads <see cref="ServiceSettings"/> and stops the start with a message that names the variable and the fix.</summary>
internal static class SettingsReader
{
    private const string LoggingLevelVariable = "CONVERSATION_SERVICE_LOGGING_LEVEL";

    /// <param name="configuration">The real environment, and whatever else the host reads.</param>
    /// <param name="file">Counts where the configuration says nothing, or only what an example file says.</param>
    public static ServiceSettings Read(IConfiguration configuration, EnvFile? file = null)
    {
        string? Find(string name) => SettingsBinder.FirstReal(configuration[name], file?.Values.GetValueOrDefault(name));
        var settings = SettingsBinder.Bind<ServiceSettings>(Find);
        settings = settings with
        {
            RootPath = NormaliseRoot(settings.RootPath),
            Environment = settings.Environment.Trim().ToLowerInvariant(),
            LoggingLevel = settings.Debug && Find(LoggingLevelVariable) is null ? "DEBUG" : settings.LoggingLevel,
        };
        Check(settings);
        return settings;
    }

    private static string NormaliseRoot(string path)
    {
        var segments = path.Trim().Split('/', StringSplitOptions.RemoveEmptyEntries);
        return segments.All(segment =>
            segment is not ("." or "..") && segment.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '~'))
            ? string.Concat(segments.Select(segment => $"/{segment}"))
            : throw new SettingsException("CONVERSATION_SERVICE_ROOT_PATH", "must be a path such as /api/v1, or / for none");
    }

    private static void Check(ServiceSettings settings)
    {
        LogLevels.Parse(settings.LoggingLevel);
        if (settings.Environment is not (ServiceEnvironments.Development or ServiceEnvironments.Testing or ServiceEnvironments.Production))
        {
            throw new SettingsException("CONVERSATION_SERVICE_ENVIRONMENT", "must be development, testing or production");
        }

        if (settings is { IsProduction: true, Authorization: "authenticated" })
        {
            throw new SettingsException(
                "CONVERSATION_SERVICE_AUTHORIZATION", "may not be authenticated in production: every user would reach everything; set owner");
        }

        if (settings is { IsProduction: true, DatabaseUrl: null })
        {
            throw new SettingsException(
                "CONVERSATION_SERVICE_DATABASE_URL", "must be set in production, such as postgresql://user:password@host:5432/database");
        }

        CheckOrigins(settings.CorsAllowOrigins);
        CheckHosts(settings.AllowedHosts);
    }

    private static void CheckOrigins(IReadOnlyList<string> origins)
    {
        // A browser sends scheme, host and port: with anything more an entry would never match, and nobody would know why.
        var bad = origins.FirstOrDefault(origin => origin != "*"
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var url) && url.GetLeftPart(UriPartial.Authority) == origin));
        if (bad is not null)
        {
            throw new SettingsException(
                "CONVERSATION_SERVICE_CORS_ALLOW_ORIGINS",
                $"has an entry that no browser sends ({bad}): write scheme, host and port only, in lower case, such as https://app.example.com");
        }
    }

    private static void CheckHosts(IReadOnlyList<string> hosts)
    {
        // None, or what no Host header can match, would refuse every request.
        if (hosts.Count == 0 || hosts.Any(host => !IsHost(host)))
        {
            throw new SettingsException(
                "CONVERSATION_SERVICE_ALLOWED_HOSTS",
                """must list names without scheme, port or path, such as ["chat.example.com", "*.example.org"], or be ["*"] for every one""");
        }
    }

    private static bool IsHost(string host) => Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host) switch
    {
        UriHostNameType.Dns or UriHostNameType.IPv4 => true,
        UriHostNameType.IPv6 => host.StartsWith('['),
        _ => host == "*",
    };
}
