namespace Conversation.Api.Configuration;

/// <summary>The levels of CONVERSATION_SERVICE_LOGGING_LEVEL, by Python's names and by .NET's.</summary>
internal static class LogLevels
{
    public static LogLevel Parse(string name) => name.Trim().ToUpperInvariant() switch
    {
        "TRACE" => LogLevel.Trace,
        "DEBUG" => LogLevel.Debug,
        "INFO" or "INFORMATION" => LogLevel.Information,
        "WARNING" or "WARN" => LogLevel.Warning,
        "ERROR" => LogLevel.Error,
        "CRITICAL" or "FATAL" => LogLevel.Critical,
        "NONE" => LogLevel.None,
        _ => throw new SettingsException(
            "CONVERSATION_SERVICE_LOGGING_LEVEL", "must be DEBUG, INFO, WARNING, ERROR or CRITICAL"),
    };
}
