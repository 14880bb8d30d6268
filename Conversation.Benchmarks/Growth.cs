using System.Globalization;
using Npgsql;

namespace Conversation.Benchmarks;

/// <summary>How the cost of one operation grows with the number of things that there are. It should not.</summary>
internal static class Growth
{
    public const string Messages = "list the last 50, by messages in the conversation";
    public const string Posts = "POST, by messages in the conversation";
    public const string Conversations = "list 50 conversations, by conversations of the caller";
    public const string Followers = "one frame, by followers";
    public const string Streams = "one chunk, by runs at once";
    private const string Cpu = "CPU of service and PostgreSQL";
    private const int Connections = 8;
    private const int MostFramesASecond = 10_000;

    /// <summary>What grows, for the plots.</summary>
    public static IReadOnlyList<string> Series { get; } = [Messages, Posts, Conversations, Followers, Streams];

    public static Task RunAsync(Bench bench) => bench.ServiceAsync(async run =>
    {
        await using var source = NpgsqlDataSource.Create(bench.ConnectionString);
        using var client = await LoadClient.CreateAsync(run, Connections);
        foreach (var count in (int[])[1_000, 10_000, 100_000, 1_000_000])
        {
            var conversation = (await client.ConversationsAsync(1))[0];
            await Filling.MessagesAsync(source, conversation, count, isBare: false);
            Note(bench, Messages, count, await LoadLoop.MeasureAsync("", run, Connections, _ => client.GetAsync(client.ListPath(conversation, isKept: false))));
            Note(bench, Posts, count, await LoadLoop.MeasureAsync("", run, Connections, _ => client.PostAsync(conversation)));
        }

        foreach (var followers in (int[])[10, 100, 1_000, 10_000])
        {
            var perSecond = Math.Clamp(MostFramesASecond / followers, 1, 100);
            Note(bench, Followers, followers, await WarmAsync(run, warm => FollowersLoad.RunAsync(warm, followers, perSecond)));
        }

        foreach (var streams in (int[])[1, 10, 100, 1_000])
        {
            Note(bench, Streams, streams, await WarmAsync(run, warm => RunsLoad.RunAsync(warm, streams)));
        }

        // Last: the caller has them from now on.
        var owner = await client.OwnerAsync();
        var have = 0;
        foreach (var count in (int[])[1_000, 10_000, 100_000, 1_000_000])
        {
            await Filling.ConversationsAsync(source, owner, count - have);
            have = count;
            Note(bench, Conversations, count, await LoadLoop.MeasureAsync("", run, Connections, _ => client.GetAsync("/api/v1/conversations/?limit=50")));
        }
    });

    /// <summary>Warm first, because the smallest number comes first and would pay for the compiler.</summary>
    private static async Task<Figures> WarmAsync(Measurement run, Func<Measurement, Task<Figures>> measure)
    {
        await run.WarmAsync(measure);
        return await measure(run);
    }

    private static void Note(Bench bench, string what, int count, Figures figures)
    {
        var subject = count.ToString(CultureInfo.InvariantCulture);
        bench.Note(new Reading(what, subject, Cpu, figures.Cpu, "us"));
        bench.Note(new Reading(what, subject, "p50", figures.P50, "ms"));
    }
}
