using Conversation.Api.Configuration;
using Microsoft.Extensions.Logging.Console;

namespace Conversation.Api.Observability;

internal static class ObservabilityRegistration
{
    public static void AddObservability(this ILoggingBuilder logging, ServiceSettings settings)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevels.Parse(settings.LoggingLevel));
        // Each of our scopes says one thing; the ids of traces belong to telemetry.
        logging.Configure(factory => factory.ActivityTrackingOptions = ActivityTrackingOptions.None);
        // The framework's own lines would repeat ours, some of them with query strings, where tokens can be.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        logging.AddFilter("Npgsql", LogLevel.Warning);
        if (settings.IsProduction)
        {
            logging.AddConsole(console => console.FormatterName = JsonLogFormatter.FormatterName);
            logging.AddConsoleFormatter<JsonLogFormatter, ConsoleFormatterOptions>();
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
                console.IncludeScopes = true;
            });
        }
    }
}
