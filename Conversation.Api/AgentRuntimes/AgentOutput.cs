namespace Conversation.Api.AgentRuntimes;

/// <summary>One thing that a running agent says.</summary>
internal abstract record AgentOutput;

/// <summary>More text of the answer.</summary>
/// <param name="Text">What follows what was said before.</param>
internal sealed record TextDelta(string Text) : AgentOutput;

/// <summary>It works on, and has nothing to say: it is not silent.</summary>
internal sealed record StillWorking : AgentOutput;

/// <summary>A remark for the reader, not part of the answer.</summary>
/// <param name="Level"><c>info</c> or <c>warn</c>.</param>
/// <param name="Code">A word that clients know.</param>
internal sealed record Notice(string Level, string Code) : AgentOutput;

/// <summary>The agent that was chosen; the conversation keeps it.</summary>
/// <param name="Agent">What <see cref="AgentContext.Agent"/> is from the next run on.</param>
internal sealed record AgentChosen(string Agent) : AgentOutput;

/// <summary>Metadata of the answer. Counts only before its first text.</summary>
/// <param name="Json">A JSON object as text.</param>
internal sealed record AnswerMetadata(string Json) : AgentOutput;

/// <summary>From here another process could continue. The first one is saved before the first text is shown, later ones with the text.</summary>
/// <param name="Token">What <see cref="AgentResume.Token"/> will be.</param>
internal sealed record ResumePoint(string Token) : AgentOutput;

/// <summary>The agent began to use a tool.</summary>
/// <param name="Id">Names the use within the run.</param>
/// <param name="Name">Which tool.</param>
/// <param name="Input">What it was given, JSON as text.</param>
internal sealed record ToolStarted(string Id, string Name, string? Input = null) : AgentOutput;

/// <summary>A tool answered.</summary>
/// <param name="Id">Of its <see cref="ToolStarted"/>.</param>
/// <param name="Name">Which tool.</param>
/// <param name="Output">What it answered, JSON as text.</param>
/// <param name="Error">Why it failed, for the reader.</param>
internal sealed record ToolCompleted(string Id, string Name, string? Output = null, string? Error = null) : AgentOutput;

/// <summary>What a cancel achieved, said last by a runtime whose token was cancelled; without it, what the runtime declares.</summary>
/// <param name="Outcome">One of <see cref="Data.Runs.CancelOutcome"/>.</param>
internal sealed record CancelReport(string Outcome) : AgentOutput;

/// <summary>The answer is whole.</summary>
/// <param name="FinishReason">Why it ended; <c>stop</c> for the natural end.</param>
/// <param name="Usage">Tokens and the like, a JSON object as text.</param>
/// <param name="Text">The whole answer, where the runtime tells it at the end; what was said before is completed or, if it differs, replaced.</param>
internal sealed record AnswerEnd(string FinishReason, string? Usage = null, string? Text = null) : AgentOutput;

/// <summary>The runtime could not answer.</summary>
/// <param name="code">Why, in a word that programs know.</param>
/// <param name="detail">Why, for the reader: no secret, no trace.</param>
/// <param name="inner">The cause, for the log only.</param>
internal sealed class AgentRuntimeException(string code, string detail, Exception? inner = null) : Exception(detail, inner)
{
    public string Code { get; } = code;
}
