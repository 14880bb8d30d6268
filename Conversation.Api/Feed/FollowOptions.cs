namespace Conversation.Api.Feed;

/// <summary>How to follow.</summary>
internal sealed record FollowOptions
{
    /// <summary>Which door, for the metrics. Default <c>page</c>.</summary>
    public string Door { get; init; } = "page";

    /// <summary>From where; null (default) for what happens from now on, and the text so far of what is being generated.</summary>
    public Position? After { get; init; }

    /// <summary>Whether the dialect's events carry the text of a message that has ended. Default true.</summary>
    public bool TextInEvents { get; init; } = true;

    /// <summary>
    /// Whether the dialect can take text back. Where it cannot, a reader goes on behind a new attempt of the text only if what it got
    /// is in it, and is otherwise told to begin anew. Default true.
    /// </summary>
    public bool CanTakeBack { get; init; } = true;

    /// <summary>Whether silence is broken by heartbeats. Default false.</summary>
    public bool Heartbeats { get; init; }

    /// <summary>The owner whose conversation it must stay, null (default) for anyone's.</summary>
    public Guid? Reach { get; init; }
}
