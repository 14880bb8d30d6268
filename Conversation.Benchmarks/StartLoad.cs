using Conversation.Data.Postgres;

namespace Conversation.Benchmarks;

/// <summary>From the start of the process to the first healthy answer, with the private PostgreSQL on a folder that exists.</summary>
internal static class StartLoad
{
    public const string What = "start on an existing data folder";
    public const string Quantity = "to the first healthy answer";
    private const int Times = 5;

    public static async Task RunAsync(Bench bench)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"conversation-bench-{Ids.New():N}");
        var environment = new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = null,
            ["CONVERSATION_SERVICE_POSTGRES_DATA"] = folder,
        };
        var seconds = new List<double>();
        // The first one makes the folder and is not counted.
        for (var i = 0; i <= Times; i++)
        {
            var started = TimeProvider.System.GetTimestamp();
            await using var service = await Subject.StartServiceAsync(environment);
            seconds.Add(TimeProvider.System.GetElapsedTime(started).TotalSeconds);
        }

        Directory.Delete(folder, recursive: true);
        bench.Note(new Reading(What, Subject.Service, Quantity, seconds.Skip(1).Order().ElementAt(Times / 2), "s"));
        bench.Note(new Reading(What, Subject.Service, "the very first, which makes the folder", seconds[0], "s"));
    }
}
