using System.Net.Http.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.AgentRuns;

/// <summary>Messages sent while an answer is being made: by the conversation's rule, or by the send's own.</summary>
[TestFixture]
internal sealed class OnBusyTests : RunFixture
{
    [Test]
    public async Task Reject_WhileBusy_StoresNothingAndSaysSo()
    {
        await SayAsync("first");
        var first = await Runtime.NextRunAsync();

        using var refused = await PostAsync("second", "reject");
        await ApiClient.ReadAsync(refused, 409);
        first.End();
        await Legacy.UntilAsync("complete");
        using var accepted = await PostAsync("third", "reject");
        await ApiClient.ReadAsync(accepted, 201);
        (await Runtime.NextRunAsync()).End();
        await Legacy.UntilAsync("complete");

        Assert.That(await UserMessagesAsync(), Is.EqualTo(new[] { "first", "third" }));
    }

    [Test]
    public async Task Reject_HundredAtOnce_OneIsAnswered()
    {
        var responses = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => PostAsync($"{i}", "reject")));

        var statuses = responses.Select(response => (int)response.StatusCode).ToList();
        Assert.That((statuses.Count(status => status == 201), statuses.Count(status => status == 409)), Is.EqualTo((1, 99)));
        (await Runtime.NextRunAsync()).End();
        await Legacy.UntilAsync("complete");
        Assert.That(await UserMessagesAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Interrupt_WhileBusy_KeepsThePartAndAnswersTheNewMessage()
    {
        var first = await SayAsync("first");
        (await Runtime.NextRunAsync()).Say("Half an ");
        await Legacy.UntilAsync("stream");
        var queued = await SayAsync("second");
        var third = await SayAsync("third", "interrupt");

        var script = await Runtime.NextRunAsync();
        script.Say("New.");
        script.End();
        await Socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "run.completed");

        Assert.That(script.Context.Question, Is.EqualTo("third"), "What was put aside is not asked.");
        Assert.That((await StatusAsync(first), await StatusAsync(queued), await StatusAsync(third)), Is.EqualTo(("cancelled", "cancelled", "completed")));
        var contents = (await Client.MessagesAsync(ConversationId)).Select(message => message.GetProperty("content").GetString());
        Assert.That(contents, Is.EquivalentTo(new[] { "first", "Half an ", "second", "third", "New." }));
    }

    [Test]
    public async Task Coalesce_WhileBusy_TheWaitingBecomeOneRun()
    {
        await ChangeRuleAsync("coalesce");
        await SayAsync("first");
        var first = await Runtime.NextRunAsync();
        var second = await SayAsync("second");
        var third = await SayAsync("third");
        var fourth = await SayAsync("fourth");
        first.End();
        var script = await Runtime.NextRunAsync();
        var earlier = await script.Context.Earlier(CancellationToken.None).Select(message => message.Content).ToListAsync();
        script.End();
        for (var run = 0; run < 4; run++)
        {
            await Legacy.UntilAsync("complete");
        }

        Assert.That(
            (await StatusAsync(second), await StatusAsync(third), await StatusAsync(fourth)), Is.EqualTo(("cancelled", "cancelled", "completed")));
        Assert.That(script.Context.Trigger.Content, Is.EqualTo("fourth"));
        Assert.That(script.Context.Question, Is.EqualTo("second\n\nthird\n\nfourth"));
        Assert.That(earlier, Does.Contain("second"));
    }

    /// <summary>A message that is answered again has its new run far behind it: what was put aside in between was not for it.</summary>
    [Test]
    public async Task Coalesce_OverAWaitingRepeat_AsksNoOldQuestion()
    {
        var one = await OneAnsweredAsync();
        await SayAsync("busy");
        var busy = await Runtime.NextRunAsync();
        await SayAsync("two", "coalesce");
        await SayAsync("three", "coalesce");
        busy.End();
        var three = await Runtime.NextRunAsync();
        await RepeatAsync(one);
        await SayAsync("four", "coalesce");
        three.End();
        var four = await Runtime.NextRunAsync();
        four.End();

        Assert.That(three.Context.Question, Is.EqualTo("two\n\nthree"));
        Assert.That(four.Context.Question, Is.EqualTo("one\n\nfour"));
    }

    [Test]
    public async Task Coalesce_OverARepeatAgainAndAgain_AsksEachTextOnce()
    {
        var one = await OneAnsweredAsync();
        await SayAsync("busy");
        var busy = await Runtime.NextRunAsync();
        foreach (var text in (string[])["two", "three", "four"])
        {
            await RepeatAsync(one);
            await SayAsync(text, "coalesce");
        }

        busy.End();
        var last = await Runtime.NextRunAsync();
        last.End();

        Assert.That(last.Context.Question, Is.EqualTo("one\n\ntwo\n\nthree\n\nfour"));
    }

    [Test]
    public async Task Coalesce_OverARepeatOfWhatWasOnlyStored_AsksItToo()
    {
        var stored = await Client.SendAsync(ConversationId, new { role = "user", content = "stored", run = false });
        await SayAsync("busy");
        var busy = await Runtime.NextRunAsync();
        await RepeatAsync(stored.GetProperty("id").GetGuid());
        await SayAsync("new", "coalesce");
        busy.End();
        var last = await Runtime.NextRunAsync();
        last.End();

        Assert.That(last.Context.Question, Is.EqualTo("stored\n\nnew"));
    }

    [TestCase("interrupt")]
    [TestCase("coalesce")]
    public async Task Rule_HundredAtOnce_EndsWithOneActiveAndAtMostOneWaiting(string rule)
    {
        await ChangeRuleAsync(rule);
        var sends = Task.WhenAll(Enumerable.Range(0, 100).Select(i => SayAsync($"{i}")));
        var serving = ServeAsync(sends);
        await sends;
        await serving;

        var runs = (await Client.GetAsync($"/conversations/{ConversationId}/runs")).EnumerateArray().ToList();
        Assert.That(runs, Has.Count.EqualTo(100));
        Assert.That(runs.Select(run => run.GetProperty("status").GetString()), Is.All.AnyOf("completed", "cancelled"));
        Assert.That(runs[^1].GetProperty("status").GetString(), Is.EqualTo("completed"), "The last one sent is answered.");
        var seqs = (await Client.GetAsync($"/conversations/{ConversationId}/events?limit=1000")).EnumerateArray()
            .Where(frame => frame.TryGetProperty("seq", out _)).Select(frame => frame.GetProperty("seq").GetInt64()).ToList();
        Assert.That(seqs, Is.EqualTo(Enumerable.Range(1, seqs.Count)));
    }

    [TestCase("sometimes")]
    [TestCase(7)]
    public async Task Rule_Unknown_IsRefused(object rule)
    {
        using var response = await Client.Http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/{ConversationId}/messages", new { role = "user", content = "x", on_busy = rule });
        await ApiClient.ReadAsync(response, 422);
    }

    /// <summary>Ends every run that starts, until none is left.</summary>
    private async Task ServeAsync(Task sends)
    {
        while (true)
        {
            var open = (await Client.GetAsync($"/conversations/{ConversationId}/runs")).EnumerateArray()
                .Count(run => run.GetProperty("status").GetString() is "queued" or "running" or "cancelling");
            if (open == 0 && sends.IsCompleted)
            {
                return;
            }

            while (Runtime.TryNextRun(out var script))
            {
                script.End();
            }
        }
    }

    private async Task<Guid> OneAnsweredAsync()
    {
        var one = (await Client.SayAsync(ConversationId, "one")).GetProperty("id").GetGuid();
        (await Runtime.NextRunAsync()).End();
        await Legacy.UntilAsync("complete");
        return one;
    }

    private async Task RepeatAsync(Guid message)
    {
        using var response = await Client.Http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/{ConversationId}/runs", new { message_id = message });
        await ApiClient.ReadAsync(response, 202);
    }

    private async Task ChangeRuleAsync(string rule)
    {
        using var response = await Client.Http.PatchAsJsonAsync(
            $"{ApiClient.Root}/conversations/{ConversationId}", new { on_busy = rule });
        await ApiClient.ReadAsync(response, 200);
    }

    private Task<HttpResponseMessage> PostAsync(string content, string rule) => Client.Http.PostAsJsonAsync(
        $"{ApiClient.Root}/conversations/{ConversationId}/messages", new { role = "user", content, on_busy = rule });

    private async Task<List<string?>> UserMessagesAsync() =>
        [.. (await Client.MessagesAsync(ConversationId))
            .Where(message => message.GetProperty("role").GetString() == "user")
            .Select(message => message.GetProperty("content").GetString())];

    private async Task<string?> StatusAsync(Guid run) => (await RunAsync(run)).GetProperty("status").GetString();
}
