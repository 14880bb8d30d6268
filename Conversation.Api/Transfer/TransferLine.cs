using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Conversation.Api.Wire;

namespace Conversation.Api.Transfer;

/// <summary>
/// A line of an exported conversation: first the conversation, then its messages, then the end, by which a file that was cut off is
/// recognised. Ids are not in it: an import gives new ones. One that says no type is none of the three.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ConversationLine), "conversation")]
[JsonDerivedType(typeof(MessageLine), "message")]
[JsonDerivedType(typeof(EndLine), "end")]
internal record TransferLine;

/// <summary>The first line.</summary>
internal sealed record ConversationLine : TransferLine
{
    /// <summary>The version of the format that this service writes and reads.</summary>
    public const int CurrentFormat = 1;

    [AllowedValues(CurrentFormat, ErrorMessage = "must be 1, the format that this service reads")]
    public int? Format { get; init; }

    [MaxLength(255)]
    public string? Title { get; init; }

    public RawJson? MetadataJson { get; init; }

    [MinLength(1)]
    [MaxLength(64)]
    public string? Status { get; init; }

    [AllowedValues("enqueue", "reject", "interrupt", "coalesce", null, ErrorMessage = "must be enqueue, reject, interrupt or coalesce")]
    public string? OnBusy { get; init; }

    [InRecordedTime]
    public DateTime? CreatedAt { get; init; }
}

/// <summary>A message, in the order of the conversation. Deleted ones are left out, replaced answers are not.</summary>
internal sealed record MessageLine : TransferLine
{
    [Required]
    [AllowedValues("user", "assistant", "system", ErrorMessage = "must be user, assistant or system")]
    public string? Role { get; init; }

    /// <summary>May be empty, as an answer that was interrupted before its first word is.</summary>
    [Required(AllowEmptyStrings = true)]
    public string? Content { get; init; }

    public RawJson? MetadataJson { get; init; }

    /// <summary><c>streaming</c> is an answer that was being made at that moment, with its text so far.</summary>
    [AllowedValues("stored", "streaming", "completed", "interrupted", "superseded", null,
        ErrorMessage = "must be stored, streaming, completed, interrupted or superseded")]
    public string? Status { get; init; }

    [MaxLength(1024)]
    public string? FinishReason { get; init; }

    [InRecordedTime]
    public DateTime? CreatedAt { get; init; }

    [InRecordedTime]
    public DateTime? UpdatedAt { get; init; }
}

/// <summary>The last line.</summary>
internal sealed record EndLine : TransferLine
{
    /// <summary>How many messages there were.</summary>
    [Required]
    public long? Messages { get; init; }
}
