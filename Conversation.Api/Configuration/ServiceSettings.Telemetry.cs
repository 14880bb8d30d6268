namespace Conversation.Api.Configuration;

/// <content>
/// Where telemetry goes, by OpenTelemetry's own variables. The SDK reads the rest of them (protocol, headers, sampler, resource) by itself.
/// </content>
internal sealed partial record ServiceSettings
{
    /// <summary>A collector for traces, metrics and logs. Default: nothing is sent.</summary>
    [Variable("OTEL_EXPORTER_OTLP_ENDPOINT")]
    public string? OtlpEndpoint { get; init; }

    /// <summary>A collector for traces alone.</summary>
    [Variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")]
    public string? OtlpTracesEndpoint { get; init; }

    /// <summary>A collector for metrics alone; <c>/metrics</c> is there in any case.</summary>
    [Variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")]
    public string? OtlpMetricsEndpoint { get; init; }

    /// <summary>A collector for logs alone.</summary>
    [Variable("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")]
    public string? OtlpLogsEndpoint { get; init; }

    /// <summary><c>true</c> for no telemetry at all, <c>/metrics</c> included. Default <c>false</c>.</summary>
    [Variable("OTEL_SDK_DISABLED")]
    public string? OtelSdkDisabled { get; init; }

    /// <summary>What the service calls itself in telemetry. Default <c>conversation</c>.</summary>
    [Variable("OTEL_SERVICE_NAME")]
    public string OtelServiceName { get; init; } = "conversation";
}
