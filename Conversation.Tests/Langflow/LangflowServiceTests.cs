using System.Net.Http.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>Langflow over several runs: its memory, the chosen flow, cancelling, its state.</summary>
[TestFixture]
internal sealed class LangflowServiceTests
{
    [Test]
    public async Task Session_OfEachConversation_IsItsOwnAndNotItsId()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        var first = await walk.SayAsync();
        await walk.SayAsync(conversation: first.Conversation);
        await walk.SayAsync();

        var sessions = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            sessions.Add((await walk.Fake.NextRunAsync()).SessionId);
        }

        Assert.That(sessions[0], Is.EqualTo(sessions[1]).And.Not.EqualTo(sessions[2]).And.Not.EqualTo(first.Conversation.ToString()));
        Assert.That(sessions, Has.None.EqualTo(FakeLangflow.FirstFlow));
    }

    [TestCase("edit")]
    [TestCase("delete")]
    [TestCase("regenerate")]
    public async Task Session_AfterAChange_IsANewOne(string change)
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        var seen = await walk.SayAsync();
        var before = (await walk.Fake.NextRunAsync()).SessionId;
        var conversation = $"{ApiClient.Root}/conversations/{seen.Conversation}";
        var message = (await walk.Client.MessagesAsync(seen.Conversation))[0].GetProperty("id").GetString();
        using var response = change switch
        {
            "edit" => await walk.Client.Http.PatchAsJsonAsync($"{conversation}/messages/{message}", new { content = "Hello again" }),
            "delete" => await walk.Client.Http.DeleteAsync($"{conversation}/messages/{message}"),
            _ => await walk.Client.Http.PostAsJsonAsync($"{conversation}/runs", new { }),
        };
        Assert.That(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        if (change != "regenerate")
        {
            await walk.SayAsync(conversation: seen.Conversation);
        }

        Assert.That((await walk.Fake.NextRunAsync()).SessionId, Is.Not.EqualTo(before));
    }

    [Test]
    public async Task Flow_ChosenOnce_StaysTheConversations()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        var seen = await walk.SayAsync(metadata: new { });
        walk.Fake.Flows.Insert(0, new { id = "6f1a2b3c-0000-4000-8000-000000000009", name = "A new one", is_component = false, endpoint_name = "new" });
        await walk.SayAsync(conversation: seen.Conversation);

        Assert.That((await walk.Fake.NextRunAsync()).Flow, Is.EqualTo(FakeLangflow.FirstFlow));
        Assert.That((await walk.Fake.NextRunAsync()).Flow, Is.EqualTo(FakeLangflow.FirstFlow));
        Assert.That(walk.Fake.Count("GET /api/v1/flows"), Is.EqualTo(1));
    }

    [TestCase("run", "unconfirmed")]
    [TestCase("workflows", "confirmed")]
    public async Task Cancel_ReachesLangflow_AndSaysWhatItKnows(string api, string outcome)
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot11, settings => settings with { LangflowApi = api });
        walk.Fake.Flow = async run =>
        {
            await run.SendAsync(run.Events.Token("m-1", "Only this"));
            await run.HangAsync();
        };
        var conversation = await walk.Client.CreateConversationAsync(new { metadata_json = new { flow_id = FakeLangflow.FirstFlow } });
        await using var socket = await LegacyClient.ConnectAsync(walk.Client, conversation);
        var run = (await walk.Client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetString();
        Task stopped;
        if (api == "workflows")
        {
            var job = await walk.Fake.NextJobAsync();
            await job.HeardAsync();
            job.Emit(job.Events.Token("m-1", "Only this"));
            stopped = job.Stopped;
        }
        else
        {
            stopped = (await walk.Fake.NextRunAsync()).Cancelled;
        }

        await socket.UntilAsync("stream");
        using var response = await walk.Client.Http.PostAsync($"{ApiClient.Root}/runs/{run}/cancel", null);
        var frames = LegacyClient.Merged(await socket.UntilAsync("complete"));

        await stopped.OrTimeout();
        var ended = await walk.Client.GetAsync($"/runs/{run}");
        Assert.That(frames, Is.EqualTo(new[] { """{"type":"warn","message":"run_cancelled"}""", """{"type":"complete"}""" }));
        Assert.That(
            (ended.GetProperty("status").GetString(), ended.GetProperty("cancel_outcome").GetString()), Is.EqualTo(("cancelled", outcome)));
    }

    /// <summary>Whether the node finds out by renewing its lease, or because the next thing that the agent says can no longer be written.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task Delete_OfTheConversation_StopsTheJob(bool saysMore)
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot11, settings => settings with { LangflowApi = "workflows" });
        var conversation = await walk.Client.CreateConversationAsync(new { metadata_json = new { flow_id = FakeLangflow.FirstFlow } });
        await using var socket = await LegacyClient.ConnectAsync(walk.Client, conversation);
        await walk.Client.SayAsync(conversation, "Hello");
        var job = await walk.Fake.NextJobAsync();
        await job.HeardAsync();
        job.Emit(job.Events.Token("m-1", "Only this"));
        await socket.UntilAsync("stream");

        using var response = await walk.Client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{conversation}");
        if (saysMore)
        {
            job.Emit(job.Events.Message("a-1", "", partial: true, tools: [FakeEvents.Tool("search", new { what = "it" }, "found")]));
        }

        Assert.That((int)response.StatusCode, Is.EqualTo(204));
        await job.Stopped.OrTimeout();
    }

    [Test]
    public async Task Coalesced_Messages_AreAskedTogether()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        walk.Fake.Flow = async run =>
        {
            await goOn.Task;
            await run.SendAsync(run.Events.End("", ("m-1", "Done.")));
        };
        var conversation = await walk.Client.CreateConversationAsync(new { metadata_json = new { flow_id = FakeLangflow.FirstFlow } });
        foreach (var content in (string[])["one", "two", "three"])
        {
            await walk.Client.SendAsync(conversation, new { role = "user", content, on_busy = "coalesce" });
        }

        Assert.That((await walk.Fake.NextRunAsync()).Input, Is.EqualTo("one"));
        goOn.SetResult();
        Assert.That((await walk.Fake.NextRunAsync()).Input, Is.EqualTo("two\n\nthree"));
    }

    [Test]
    public async Task Ready_TellsTheRuntimesState_AndNeverFailsOnIt()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8, settings => settings with { Environment = "production" });
        Assert.That(await StateAsync(walk), Is.EqualTo("unknown"));

        await walk.SayAsync();
        Assert.That(await StateAsync(walk), Is.EqualTo("ok"));

        walk.Fake.Override = async http =>
        {
            // Nobody waits for an hour because a proxy says so.
            http.Response.Headers.RetryAfter = "3600";
            await FakeLangflow.WritePageAsync(http, 503);
            return true;
        };
        await walk.SayAsync();
        Assert.That(await StateAsync(walk), Is.EqualTo("failing"));

        var seen = await walk.SayAsync();
        for (var i = 0; i < 10 && await StateAsync(walk) != "circuit_open"; i++)
        {
            await walk.SayAsync();
        }

        var made = walk.Fake.Requests.Count;
        seen = await walk.SayAsync();
        Assert.That(await StateAsync(walk), Is.EqualTo("circuit_open"));
        Assert.That(walk.Fake.Requests, Has.Count.EqualTo(made), "An open circuit asks nothing.");
        Assert.That(seen.Legacy, Is.EqualTo(new[]
        {
            """{"type":"warn","message":"langflow_unavailable"}""", """{"type":"warn","message":"run_failed"}""", """{"type":"complete"}""",
        }));
    }

    private static async Task<string> StateAsync(LangflowWalk walk)
    {
        var ready = await walk.Client.GetAsync("/health/ready");
        Assert.That(ready.GetProperty("runtime").GetProperty("name").GetString(), Is.EqualTo("langflow"));
        return ready.GetProperty("runtime").GetProperty("state").GetString()!;
    }
}
