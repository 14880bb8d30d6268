using HdrHistogram;

namespace Conversation.Benchmarks;

/// <summary>Followers on another node than the one that writes, with nothing between the two but PostgreSQL.</summary>
internal static class SecondNodeLoad
{
    public const string Events = "events, followers on another node";
    public const string Text = "text, followers on another node";
    public const string Step = "longest step between two ranges";
    private const int Conversations = 20;
    private const int PerSecond = 10;

    public static async Task RunAsync(Bench bench)
    {
        await using var one = await Subject.StartServiceAsync(bench.ConnectionString);
        await using var two = await Subject.StartServiceAsync(bench.ConnectionString);
        var run = bench.Of(one, isBare: false) with { Others = [two.Process.Id] };
        bench.Note(await EventsAsync(run, two));
        var steps = LoadLoop.NewHistogram();
        bench.Note(await RunsLoad.RunAsync(run, Conversations, two, steps) with { What = Text });
        bench.Note(new Reading(Text, Subject.Service, Step, steps.GetMaxValue() / 1_000_000.0, "ms"));
        bench.Note(new Reading(Text, Subject.Service, "step between two ranges, p99", steps.GetValueAtPercentile(99) / 1_000_000.0, "ms"));
        bench.Note(new Reading(Text, Subject.Service, "step between two ranges, p50", steps.GetValueAtPercentile(50) / 1_000_000.0, "ms"));
    }

    private static async Task<Figures> EventsAsync(Measurement run, Subject other)
    {
        using var client = await LoadClient.CreateAsync(run, Conversations);
        var conversations = await client.ConversationsAsync(Conversations);
        var latencies = LoadLoop.NewHistogram();
        var before = run.Cpu.Read();
        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(conversations.Select(conversation => ConverseAsync(client, conversation, other, latencies)));
        return Figures.From(Events, run, latencies, TimeProvider.System.GetElapsedTime(started).TotalSeconds, before, run.Cpu.Read());
    }

    private static async Task ConverseAsync(LoadClient client, Guid conversation, Subject other, LongHistogram latencies)
    {
        using var socket = await client.FollowAsync(conversation, other);
        await FollowersLoad.PostAsync(client, conversation, [socket], PerSecond, latencies);
    }
}
