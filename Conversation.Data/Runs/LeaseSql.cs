namespace Conversation.Data.Runs;

/// <summary>What every statement that gives a lease shares.</summary>
internal static class LeaseSql
{
    /// <summary>
    /// How long a node may work on a run without renewing its lease. Three renewals fit in; nodes trust theirs for a second less, so that
    /// they are silent before another may speak.
    /// </summary>
    public const string Length = "interval '6 seconds'";
}
