using Conversation.Api.Configuration;
using Conversation.Data.Telemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Conversation.Api.Observability;

/// <summary>OpenTelemetry: metrics are always there at /metrics; traces, metrics and logs go to a collector where one is configured.</summary>
internal static class TelemetryRegistration
{
    public const string MetricsPath = "/metrics";

    public static IServiceCollection AddTelemetry(this IServiceCollection services, ServiceSettings settings)
    {
        if (settings.OtelSdkDisabled)
        {
            return services;
        }

        var telemetry = services.AddOpenTelemetry()
            // The variables again, and last: what they say of the service counts more than its own name for itself.
            .ConfigureResource(resource => resource.AddService(settings.OtelServiceName).AddEnvironmentVariableDetector())
            .WithMetrics(metrics =>
            {
                metrics
                    .AddMeter(TelemetryNames.Meter, "Npgsql")
                    .AddAspNetCoreInstrumentation()
                    .AddHttpClientInstrumentation()
                    .AddRuntimeInstrumentation()
                    .AddPrometheusExporter();
                if (IsSet(settings.OtlpEndpoint, settings.OtlpMetricsEndpoint))
                {
                    metrics.AddOtlpExporter();
                }
            });
        if (IsSet(settings.OtlpEndpoint, settings.OtlpTracesEndpoint))
        {
            telemetry.WithTracing(traces => traces
                .AddSource(TelemetryNames.Source, "Npgsql", "Microsoft.AspNetCore.SignalR.Server")
                .AddAspNetCoreInstrumentation(http => http.Filter = context => !IsProbe(context.Request.Path))
                .AddHttpClientInstrumentation()
                .AddOtlpExporter());
        }

        if (IsSet(settings.OtlpEndpoint, settings.OtlpLogsEndpoint))
        {
            telemetry.WithLogging(logs => logs.AddOtlpExporter());
        }

        return services;
    }

    public static void UseTelemetry(this WebApplication app, ServiceSettings settings)
    {
        if (!settings.OtelSdkDisabled)
        {
            app.UseOpenTelemetryPrometheusScrapingEndpoint(MetricsPath);
        }
    }

    private static bool IsSet(string? all, string? one) => !string.IsNullOrEmpty(all) || !string.IsNullOrEmpty(one);

    /// <summary>Whoever looks every few seconds whether all is well is no traffic.</summary>
    private static bool IsProbe(PathString path) =>
        path.StartsWithSegments(MetricsPath, StringComparison.OrdinalIgnoreCase)
        || path.Value?.Contains("/health", StringComparison.OrdinalIgnoreCase) == true;
}
