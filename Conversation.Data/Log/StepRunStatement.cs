using Npgsql;

namespace Conversation.Data.Log;

internal sealed partial class StepRunStatement : LogStatement<StepRun, Changed>
{
    public static StepRunStatement Instance { get; } = new();

    public override Changed Read(NpgsqlDataReader row, StepRun write) => new(row.GetInt64(1), row.GetDateTime(2));

    public override Changed Recover(Changed found, StepRun write) => found;

    protected override NpgsqlBatchCommand Bind(Columns<StepRun> columns)
    {
        var steps = columns.Writes
            .SelectMany((write, ord) => write.Events.Select((step, i) => (Ord: ord, Step: i + 1, Event: step)))
            .ToArray();
        return columns
            .Add(write => write.WriteId)
            .Add(write => write.ConversationId)
            .Add(write => write.RunId)
            .Add(write => write.Attempt)
            .Add(write => write.OnlyExpired)
            .Add(write => write.Events.Count)
            .Add(write => write.Status)
            .Add(write => write.ErrorCode)
            .Add(write => write.ErrorDetail)
            .Add(write => write.ResumeToken)
            .Add(write => write.Usage)
            .Add(write => write.Answer?.MessageId)
            .Add(write => write.Answer?.Status)
            .Add(StartOf)
            .Add(write => write.Answer?.Content)
            .Add(write => write.Answer?.FinishReason)
            .Add(write => write.Answer?.Metadata)
            .Add(write => write.Answer?.Keep)
            .Add(write => write.CancelOutcome)
            .Add(Array.ConvertAll(steps, step => step.Ord))
            .Add(Array.ConvertAll(steps, step => step.Step))
            .Add(Array.ConvertAll(steps, step => step.Event.Type))
            .Add(Array.ConvertAll(steps, step => step.Event.Data))
            .Add(Array.ConvertAll(steps, step => step.Event.OfMessage))
            .ToCommand(Sql);
    }

    /// <summary>Which of the step's events starts the message: its number is the message's.</summary>
    private static int? StartOf(StepRun write)
    {
        if (write.Answer is not { Starts: true })
        {
            return null;
        }

        for (var i = 0; i < write.Events.Count; i++)
        {
            if (write.Events[i].Type == EventTypes.MessageStarted)
            {
                return i + 1;
            }
        }

        throw new ArgumentException($"A step that starts a message needs a {EventTypes.MessageStarted} event.", nameof(write));
    }
}
