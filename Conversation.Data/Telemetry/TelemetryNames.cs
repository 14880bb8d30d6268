namespace Conversation.Data.Telemetry;

/// <summary>What this service's own instruments are known by.</summary>
public static class TelemetryNames
{
    /// <summary>The one meter; its instruments begin with <c>conversation.</c>.</summary>
    public const string Meter = "Conversation";

    /// <summary>The one source of spans.</summary>
    public const string Source = "Conversation";

    /// <summary>How Npgsql names this service's pool, in place of the connection string.</summary>
    public const string Pool = "conversation";
}
