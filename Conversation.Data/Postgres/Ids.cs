namespace Conversation.Data.Postgres;

/// <summary>The one factory of ids: version 7, so that new rows land at the end of an index.</summary>
public static class Ids
{
    /// <summary>A new id, later than every one this process made before to the millisecond.</summary>
    public static Guid New() => Guid.CreateVersion7();
}
