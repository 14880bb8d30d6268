using Conversation.Api.Background;
using Conversation.Data.Checkpoints;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Postgres;

namespace Conversation.Api.Feed;

/// <summary>
/// Reads the logs of followed conversations as they grow, many with one statement, and hands the events to their topics. Woken by
/// hints; a look at the heads every second makes a lost hint cost a moment, never an event.
/// </summary>
internal sealed partial class LogTailReader(
    ConversationFeed feed,
    LogTail tail,
    EventRepository events,
    ConversationRepository conversations,
    CheckpointStore checkpoints,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<LogTailReader> logger) : ServiceLoop(lifetime, logger)
{
    private const int EventsPerConversation = 128;

    /// <summary>A heartbeat every second while text is generated, otherwise every ten.</summary>
    private const int BeatsWhenIdle = 10;

    private static readonly TimeSpan Watermark = TimeSpan.FromSeconds(1);

    private uint _ticks;
    private bool _isDue;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        tail.IsFollowed = id => feed.Find(id) is not null;
        await using var stopping = stoppingToken.UnsafeRegister(_ => tail.Signal.Set(), null);
        await using var watermark = time.CreateTimer(_ => Tick(), null, Watermark, Watermark);
        while (true)
        {
            await tail.Signal.WaitAsync();
            stoppingToken.ThrowIfCancellationRequested();
            var isDue = Interlocked.Exchange(ref _isDue, value: false);
            try
            {
                await ReadAsync(tail.Take(), stoppingToken);
                if (tail.TakeAll() || isDue)
                {
                    await ReadAsync(await LookAsync(stoppingToken), stoppingToken);
                }
            }
            catch (DatabaseUnavailableException error)
            {
                // The next look at the heads finds whatever this one missed.
                Log.Unavailable(logger, error);
            }
        }
    }

    /// <summary>Looks at everything that is known here: heads, owners, and texts that other nodes generate.</summary>
    /// <returns>Where there is something to read.</returns>
    private async Task<Guid[]> LookAsync(CancellationToken token)
    {
        var known = feed.Known.ToDictionary(topic => topic.ConversationId);
        if (known.Count == 0)
        {
            return [];
        }

        var looks = (await conversations.HeadsAsServiceAsync([.. known.Keys], token)).ToDictionary(look => look.ConversationId);
        foreach (var topic in known.Values)
        {
            topic.Learn(looks.GetValueOrDefault(topic.ConversationId) ?? LogHead.Gone(topic.ConversationId));
        }

        return [.. known.Values.Where(topic => Grew(topic, looks)).Select(topic => topic.ConversationId)];
    }

    private static bool Grew(Topic topic, Dictionary<Guid, LogHead> looks) =>
        topic.Text is { IsForeign: true } || (looks.TryGetValue(topic.ConversationId, out var look) && look.LastSeq > topic.Head);

    /// <summary>
    /// Beats by itself, however long the database takes to answer: a follower that hears nothing would think that this node is gone.
    /// </summary>
    private void Tick()
    {
        _ticks++;
        foreach (var topic in feed.Followed)
        {
            // Not all at once: each frame takes a block of memory until it is sent, and thousands would take both cores for a moment.
            topic.Beat(idle: (_ticks + (uint)topic.ConversationId.GetHashCode()) % BeatsWhenIdle == 0);
        }

        _isDue = true;
        tail.Signal.Set();
    }

    private async Task ReadAsync(Guid[] grown, CancellationToken token)
    {
        var topics = grown.Select(feed.Find).OfType<Topic>().Where(topic => topic.Head >= 0).ToArray();
        if (topics.Length == 0)
        {
            return;
        }

        var page = await events.ReadAsServiceAsync(
            [.. topics.Select(topic => topic.ConversationId)], [.. topics.Select(topic => topic.Head)], EventsPerConversation, token);
        var byConversation = page.Rows.ToLookup(row => row.ConversationId);
        foreach (var topic in topics)
        {
            var entries = byConversation[topic.ConversationId].Select(row => new LogEntry(row)).ToArray();
            topic.Publish(entries);
            if (entries.Length == EventsPerConversation || page.IsCut)
            {
                tail.Hint([topic.ConversationId]);
            }
        }

        await ReadForeignTextAsync([.. topics.Where(topic => topic.Text is { IsForeign: true })], token);
    }

    private async Task ReadForeignTextAsync(Topic[] topics, CancellationToken token)
    {
        var wanted = topics.Select(topic => (Topic: topic, topic.Text)).Where(pair => pair.Text is not null).ToArray();
        if (wanted.Length == 0)
        {
            return;
        }

        var byMessage = wanted.ToDictionary(pair => pair.Text!.MessageId, pair => pair.Topic);
        var chunks = await checkpoints.ReadAsServiceAsync(
            [.. wanted.Select(pair => pair.Text!.MessageId)], [.. wanted.Select(pair => pair.Text!.Length)], token);
        foreach (var chunk in chunks)
        {
            byMessage[chunk.MessageId].TakeForeign(chunk);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(401, LogLevel.Warning, "The log cannot be read at the moment.")]
        public static partial void Unavailable(ILogger logger, Exception error);
    }
}
