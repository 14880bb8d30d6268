using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Conversation.Api.Wire;

namespace Conversation.Api.Conversations;

/// <summary>A conversation to make.</summary>
public sealed record CreateConversationRequest
{
    /// <summary>At most 255 characters.</summary>
    [MaxLength(255)]
    public string? Title { get; init; }

    /// <summary>Whose it is; a user's own id, or left out. Machines may name anyone.</summary>
    public Guid? OwnerId { get; init; }

    /// <summary>The client's own object, given back as it was sent.</summary>
    public RawJson? MetadataJson { get; init; }

    /// <summary>The legacy name of <c>metadata_json</c>.</summary>
    public RawJson? Metadata { get; init; }

    [JsonIgnore]
    internal RawJson? AnyMetadata => MetadataJson ?? Metadata;
}

/// <summary>What to change of a conversation; what is left out stays.</summary>
public sealed record ChangeConversationRequest
{
    /// <summary>At most 255 characters.</summary>
    [MaxLength(255)]
    public string? Title { get; init; }

    /// <summary>The client's own object.</summary>
    public RawJson? MetadataJson { get; init; }

    /// <summary>The legacy name of <c>metadata_json</c>.</summary>
    public RawJson? Metadata { get; init; }

    /// <summary>The clients' own text.</summary>
    [MinLength(1)]
    [MaxLength(64)]
    public string? Status { get; init; }

    /// <summary>What a send does while a run is active: <c>enqueue</c>, <c>reject</c>, <c>interrupt</c> or <c>coalesce</c>.</summary>
    [AllowedValues("enqueue", "reject", "interrupt", "coalesce", null, ErrorMessage = "must be enqueue, reject, interrupt or coalesce")]
    public string? OnBusy { get; init; }
}

/// <summary>Which conversations to list.</summary>
public sealed record ListConversationsRequest
{
    /// <summary>How many at most. Default 50.</summary>
    [Range(1, 200)]
    public int Limit { get; init; } = 50;

    /// <summary>Where the page before ended: the value in its Link header.</summary>
    public string? After { get; init; }
}
