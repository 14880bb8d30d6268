using System.Runtime.CompilerServices;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuntimes;

/// <summary>Answers by itself, always the same to the same message: for a first look and for tests. It says that it is not real.</summary>
internal sealed class SimulatedRuntime(SimulatedRuntimeOptions options, TimeProvider time) : IAgentRuntime
{
    public const string RuntimeName = "simulated";

    /// <summary>What marks a simulated answer for whoever reads it later.</summary>
    public const string Mark = """{"runtime": "simulated"}""";

    private const int LongestQuote = 200;
    private const string NoneConfigured = "No agent was asked, because none is configured yet.";

    /// <summary>Longer than any run is waited for; for ever would keep what is forgotten.</summary>
    private static readonly TimeSpan LongestHang = TimeSpan.FromDays(1);

    public string Name => RuntimeName;

    public AgentCapabilities Capabilities { get; } = new(CancelOutcome.Confirmed, Resumes: true);

    public IAsyncEnumerable<AgentOutput> RunAsync(AgentContext context, CancellationToken token) =>
        RunAsync(context, NoneConfigured, token);

    /// <summary>Stands in for another runtime, and tells the reader why.</summary>
    /// <param name="context">What that one was asked.</param>
    /// <param name="why">A sentence.</param>
    /// <param name="token">Ends it.</param>
    public async IAsyncEnumerable<AgentOutput> RunAsync(
        AgentContext context, string why, [EnumeratorCancellation] CancellationToken token)
    {
        var script = SimulatedScript.Parse(context.Agent);
        if (context.Resume is null)
        {
            yield return new Notice("warn", "simulated_runtime");
            yield return new AnswerMetadata(Mark);
        }

        if (script.Resumes)
        {
            yield return new ResumePoint("0");
        }

        var pieces = script.Words is { } words ? Pieces(words, script.WordsPerPiece) : Words(Answer(context.Question, why));
        var pace = new SimulatedPace(script.Pace ?? options.Pace, time);
        var said = 0;
        foreach (var piece in pieces)
        {
            said += piece.Length;
            if (said <= context.Resume?.Text.Length)
            {
                continue;
            }

            if (script.FailsAfter is { } fails && said > SimulatedScript.LengthOf(fails))
            {
                throw new AgentRuntimeException("error", "The simulated agent failed, as it was told to.");
            }

            if (script.HangsAfter is { } hangs && said > SimulatedScript.LengthOf(hangs))
            {
                await Task.Delay(LongestHang, time, CancellationToken.None);
            }

            var due = await pace.NextAsync(token);
            token.ThrowIfCancellationRequested();
            yield return new TextDelta(script.Stamps ? SimulatedScript.Stamp(due) : piece);
            if (script.Resumes)
            {
                yield return new ResumePoint(said.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        yield return new AnswerEnd("stop");
    }

    private static string Answer(string asked, string why)
    {
        var quote = asked.Length <= LongestQuote ? asked : $"{asked[..Cut(asked)]}…";
        return $"This is a simulated answer. You wrote: “{quote}” {why} It only shows how an answer arrives, word by word.";
    }

    private static int Cut(string text) => char.IsHighSurrogate(text[LongestQuote - 1]) ? LongestQuote - 1 : LongestQuote;

    private static IEnumerable<string> Pieces(int words, int together) => Enumerable.Range(1, words)
        .Chunk(together)
        .Select(numbers => string.Concat(numbers.Select(SimulatedScript.Word)));

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
    /// <summary>How long after the last piece of text the next one comes. Default 30 ms; zero for at once.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(30);
}
