using System.Buffers;
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
            scopeProvider?.ForEachScope(static (scope, writer) => WriteScope(writer, scope), json);
            WriteValues(json, logEntry);
            if (logEntry.Exception is { } exception)
            {
                json.WriteString("exception", exception.ToString());
            }

            json.WriteEndObject();
        }

        textWriter.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    private static void WriteScope(Utf8JsonWriter json, object? scope)
    {
        foreach (var (key, value) in scope as IEnumerable<KeyValuePair<string, object?>> ?? [])
        {
            if (key != TemplateKey)
            {
                json.WriteString(JsonNamingPolicy.SnakeCaseLower.ConvertName(key), value?.ToString());
            }
        }
    }

    private static void WriteValues<TState>(Utf8JsonWriter json, in LogEntry<TState> entry)
    {
        if (entry.EventId.Id != 0)
        {
            json.WriteNumber("event_id", entry.EventId.Id);
        }

        if (entry.State is not IReadOnlyList<KeyValuePair<string, object?>> values || values.All(value => value.Key == TemplateKey))
        {
            return;
        }

        json.WriteStartObject("values");
        foreach (var (key, value) in values.Where(value => value.Key != TemplateKey))
        {
            json.WriteString(JsonNamingPolicy.SnakeCaseLower.ConvertName(key), value?.ToString());
        }

        json.WriteEndObject();
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
