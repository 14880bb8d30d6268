namespace Conversation.Data.Log;

/// <summary>A conversation to store as it was elsewhere.</summary>
public sealed record ImportedConversation
{
    /// <summary>A new id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Whose it is; null for one that only machines reach.</summary>
    public Guid? OwnerId { get; init; }

    /// <summary>At most 255 characters.</summary>
    public string? Title { get; init; }

    /// <summary>A JSON object as text.</summary>
    public string? Metadata { get; init; }

    /// <summary>The clients' own text.</summary>
    public required string Status { get; init; }

    /// <summary>What a send does while a run is active: <c>enqueue</c>, <c>reject</c>, <c>interrupt</c> or <c>coalesce</c>.</summary>
    public required string OnBusy { get; init; }

    /// <summary>When it was made, UTC.</summary>
    public required DateTime CreatedAt { get; init; }
}

/// <summary>One of its messages: text, that no run of this service stands behind.</summary>
public sealed record ImportedMessage
{
    /// <summary>One of <see cref="Messages.MessageRole"/>.</summary>
    public required string Role { get; init; }

    /// <summary>The text.</summary>
    public required string Content { get; init; }

    /// <summary>A JSON object as text.</summary>
    public string? Metadata { get; init; }

    /// <summary>One of <see cref="Messages.MessageStatus"/>, but not <c>streaming</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Why an answer ended.</summary>
    public string? FinishReason { get; init; }

    /// <summary>When it was made, UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it was last changed, UTC.</summary>
    public required DateTime UpdatedAt { get; init; }
}
