using System.Runtime.CompilerServices;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuntimes;

/// <summary>Answers by itself, always the same to the same message: for a first look and for tests. It says that it is not real.</summary>
internal sealed class SimulatedRuntime(SimulatedRuntimeOptions options, TimeProvider time) : IAgentRuntime
{
    public const string RuntimeName = "simulated";

    private const int LongestQuote = 200;

    public string Name => RuntimeName;

    public AgentCapabilities Capabilities { get; } = new(StreamsTokens: true, CancelOutcome.Confirmed, Resumes: false);

    public async IAsyncEnumerable<AgentOutput> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken token)
    {
        yield return new Notice("warn", "simulated_runtime");
        foreach (var word in Words(Answer(context.Trigger.Content)))
        {
            if (options.Pace > TimeSpan.Zero)
            {
                await Task.Delay(options.Pace, time, token);
            }

            token.ThrowIfCancellationRequested();
            yield return new TextDelta(word);
        }

        yield return new AnswerEnd("stop");
    }

    private static string Answer(string asked)
    {
        var quote = asked.Length <= LongestQuote ? asked : $"{asked[..Cut(asked)]}…";
        return $"This is a simulated answer. You wrote: “{quote}” "
            + "No agent was asked, because none is configured yet; this text only shows how an answer arrives, word by word.";
    }

    private static int Cut(string text) => char.IsHighSurrogate(text[LongestQuote - 1]) ? LongestQuote - 1 : LongestQuote;

    /// <summary>Words with the space that follows them, so that the pieces put together are the text.</summary>
    private static IEnumerable<string> Words(string text)
    {
        for (var from = 0; from < text.Length;)
        {
            var space = text.IndexOf(' ', from);
            var to = space < 0 ? text.Length : space + 1;
            yield return text[from..to];
            from = to;
        }
    }
}

/// <summary>How the simulated runtime behaves.</summary>
internal sealed record SimulatedRuntimeOptions
{
    /// <summary>The pause before each piece of text. Default 30 ms; zero for none.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(30);
}
