using System.ComponentModel.DataAnnotations;

namespace Conversation.Api.Transfer;

/// <summary>A time that PostgreSQL and every client can hold: its ends would be stored as infinities.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class InRecordedTimeAttribute() : ValidationAttribute("must lie in the years 1970 to 9998")
{
    public override bool IsValid(object? value) => value is not DateTime { Year: < 1970 or > 9998 };
}
