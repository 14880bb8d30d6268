using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Conversation.Data.Checkpoints;
using Conversation.Data.Conversations;
using Conversation.Data.Log;

namespace Conversation.Api.Feed;

/// <summary>
/// One per node, with one operation: follow a conversation from a position, as a sequence of frames without hole and without
/// duplicate. The doors only encode it.
/// </summary>
internal sealed class ConversationFeed(
    ConversationRepository conversations, EventRepository events, CheckpointStore checkpoints, LogTail tail, FeedMetrics metrics)
{
    /// <summary>Events of one page of the log.</summary>
    private const int PageSize = 64;

    private readonly ConcurrentDictionary<Guid, Topic> _topics = new();
    private readonly Lock _gate = new();

    /// <summary>
    /// The conversations whose head must be looked at: somebody follows, or did while text was generated here, and whoever comes next
    /// begins with the head that is known.
    /// </summary>
    public IEnumerable<Topic> Known => _topics.Values.Where(topic => topic.IsFollowed || topic.Head >= 0);

    /// <summary>The conversations that somebody follows here.</summary>
    public IEnumerable<Topic> Followed => _topics.Values.Where(topic => topic.IsFollowed);

    /// <summary>Follows until the token ends it, the conversation is deleted or the right is lost. The caller has checked the rights.</summary>
    public async IAsyncEnumerable<FeedFrame> FollowAsync(
        Guid conversationId,
        FollowOptions options,
        [EnumeratorCancellation] CancellationToken token)
    {
        var (topic, follower) = Register(conversationId, options);
        metrics.Began(options.Door);
        await using var waking = token.UnsafeRegister(static state => ((Follower)state!).Wake(), follower);
        try
        {
            yield return await BeginAsync(topic, follower, options, token);
            while (true)
            {
                token.ThrowIfCancellationRequested();
                switch (follower.Next(out var frame))
                {
                    case FollowState.Frame:
                        yield return frame!;
                        metrics.Sent(frame!);
                        break;
                    case FollowState.Behind:
                        metrics.PageRead();
                        if (follower.Take((await PageAsync(conversationId, follower.Seq, token)).Entries))
                        {
                            break;
                        }

                        // The rows are gone, as a deleted conversation's are after a while: the next look at it says so.
                        if (topic.IsGone)
                        {
                            yield break;
                        }

                        await follower.WaitAsync();
                        break;
                    case FollowState.Idle:
                        await follower.WaitAsync();
                        break;
                    default:
                        yield break;
                }
            }
        }
        finally
        {
            metrics.Left(options.Door);
            topic.Remove(follower);
            Release(topic);
        }
    }

    /// <summary>What there is after a position, without waiting for more.</summary>
    public async IAsyncEnumerable<FeedFrame> ReadAsync(
        Guid conversationId, FollowOptions options, int limit, [EnumeratorCancellation] CancellationToken token)
    {
        var (topic, follower) = Register(conversationId, options);
        try
        {
            await BeginAsync(topic, follower, options, token);
            // From the log itself: what the caller has just written is there, whether or not the tail has read it yet.
            var (entries, hasMore) = await PageAsync(conversationId, follower.Seq, token);
            follower.Take(entries);
            await ReadForeignTextAsync(topic, token);
            for (var count = 0; count < limit;)
            {
                switch (follower.Next(out var frame))
                {
                    case FollowState.Frame:
                        count++;
                        yield return frame!;
                        break;
                    case FollowState.Behind:
                    case FollowState.Idle when hasMore:
                        (entries, hasMore) = await PageAsync(conversationId, follower.Seq, token);
                        if (!follower.Take(entries))
                        {
                            yield break;
                        }

                        break;
                    default:
                        yield break;
                }
            }
        }
        finally
        {
            topic.Remove(follower);
            Release(topic);
        }
    }

    /// <summary>The topic of a conversation that text is generated in; give it back by <see cref="Release"/>.</summary>
    public Topic Hold(Guid conversationId)
    {
        lock (_gate)
        {
            var topic = _topics.GetOrAdd(conversationId, static id => new Topic(id));
            topic.Holders++;
            return topic;
        }
    }

    public void Release(Topic topic)
    {
        lock (_gate)
        {
            if (--topic.Holders == 0)
            {
                _topics.TryRemove(topic.ConversationId, out _);
            }
        }
    }

    public Topic? Find(Guid conversationId) => _topics.GetValueOrDefault(conversationId);

    private (Topic Topic, Follower Follower) Register(Guid conversationId, FollowOptions options)
    {
        var topic = Hold(conversationId);
        var follower = new Follower(topic, options);
        topic.Add(follower);
        return (topic, follower);
    }

    /// <summary>
    /// The conversation is looked at after the follower is registered, and once more by the tail: a commit in between is seen by one
    /// of them.
    /// </summary>
    private async Task<ReadyFrame> BeginAsync(Topic topic, Follower follower, FollowOptions options, CancellationToken token)
    {
        if (topic.Head < 0 || (options.Reach is { } reach && topic.Owner != reach))
        {
            // Not looked at yet, or known as another owner's, who may have changed since.
            var looks = await conversations.HeadsAsServiceAsync([topic.ConversationId], token);
            topic.Learn(looks.Count == 0 ? LogHead.Gone(topic.ConversationId) : looks[0]);
            tail.Hint([topic.ConversationId]);
        }

        follower.Begin(options.After ?? new Position(topic.Head));
        return follower.Ready(topic.Head);
    }

    /// <summary>A page does not wait for the tail, and its topic may be gone before the next one is asked for.</summary>
    private async Task ReadForeignTextAsync(Topic topic, CancellationToken token)
    {
        if (topic.Text is not { IsForeign: true } text)
        {
            return;
        }

        foreach (var chunk in await checkpoints.ReadAsServiceAsync([text.MessageId], [text.Length], token))
        {
            topic.TakeForeign(chunk);
        }
    }

    private async Task<(IEnumerable<LogEntry> Entries, bool HasMore)> PageAsync(Guid conversationId, long after, CancellationToken token)
    {
        var page = await events.ReadForFollowerAsServiceAsync(conversationId, after, PageSize, token);
        return (page.Rows.Select(row => new LogEntry(row)), page.IsCut || page.Rows.Count == PageSize);
    }
}
