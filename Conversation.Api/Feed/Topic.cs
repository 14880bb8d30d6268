using System.Diagnostics.CodeAnalysis;
using Conversation.Data.Conversations;
using Conversation.Data.Messages;

namespace Conversation.Api.Feed;

/// <summary>
/// What this node knows of one conversation while somebody follows or writes it: the latest events, the text that is being
/// generated, and who waits for more. One lock; nothing is awaited and nothing is encoded under it.
/// </summary>
internal sealed partial class Topic(Guid conversationId)
{
    private readonly RecentEvents _recent = new();
    private readonly List<Follower> _followers = [];
    private Follower[]? _everyone;
    private long _goneAt = long.MaxValue;

    public Guid ConversationId => conversationId;

    public Lock Gate { get; } = new();

    /// <summary>The last event this node has read; -1 until it has looked.</summary>
    public long Head { get; private set; } = -1;

    /// <summary>How many followers and writers hold the topic; guarded by the feed's gate, not by this one.</summary>
    public int Holders { get; set; }

    public bool IsFollowed
    {
        get
        {
            lock (Gate)
            {
                return _followers.Count > 0;
            }
        }
    }

    public void Add(Follower follower)
    {
        lock (Gate)
        {
            _followers.Add(follower);
            _everyone = null;
        }
    }

    public void Remove(Follower follower)
    {
        lock (Gate)
        {
            _followers.Remove(follower);
            _everyone = null;
        }
    }

    /// <summary>Whose the conversation is, by the last look at it: followers who reach only their own end with a change.</summary>
    public Guid? Owner { get; private set; }

    /// <summary>True once the conversation is gone, and what was told of it up to then has been read.</summary>
    public bool IsGone => Head >= _goneAt;

    /// <summary>
    /// Takes a look at the conversation. The first one sets the head: what came before is read by those who ask for it. A text
    /// that another node generates is opened, unless the look is older than what is known here. One is taken every second: it wakes
    /// the followers only where it has news.
    /// </summary>
    public void Learn(LogHead look)
    {
        Follower[] everyone;
        lock (Gate)
        {
            // A look may come before the events that it knows of: the one that tells of the end is among them.
            var goneAt = look.Deleted ? look.LastSeq : long.MaxValue;
            var isNews = Head < 0 || Owner != look.OwnerId || goneAt != _goneAt;
            if (Head < 0)
            {
                Head = look.LastSeq;
                CloseEnded(look);
            }

            if (look.StreamingMessageId is { } message && look.LastSeq >= Head)
            {
                isNews |= OpenForeign(message, look.StreamingSeq!.Value, look.StreamingAttempt!.Value, look.StreamingKeep!.Value);
            }

            Owner = look.OwnerId;
            _goneAt = goneAt;
            everyone = isNews ? Everyone() : [];
        }

        Wake(everyone);
    }

    /// <summary>Takes events that were read from the log. Only the next one counts: what is known already is passed over.</summary>
    public void Publish(IEnumerable<LogEntry> entries)
    {
        Follower[] everyone = [];
        lock (Gate)
        {
            foreach (var entry in entries)
            {
                if (Head < 0 || entry.Seq != Head + 1)
                {
                    continue;
                }

                everyone = Everyone();
                Head = entry.Seq;
                if (entry.Changed is { } message)
                {
                    _recent.Forget(message);
                }

                _recent.Keep(entry);
                if ((entry.Started ?? entry.Rewritten) is { Status: MessageStatus.Streaming } started)
                {
                    OpenForeign(started.Id, started.Seq, started.Attempt, started.Keep);
                }
                else if (entry.EndsText && Text?.MessageId == entry.Row.Message?.Id)
                {
                    Text = null;
                }
            }
        }

        Wake(everyone);
    }

    /// <summary>Lets the followers that want it know that all is well.</summary>
    public void Beat(bool idle)
    {
        lock (Gate)
        {
            if (idle || Text is not null)
            {
                foreach (var follower in _followers)
                {
                    follower.Beat();
                }
            }
        }
    }

    /// <summary>The event after a seq, if it is among the latest. Call under the gate.</summary>
    public bool TryGetNext(long seq, [NotNullWhen(true)] out LogEntry? entry) => _recent.TryGet(seq + 1, out entry);

    private Follower[] Everyone() => _everyone ??= [.. _followers];

    /// <summary>Without the gate: whoever is woken looks for a frame at once, and would wait until the last one is woken.</summary>
    private static void Wake(Follower[] everyone)
    {
        foreach (var follower in everyone)
        {
            follower.Wake();
        }
    }
}
