namespace Conversation.Api.AgentRuntimes;

/// <summary>One thing that a running agent says.</summary>
internal abstract record AgentOutput;

/// <summary>More text of the answer.</summary>
/// <param name="Text">What follows what was said before.</param>
internal sealed record TextDelta(string Text) : AgentOutput;

/// <summary>A remark for the reader, not part of the answer.</summary>
/// <param name="Level"><c>info</c> or <c>warn</c>.</param>
/// <param name="Code">A word that clients know.</param>
internal sealed record Notice(string Level, string Code) : AgentOutput;

/// <summary>The answer is whole.</summary>
/// <param name="FinishReason">Why it ended; <c>stop</c> for the natural end.</param>
/// <param name="Usage">Tokens and the like, a JSON object as text.</param>
internal sealed record AnswerEnd(string FinishReason, string? Usage = null) : AgentOutput;

/// <summary>The runtime could not answer.</summary>
/// <param name="code">Why, in a word that programs know.</param>
/// <param name="detail">Why, for the reader: no secret, no trace.</param>
/// <param name="inner">The cause, for the log only.</param>
internal sealed class AgentRuntimeException(string code, string detail, Exception? inner = null) : Exception(detail, inner)
{
    public string Code { get; } = code;
}
