using System.Globalization;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Data.Postgres;
using Conversation.Migrations.Runner;
using Npgsql;

namespace Conversation.Benchmarks;

/// <summary>Runs the measurements, each beside its yardstick, on a PostgreSQL of its own that waits for the disk as in production.</summary>
internal static class Suite
{
    /// <summary>The name of all parts together.</summary>
    public const string Everything = "all";

    private const int DefaultSeconds = 10;

    /// <summary>The parts by name, in the order in which all of them run.</summary>
    public static IReadOnlyDictionary<string, Func<Bench, Task>> Parts { get; } = new Dictionary<string, Func<Bench, Task>>
    {
        ["post"] = async bench =>
        {
            await bench.BothAsync(async run => bench.Note(await PostLoad.RunAsync(run)));
            await PgBench.RunAsync(bench);
            await bench.ServiceAsync(async run => bench.Note(await PostLoad.RunAsync(run, withKeys: true)));
            await bench.ServiceAsync(async run => bench.Note(await PostLoad.RunAsync(run) with { What = PostLoad.Logged }), loggingLevel: "INFO");
        },
        ["list"] = async bench =>
        {
            await bench.BothAsync(async run => bench.Note(await ListLoad.RunAsync(run, 10_000)));
            await bench.ServiceAsync(async run => bench.Note(await ListLoad.RunAsync(run, 10_000, isKept: false)));
            await bench.ServiceAsync(async run => bench.Note(await ListLoad.RunAsync(run, 1_000_000, isKept: false)));
        },
        ["followers"] = async bench =>
        {
            await bench.BothAsync(run => WarmAsync(bench, run, warm => FollowersLoad.RunAsync(warm, followers: 1000, perSecond: 20)));
            await bench.BothAsync(run => WarmAsync(bench, run, warm => FollowersLoad.RunAsync(warm, followers: 100, perSecond: 100)));
        },
        ["runs"] = bench => bench.ServiceAsync(run => WarmAsync(bench, run, warm => RunsLoad.RunAsync(warm, streams: 200))),
        ["langflow"] = LangflowLoad.RunAsync,
        ["stalled"] = bench => bench.BothAsync(async run =>
        {
            await WarmAsync(bench, run, warm => GroupLoad.RunAsync(warm, stalled: 0));
            bench.Note(await GroupLoad.RunAsync(run, stalled: 1));
        }),
        ["nodes"] = SecondNodeLoad.RunAsync,
        ["idle"] = IdleLoad.RunAsync,
        ["start"] = StartLoad.RunAsync,
        ["growth"] = Growth.RunAsync,
        ["micro"] = Micro.MicroSuite.RunAsync,
    };

    private static async Task WarmAsync(Bench bench, Measurement run, Func<Measurement, Task<Figures>> measure)
    {
        await run.WarmAsync(measure);
        bench.Note(await measure(run));
    }

    /// <summary>One part, or all of them, which then make docs/benchmarks.md.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var seconds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : DefaultSeconds;
        var isAll = args is [] or [Everything, ..];
        var results = new Results(seconds, Machine.Words);
        await using (var bench = await Bench.StartAsync(results, TimeSpan.FromSeconds(seconds)))
        {
            foreach (var (name, part) in Parts.Where(part => isAll || part.Key == args[0]))
            {
                await Console.Error.WriteLineAsync($"{name} ...");
                await part(bench);
            }
        }

        Console.WriteLine(results.ToMarkdown());
        await results.WriteAsync(isAll ? Everything : args[0]);
        if (isAll)
        {
            await Report.BenchmarkReport.WriteAsync(results);
        }

        return 0;
    }
}

/// <summary>The database that the measurements share, and where their figures go.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly EmbeddedPostgresServer _server;
    private readonly string _folder;

    private Bench(EmbeddedPostgresServer server, string folder, Results results, TimeSpan duration)
    {
        _server = server;
        _folder = folder;
        Results = results;
        Duration = duration;
    }

    public Results Results { get; }

    public TimeSpan Duration { get; }

    public TimeSpan WarmUp => WarmUpOf(Duration);

    public string ConnectionString => _server.ConnectionString;

    public int Postmaster => Data.EmbeddedPostgres.Postmaster.Read(Path.Combine(_folder, "data"))!.ProcessId;

    public static TimeSpan WarmUpOf(TimeSpan duration) => TimeSpan.FromSeconds(duration.TotalSeconds >= 4 ? 10 : duration.TotalSeconds);

    public static async Task<Bench> StartAsync(Results results, TimeSpan duration)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"conversation-bench-{Ids.New():N}");
        var server = await EmbeddedPostgresServer.StartAsync(
            new EmbeddedPostgresOptions { Folder = folder, Progress = Console.Error.WriteLine }, CancellationToken.None);
        await DatabaseAdmin.EnsureExistsAsync(server.ConnectionString, CancellationToken.None);
        await new SchemaMigrator(server.ConnectionString, _ => { }).UpgradeAsync(CancellationToken.None);
        return new Bench(server, folder, results, duration);
    }

    /// <summary>The yardstick and the service, one after the other.</summary>
    public async Task BothAsync(Func<Measurement, Task> measure)
    {
        await using (var bare = await Subject.StartBareAsync(ConnectionString))
        {
            await measure(Of(bare, isBare: true));
        }

        await ServiceAsync(measure);
    }

    /// <summary>The service alone.</summary>
    /// <param name="measure">The load.</param>
    /// <param name="loggingLevel">INFO, the default of the service, writes a line for each request.</param>
    public async Task ServiceAsync(Func<Measurement, Task> measure, string loggingLevel = "WARNING")
    {
        await using var service = await Subject.StartServiceAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = ConnectionString,
            ["CONVERSATION_SERVICE_LOGGING_LEVEL"] = loggingLevel,
        });
        await measure(Of(service, isBare: false));
    }

    public Measurement Of(Subject subject, bool isBare) => new(subject, isBare, Postmaster, Duration, ConnectionString);

    public void Note(Figures figures)
    {
        Console.Error.WriteLine(figures);
        Results.Figures.Add(figures);
    }

    public void Note(Reading reading)
    {
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"| {reading.What} | {reading.Subject} | {reading.Quantity} | {reading.Value:G4} {reading.Unit} |"));
        Results.Readings.Add(reading);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>One subject under one load.</summary>
internal sealed record Measurement(Subject Subject, bool IsBare, int Postmaster, TimeSpan Duration, string ConnectionString)
{
    /// <summary>More processes whose time counts as the service's.</summary>
    public int[] Others { get; init; } = [];

    /// <summary>Long enough for the compiler's second tier, the yardstick's too, except where only the way is tried.</summary>
    public TimeSpan WarmUp => Bench.WarmUpOf(Duration);

    /// <summary>
    /// The same load before it counts, twice: what happens at its beginning and its end is called often enough only then for the compiler's
    /// second tier, which is given time to end. After one warm-up 0.5 to 1.3 s of compilation fell into 6 s of 200 runs.
    /// </summary>
    public async Task WarmAsync(Func<Measurement, Task<Figures>> measure)
    {
        for (var i = 0; i < 2; i++)
        {
            await measure(this with { Duration = WarmUp / 2 });
            await SettleAsync();
        }
    }

    /// <summary>Until its garbage is collected and its memory is counted: a fixed time, because a process does not say when.</summary>
    public Task SettleAsync() => Task.Delay(TimeSpan.FromSeconds(Math.Min(3, Duration.TotalSeconds)), TimeProvider.System, CancellationToken.None);

    public long ResidentMebibytes => ResidentBytes / (1024 * 1024);

    public long ResidentBytes
    {
        get
        {
            Subject.Process.Refresh();
            return Subject.Process.WorkingSet64;
        }
    }

    public CpuMeter Cpu => new([Subject.Process.Id, .. Others], Postmaster);
}
