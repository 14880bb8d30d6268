using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Conversation.Api.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Conversation.Api.Observability;

/// <summary>
/// One JSON object a line, with the keys that the legacy service's readers know (timestamp, level, logger, message, request_id,
/// environment, exception) and its names of levels; the values of a message's placeholders stand beside them.
/// </summary>
internal sealed class JsonLogFormatter(ServiceSettings settings, TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "legacy-json";

    /// <summary>The key that the template itself has among a message's values; the message says it already.</summary>
    private const string TemplateKey = "{OriginalFormat}";

    // Lines go to a terminal or a collector, never into HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            json.WriteString("timestamp", time.GetUtcNow());
            json.WriteString("level", LevelName(logEntry.LogLevel));
            json.WriteString("logger", logEntry.Category);
            json.WriteString("message", logEntry.Formatter(logEntry.State, logEntry.Exception));
            json.WriteString("environment", settings.Environment);
            WriteScopes(json, scopeProvider);
            WriteValues(json, logEntry);
            if (logEntry.Exception is { } exception)
            {
                json.WriteString("exception", exception.ToString());
            }

            json.WriteEndObject();
        }

        textWriter.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    /// <summary>The framework's scopes and ours may say the same; the inner one counts.</summary>
    private static void WriteScopes(Utf8JsonWriter json, IExternalScopeProvider? scopes)
    {
        var values = new Dictionary<string, string?>();
        scopes?.ForEachScope(static (scope, found) => Collect(found, scope as IEnumerable<KeyValuePair<string, object?>>), values);
        foreach (var (key, value) in values)
        {
            json.WriteString(key, value);
        }
    }

    private static void WriteValues<TState>(Utf8JsonWriter json, in LogEntry<TState> entry)
    {
        if (entry.EventId.Id != 0)
        {
            json.WriteNumber("event_id", entry.EventId.Id);
        }

        var values = new Dictionary<string, string?>();
        Collect(values, entry.State as IEnumerable<KeyValuePair<string, object?>>);
        if (values.Count == 0)
        {
            return;
        }

        json.WriteStartObject("values");
        foreach (var (key, value) in values)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void Collect(Dictionary<string, string?> found, IEnumerable<KeyValuePair<string, object?>>? values)
    {
        foreach (var (key, value) in values ?? [])
        {
            if (key != TemplateKey)
            {
                found[JsonNamingPolicy.SnakeCaseLower.ConvertName(key)] = Convert.ToString(value, CultureInfo.InvariantCulture);
            }
        }
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARNING",
        LogLevel.Error => "ERROR",
        LogLevel.Critical => "CRITICAL",
        LogLevel.Trace or LogLevel.Debug or LogLevel.None => "DEBUG",
        _ => "DEBUG",
    };
}
