using System.Globalization;
using System.Text;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Langflow;
using Microsoft.AspNetCore.WebUtilities;

namespace Conversation.Benchmarks;

/// <summary>
/// Flows at 25 chunks a second, each with one follower: from Langflow's write, which is the time that it writes, to the follower's
/// receipt. Every second an agent's step of 10 KB comes between. Measured alone and beside flows whose ends have 5 MB, all asked at once, so
/// that they say their steps at once too; and once asked over a second, so that hardly two of these share a commit.
/// </summary>
internal static class LangflowLoad
{
    private const int Streams = 200;
    private const int StepLength = 10 * 1024;
    private const int LongEnd = 5 * 1024 * 1024;

    public static readonly string What = string.Create(
        CultureInfo.InvariantCulture, $"{Streams} Langflow runs, {RunsLoad.PerSecond} chunks a second, one follower each");

    public static readonly string WhatSpread = $"{What}, asked over a second";

    public static readonly string WhatBeside = $"{What}, beside ends of 5 MB";

    public static async Task RunAsync(Bench bench)
    {
        await using var langflow = await Subject.StartLangflowAsync();
        await using var service = await Subject.StartServiceAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = bench.ConnectionString,
            ["LANGFLOW_RUNTIME_URL"] = langflow.Address.ToString(),
        });
        var run = bench.Of(service, isBare: false);
        using var client = await LoadClient.CreateAsync(run, 64);
        await run.WarmAsync(warm => FollowAsync(warm, client));
        bench.Note(await FollowAsync(run, client) with { What = What });
        bench.Note(await FollowAsync(run, client, over: TimeSpan.FromSeconds(1)) with { What = WhatSpread });

        using var enough = new CancellationTokenSource();
        var beside = EndLongAsync(client, enough.Token);
        bench.Note(await FollowAsync(run, client) with { What = WhatBeside });
        await enough.CancelAsync();
        bench.Note(new Reading(WhatBeside, Subject.Service, "ends of 5 MB", await beside, "answers"));
    }

    /// <summary>The fake as a process of its own: what a flow does, the message says in the form of a query string.</summary>
    public static async Task<int> ServeAsync(string url)
    {
        await using var langflow = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8, url);
        langflow.Flow = SpeakAsync;
        await langflow.StoppedAsync();
        return 0;
    }

    private static Task<Figures> FollowAsync(Measurement run, LoadClient client) => FollowAsync(run, client, TimeSpan.Zero);

    private static async Task<Figures> FollowAsync(Measurement run, LoadClient client, TimeSpan over)
    {
        var conversations = await client.ConversationsAsync(Streams, FakeLangflow.FirstFlow);
        return await RunsLoad.FollowAsync(
            run, client, conversations, conversation => client.AskAsync(conversation, Script(RunsLoad.Chunks(run), padding: 0)), over);
    }

    /// <summary>One flow after the other, each with a second of text and a long end; returns how many there were.</summary>
    private static async Task<int> EndLongAsync(LoadClient client, CancellationToken enough)
    {
        var ended = 0;
        while (!enough.IsCancellationRequested)
        {
            var conversation = (await client.ConversationsAsync(1, FakeLangflow.FirstFlow))[0];
            using var socket = await client.FollowAsync(conversation);
            var reading = RunsLoad.ReadAsync(socket, RunsLoad.PerSecond, LoadLoop.NewHistogram(), steps: null);
            await client.AskAsync(conversation, Script(RunsLoad.PerSecond, LongEnd));
            await reading;
            ended++;
        }

        return ended;
    }

    private static string Script(int chunks, int padding) =>
        string.Create(CultureInfo.InvariantCulture, $"chunks={chunks}&padding={padding}");

    private static async Task SpeakAsync(FakeRun run)
    {
        var script = QueryHelpers.ParseQuery(run.Input);
        int Number(string name) => int.Parse(script[name].ToString(), CultureInfo.InvariantCulture);
        var step = new string('s', StepLength);
        var text = new StringBuilder();
        await run.SendAsync(run.Events.User(run.Input!), run.Events.Message("m-1", "", partial: true));
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / RunsLoad.PerSecond));
        for (var i = 1; i <= Number("chunks"); i++)
        {
            await pace.WaitForNextTickAsync(run.Token);
            var stamp = SimulatedScript.Stamp(TimeProvider.System.GetTimestamp());
            text.Append(stamp);
            await run.SendAsync(run.Events.Token("m-1", stamp));
            if (i % RunsLoad.PerSecond == 0)
            {
                await run.SendAsync(run.Events.Message("a-1", "", partial: true, tools: [FakeEvents.Tool("search", new { step }, "found")]));
            }
        }

        await run.SendAsync(run.Events.End(new string('x', Number("padding")), ("m-1", text.ToString())));
    }
}
