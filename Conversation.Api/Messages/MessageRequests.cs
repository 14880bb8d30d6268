using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Conversation.Api.Wire;

namespace Conversation.Api.Messages;

/// <summary>A message to store, and, if it is a user's, to have answered.</summary>
public sealed record SendMessageRequest
{
    /// <summary><c>user</c>, <c>assistant</c> or <c>system</c>.</summary>
    [Required]
    [AllowedValues("user", "assistant", "system", ErrorMessage = "must be user, assistant or system")]
    public string? Role { get; init; }

    /// <summary>The text; not empty.</summary>
    [Required(AllowEmptyStrings = true)]
    [MinLength(1, ErrorMessage = "must not be empty")]
    public string? Content { get; init; }

    /// <summary>The client's own object, given back as it was sent.</summary>
    public RawJson? MetadataJson { get; init; }

    /// <summary>The legacy name of <c>metadata_json</c>.</summary>
    public RawJson? Metadata { get; init; }

    /// <summary>A key that makes a repeated send recognisable; the header Idempotency-Key says the same.</summary>
    [MinLength(1)]
    [MaxLength(255)]
    public string? ClientMessageId { get; init; }

    /// <summary>False to only store a user message. Default true.</summary>
    public bool Run { get; init; } = true;

    /// <summary>
    /// What the run does while another one is active in the conversation: <c>enqueue</c>, <c>reject</c>, <c>interrupt</c> or
    /// <c>coalesce</c>. Without it, what the conversation says.
    /// </summary>
    [AllowedValues("enqueue", "reject", "interrupt", "coalesce", null, ErrorMessage = "must be enqueue, reject, interrupt or coalesce")]
    public string? OnBusy { get; init; }

    [JsonIgnore]
    internal RawJson? AnyMetadata => MetadataJson ?? Metadata;
}

/// <summary>What to change of a message.</summary>
public sealed record EditMessageRequest
{
    /// <summary>The new text; leave it out to keep it.</summary>
    [MinLength(1, ErrorMessage = "must not be empty")]
    public string? Content { get; init; }

    /// <summary>The new object; leave it out to keep it.</summary>
    public RawJson? MetadataJson { get; init; }

    /// <summary>The legacy name of <c>metadata_json</c>.</summary>
    public RawJson? Metadata { get; init; }
}

/// <summary>Which messages to list.</summary>
public sealed record ListMessagesRequest
{
    /// <summary>How many at most; without it all of them.</summary>
    [Range(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>Only those after this one: a message id or a seq.</summary>
    public string? After { get; init; }

    /// <summary>Only those before this one: a message id or a seq.</summary>
    public string? Before { get; init; }

    /// <summary><c>asc</c> (default): oldest first; <c>desc</c>: newest first.</summary>
    [AllowedValues("asc", "desc", null, ErrorMessage = "must be asc or desc")]
    public string? Order { get; init; }

    /// <summary><c>superseded</c> to list replaced answers as well.</summary>
    [AllowedValues("superseded", null, ErrorMessage = "must be superseded")]
    public string? Include { get; init; }
}
