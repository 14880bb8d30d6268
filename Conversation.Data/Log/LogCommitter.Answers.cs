using Conversation.Data.Postgres;
using Microsoft.Extensions.Logging;

namespace Conversation.Data.Log;

/// <content>What the callers are told.</content>
internal sealed partial class LogCommitter
{
    private void Answer(IReadOnlyList<LogItem> items)
    {
        metrics.Committed(items);
        var conversations = items.Select(item => item.ConversationId).ToHashSet();
        foreach (var listener in _listeners)
        {
            listener.Committed(conversations);
        }

        foreach (var item in items)
        {
            item.Complete();
        }
    }

    private static DatabaseUnavailableException NotStored(string why, Exception? cause = null) =>
        new($"{why}; nothing was stored. Try again shortly.", cause) { NothingStored = true };

    private static void Fail(IReadOnlyList<LogItem> items, Exception error)
    {
        foreach (var item in items)
        {
            item.Fail(error);
        }
    }

    private static void Reset(IReadOnlyList<LogItem> items)
    {
        foreach (var item in items)
        {
            item.Reset();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(101, LogLevel.Warning, "The connection was lost with a batch of {Count} writes; their outcome is looked up.")]
        public static partial void Lost(ILogger logger, int count, Exception error);

        [LoggerMessage(103, LogLevel.Warning, "What became of writes, or whether they may go on, cannot be asked at the moment.")]
        public static partial void NotAsked(ILogger logger, Exception error);

        [LoggerMessage(102, LogLevel.Warning, "The database refused a write.")]
        public static partial void Refused(ILogger logger, Exception error);
    }
}
