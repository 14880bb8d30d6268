using Npgsql;

namespace Conversation.Data.Log;

internal sealed partial class AppendMessageStatement : LogStatement<AppendMessage, AppendedMessage>
{
    public static AppendMessageStatement Instance { get; } = new();

    public override AppendedMessage Read(NpgsqlDataReader row, AppendMessage write) => new(
        (AppendOutcome)row.GetInt32(1),
        row.GetGuid(2),
        row.GetInt64(3),
        row.GetDateTime(4),
        row.IsDBNull(5) ? null : row.GetGuid(5),
        row.GetBoolean(6),
        row.IsDBNull(7) ? null : row.GetGuid(7));

    /// <summary>How much of the run's lease is left is unknown: nobody holds it, and the sweeper gives the run back.</summary>
    public override AppendedMessage Recover(Changed found, AppendMessage write) =>
        new(AppendOutcome.Stored, write.MessageId, found.Seq, found.At, write.Run?.Id, Claimed: false, Interrupted: null);

    public override bool MustBeAlone(AppendedMessage result) => result.Outcome == AppendOutcome.Deferred;

    protected override NpgsqlBatchCommand Bind(Columns<AppendMessage> columns) => columns
        .Add(write => write.WriteId)
        .Add(write => write.ConversationId)
        .Add(write => write.Caller.Reach)
        .Add(write => write.MessageId)
        .Add(write => write.Role)
        .Add(write => write.Content)
        .Add(write => write.Metadata)
        .Add(write => write.Run?.Id)
        .Add(write => write.Run?.Runtime)
        .Add(write => write.Run?.Agent)
        .Add(write => write.Run?.Claimant)
        .Add(write => write.Run?.OnBusy)
        .Add(write => write.Caller.Principal)
        .Add(write => write.Key?.Key)
        .Add(write => write.Key?.RequestHash)
        .Add(write => write.Run?.Traceparent)
        .Add(write => write.OnlyRepeats)
        .ToCommand(Sql);
}
