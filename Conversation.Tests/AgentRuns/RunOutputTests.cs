using System.Net.Http.Json;
using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.AgentRuns;

/// <summary>Everything a runtime may say besides text, as both dialects and the stored rows show it.</summary>
[TestFixture]
internal sealed class RunOutputTests : RunFixture
{
    [Test]
    public async Task End_TextExtendsWhatWasShown_TheRestIsSent()
    {
        await SayAsync("Hello");
        var run = await Runtime.NextRunAsync();
        run.Say("One ");
        await Legacy.UntilAsync("stream");
        run.End(text: "One two.");

        var rest = LegacyClient.Merged(await Legacy.UntilAsync("complete"));
        var (reader, _) = await FollowUntilAsync("run.completed");

        Assert.That(rest, Is.EqualTo(new[] { "stream: two.", """{"type":"complete"}""" }));
        await AnswerIsAsync("One two.", reader);
    }

    [Test]
    public async Task End_TextDiffersFromWhatWasShown_V2TakesItBackAndLegacyGetsNothingMore()
    {
        await SayAsync("Hello");
        var run = await Runtime.NextRunAsync();
        run.Say("The cat 🙂 sat down here");
        await Legacy.UntilAsync("stream");
        // Each has a pace of its own: to one that has seen nothing yet, nothing is taken back.
        var (reader, frames) = await FollowUntilAsync("message.delta");
        run.End(text: "The cat 🙃 slept.");

        var rest = LegacyClient.Merged(await Legacy.UntilAsync("complete"));
        await Socket.UntilAsync(frame =>
        {
            reader.Apply(frame);
            frames.Add(frame);
            return LegacyClient.TypeOf(frame) == "run.completed";
        });

        Assert.That(rest, Is.EqualTo(new[] { """{"type":"complete"}""" }));
        await AnswerIsAsync("The cat 🙃 slept.", reader);
        var last = frames.Last(frame => LegacyClient.TypeOf(frame) == "message.delta");
        Assert.That((last.GetProperty("attempt").GetInt32(), last.GetProperty("keep").GetInt32()), Is.EqualTo((2, "The cat ".Length)));
        var completed = frames.Single(frame => LegacyClient.TypeOf(frame) == "message.completed");
        Assert.That(completed.GetProperty("data").GetProperty("rewritten").GetBoolean());
    }

    [Test]
    public async Task End_TextIsShorterThanWhatWasShown_V2EndsExact()
    {
        await SayAsync("Hello");
        var run = await Runtime.NextRunAsync();
        run.Say("One two three");
        await Legacy.UntilAsync("stream");
        run.End(text: "One two");

        var (reader, _) = await FollowUntilAsync("run.completed");

        await AnswerIsAsync("One two", reader);
    }

    [Test]
    public async Task End_TextDiffers_AFollowerThatComesBackEndsExact()
    {
        await SayAsync("Hello");
        var run = await Runtime.NextRunAsync();
        run.Say("One two three");
        var reader = new V2Reader();
        await Socket.UntilAsync(frame =>
        {
            reader.Apply(frame);
            return LegacyClient.TypeOf(frame) == "message.delta";
        });
        await Socket.DisposeAsync();
        run.End(text: "One too many");
        await Legacy.UntilAsync("complete");

        foreach (var frame in (await Client.GetAsync($"/conversations/{ConversationId}/events?after={reader.Position}")).EnumerateArray())
        {
            reader.Apply(frame);
        }

        await AnswerIsAsync("One too many", reader);
    }

    [Test]
    public async Task End_TextWithoutAnyBefore_ComesWholeOnce()
    {
        await SayAsync("Hello");
        (await Runtime.NextRunAsync()).End(text: "All at once.");

        var frames = LegacyClient.Merged(await Legacy.UntilAsync("complete"));
        var (reader, _) = await FollowUntilAsync("run.completed");

        Assert.That(frames[1..], Is.EqualTo(new[] { "stream: All at once.", """{"type":"complete"}""" }));
        await AnswerIsAsync("All at once.", reader);
    }

    [Test]
    public async Task Tools_BeforeAndInsideTheText_AreEventsInTheirPlace()
    {
        await SayAsync("Hello");
        var run = await Runtime.NextRunAsync();
        run.Note("info", "langflow_authenticated");
        run.Say(new ToolStarted("t1", "search", """{"q": "cats"}"""));
        run.Say(new ToolCompleted("t1", "search", """["a cat"]"""));
        run.Say("Found ");
        run.Say(new ToolStarted("t2", "broken", "no json"));
        run.Say(new ToolCompleted("t2", "broken", Error: "It broke."));
        run.Say("one.");
        run.End();

        var (reader, frames) = await FollowUntilAsync("run.completed");
        var legacy = LegacyClient.Merged(await Legacy.UntilAsync("complete"));

        var told = frames.Where(frame => LegacyClient.TypeOf(frame) is not ("message.delta" or "heartbeat" or "subscription.ready"))
            .Select(frame => LegacyClient.TypeOf(frame));
        Assert.That(told, Is.EqualTo(new[]
        {
            "message.created", "run.queued", "run.started", "run.notice", "tool.started", "tool.completed",
            "message.started", "tool.started", "tool.completed", "message.completed", "run.completed",
        }));
        var tools = frames.Where(frame => LegacyClient.TypeOf(frame).StartsWith("tool.", StringComparison.Ordinal))
            .Select(frame => frame.GetProperty("data").GetRawText().Replace(" ", "", StringComparison.Ordinal)).ToList();
        Assert.That(tools[0], Is.EqualTo("""{"id":"t1","name":"search","input":{"q":"cats"}}"""));
        Assert.That(tools[1], Is.EqualTo("""{"id":"t1","name":"search","output":["acat"]}"""));
        Assert.That(tools[2], Is.EqualTo("""{"id":"t2","name":"broken"}"""));
        Assert.That(tools[3], Is.EqualTo("""{"id":"t2","name":"broken","error":"Itbroke."}"""));
        Assert.That(legacy[1..], Is.EqualTo(new[]
        {
            """{"type":"info","message":"langflow_authenticated"}""", "stream: Found one.", """{"type":"complete"}""",
        }));
        await AnswerIsAsync("Found one.", reader);
    }

    /// <summary>What only looks like something that cannot be stored is told: signs beyond the BMP are written as two escapes.</summary>
    [TestCase("""{"title":"Rain \uD83C\uDF27"}""")]
    [TestCase("""{"path":"D:\\udemy","zeros":"\\u0000"}""")]
    public async Task Tool_OfAnyText_IsToldWithIt(string json)
    {
        await SayAsync("Hello");
        var run = await Runtime.NextRunAsync();
        run.Say(new ToolStarted("t1", "search", json));
        run.End(text: "Done.");

        var (_, frames) = await FollowUntilAsync("run.completed");

        var told = frames.Single(frame => LegacyClient.TypeOf(frame) == "tool.started").GetProperty("data").GetProperty("input");
        Assert.That(JsonElement.DeepEquals(told, JsonElement.Parse(json)), told.GetRawText());
    }

    /// <summary>Tools say what they like: what PostgreSQL, or a reader, would fail at is left out, and the answer goes on.</summary>
    [TestCase("1e400000")]
    [TestCase("1e-400000")]
    [TestCase(""""\u0000"""")]
    [TestCase(""""\uD83C"""")]
    [TestCase("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", Description = "33 levels")]
    public async Task Tool_OfWhatCannotBeTold_IsToldWithoutIt(string json)
    {
        await SayAsync("Hello");
        var run = await Runtime.NextRunAsync();
        run.Say(new ToolStarted("t1", "search", json));
        run.End(text: "Done.");

        var (reader, frames) = await FollowUntilAsync("run.completed");

        Assert.That(
            frames.Single(frame => LegacyClient.TypeOf(frame) == "tool.started").GetProperty("data").TryGetProperty("input", out _), Is.False);
        await AnswerIsAsync("Done.", reader);
    }

    [Test]
    public async Task Metadata_BeforeTheText_IsTheAnswers()
    {
        await SayAsync("Hello");
        var run = await Runtime.NextRunAsync();
        run.Say(new AnswerMetadata("""{"runtime":"simulated"}"""));
        run.Say("Text");
        run.End();
        await Legacy.UntilAsync("complete");

        Assert.That((await AnswerAsync()).GetProperty("metadata_json").GetProperty("runtime").GetString(), Is.EqualTo("simulated"));
    }

    [Test]
    public async Task Agent_ChosenOnce_IsTheConversationsFromThenOnUnlessItsMetadataSaysOtherwise()
    {
        await SayAsync("Hello");
        var first = await Runtime.NextRunAsync();
        first.Say(new AgentChosen("flow-1"));
        first.End();
        await Legacy.UntilAsync("complete");
        var second = await NextAsync();
        await Client.Http.PatchAsync(
            $"{ApiClient.Root}/conversations/{ConversationId}", JsonContent.Create(new { metadata_json = new { flow_id = "flow-2" } }));
        var third = await NextAsync();

        Assert.That((first.Context.Agent, second.Agent, third.Agent), Is.EqualTo(((string?)null, "flow-1", "flow-2")));
        Assert.That((second.SessionId, first.Context.SessionId), Is.EqualTo((third.SessionId, third.SessionId)), "The memory goes on.");

        async Task<AgentContext> NextAsync()
        {
            await SayAsync("And?");
            var run = await Runtime.NextRunAsync();
            run.End();
            await Legacy.UntilAsync("complete");
            return run.Context;
        }
    }

    private async Task AnswerIsAsync(string content, V2Reader reader)
    {
        var answer = await AnswerAsync();
        Assert.That(answer.GetProperty("content").GetString(), Is.EqualTo(content));
        Assert.That(reader.TextOf(answer.GetProperty("id").GetString()!), Is.EqualTo(content));
    }
}
