using System.Text;

namespace Conversation.Tests.Langflow;

/// <summary>What flows of each kind stream, version by version.</summary>
internal static class FakeFlows
{
    /// <summary>A model wired to a chat output: the first piece stands in the message and comes again.</summary>
    public static Task PlainAsync(FakeRun run, params string[] pieces) => PlainAsync(run, 0, pieces);

    public static async Task PlainAsync(FakeRun run, int padding, params string[] pieces)
    {
        await run.SendAsync([.. LinesOf(run, padding, pieces)]);
    }

    /// <summary>The same, as lines.</summary>
    public static IEnumerable<string> LinesOf(FakeRun run, int padding, params string[] pieces)
    {
        var text = string.Concat(pieces);
        return
        [
            run.Events.User(run.Input ?? ""),
            run.Events.Message("m-1", pieces[0], partial: true),
            .. pieces.Select(piece => run.Events.Token("m-1", piece)),
            .. Enumerable.Repeat(run.Events.Message("m-1", text, usage: new { input_tokens = 7, output_tokens = 3, total_tokens = 10 }), run.Profile.Repeats),
            run.Events.End(new string('x', padding), ("m-1", text)),
        ];
    }

    /// <summary>No tokens at all: the model does not stream, or is not wired to the output.</summary>
    public static Task WholeAsync(FakeRun run, string text) => run.SendAsync(
        run.Events.User(run.Input ?? ""), run.Events.Message("m-1", text), run.Events.End(("m-1", text)));

    /// <summary>An agent that uses two tools, the second of which fails, and then says its answer.</summary>
    public static async Task AgentAsync(FakeRun run, params string[] pieces)
    {
        object[][] steps =
        [
            [FakeEvents.Tool("search", new { query = "rain" })],
            [FakeEvents.Tool("search", new { query = "rain" }, new { hits = 3 })],
            [FakeEvents.Tool("search", new { query = "rain" }, new { hits = 3 }), FakeEvents.Tool("fetch", new { url = "x" })],
            [FakeEvents.Tool("search", new { query = "rain" }, new { hits = 3 }), FakeEvents.Tool("fetch", new { url = "x" }, error: "Traceback (most recent call last): s3cret")],
        ];
        await run.SendAsync(run.Events.User(run.Input ?? ""), run.Events.Message("a-1", "", partial: true));
        foreach (var step in steps)
        {
            await run.SendAsync(run.Events.Message("a-1", "", partial: true, tools: step));
        }

        var text = new StringBuilder();
        foreach (var piece in pieces)
        {
            text.Append(piece);
            await run.SendAsync(run.Profile.CumulativeAgents
                ? run.Events.Message("a-1", text.ToString(), partial: true, tools: steps[^1])
                : run.Events.Token("a-1", piece));
        }

        var whole = run.Events.Message("a-1", text.ToString(), tools: steps[^1]);
        await run.SendAsync(whole, whole, run.Events.End(("a-1", text.ToString())));
    }

    /// <summary>Two chat outputs whose tokens come interleaved; the second of the flow's order speaks first.</summary>
    public static Task TwoOutputsAsync(FakeRun run) => run.SendAsync(
        run.Events.User(run.Input ?? ""),
        run.Events.Message("b", "Se", partial: true),
        run.Events.Message("a", "Fi", partial: true),
        run.Events.Token("b", "Se"),
        run.Events.Token("a", "Fi"),
        run.Events.Token("b", "cond."),
        run.Events.Token("a", "rst."),
        run.Events.Message("a", "First."),
        run.Events.Message("b", "Second."),
        run.Events.End(("a", "First."), ("b", "Second.")));

    /// <summary>A flow whose model fails after some tokens, as the version tells it.</summary>
    public static async Task FailingAsync(FakeRun run, params string[] pieces)
    {
        await run.SendAsync([run.Events.User(run.Input ?? ""), .. pieces.Select(piece => run.Events.Token("m-1", piece))]);
        if (run.Profile.TellsErrors)
        {
            await run.SendAsync(
                FakeEvents.ErrorMessage("Incorrect API key sk-abcdef123456\n"),
                FakeEvents.ErrorText("Error running graph: Error building Component OpenAI: \n\nIncorrect API key sk-abcdef123456"));
        }
    }
}
