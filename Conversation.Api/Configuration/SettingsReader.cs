using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Conversation.Api.Configuration;

/// <summary>Reads <see cref="ServiceSettings"/> and stops the start with a message that names the variable and the fix.</summary>
internal static class SettingsReader
{
    public static ServiceSettings Read(IConfiguration configuration)
    {
        var settings = new ServiceSettings();
        foreach (var property in typeof(ServiceSettings).GetProperties())
        {
            if (property.GetCustomAttribute<VariableAttribute>() is { } variable && configuration[variable.Name] is { Length: > 0 } text)
            {
                property.SetValue(settings, Parse(property.PropertyType, variable.Name, text));
            }
        }

        settings = settings with { RootPath = Normalise(settings.RootPath), Environment = settings.Environment.ToLowerInvariant() };
        Check(settings);
        return settings;
    }

    private static object Parse(Type type, string variable, string text)
    {
        if (type == typeof(int))
        {
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new SettingsException(variable, "must be a whole number of 0 or more");
        }

        if (type == typeof(Uri))
        {
            return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? url
                : throw new SettingsException(variable, "must be an address that begins with http:// or https://");
        }

        if (type != typeof(IReadOnlyList<string>))
        {
            return text;
        }

        try
        {
            return JsonSerializer.Deserialize<string[]>(text) ?? [];
        }
        catch (JsonException)
        {
            throw new SettingsException(variable, """must be a JSON list of strings, such as ["https://app.example.com"]""");
        }
    }

    private static string Normalise(string path) => path.Trim('/') is { Length: > 0 } trimmed ? $"/{trimmed}" : "";

    private static void Check(ServiceSettings settings)
    {
        LogLevels.Parse(settings.LoggingLevel);
        if (settings.Environment is not (ServiceEnvironments.Development or ServiceEnvironments.Testing or ServiceEnvironments.Production))
        {
            throw new SettingsException("CONVERSATION_SERVICE_ENVIRONMENT", "must be development, testing or production");
        }

        if (settings.Authorization is not ("owner" or "authenticated"))
        {
            throw new SettingsException("CONVERSATION_SERVICE_AUTHORIZATION", "must be owner or authenticated");
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
    }
}

/// <summary>A variable whose value cannot be used.</summary>
internal sealed class SettingsException(string variable, string rule) : Exception($"{variable} {rule}.");
