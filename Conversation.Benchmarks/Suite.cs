using System.Text.Json;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Data.Postgres;
using Conversation.Migrations.Runner;
using Npgsql;

namespace Conversation.Benchmarks;

/// <summary>Runs the measurements, each beside its yardstick, on a PostgreSQL of its own that waits for the disk as in production.</summary>
internal static class Suite
{
    private const int DefaultSeconds = 10;

    public static async Task<int> RunAsync(string[] args)
    {
        var seconds = args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : DefaultSeconds;
        var folder = Path.Combine(Path.GetTempPath(), $"conversation-bench-{Ids.New():N}");
        var figures = new List<Figures>();
        await using (var server = await EmbeddedPostgresServer.StartAsync(
            new EmbeddedPostgresOptions { Folder = folder, Progress = Console.Error.WriteLine }, CancellationToken.None))
        {
            await DatabaseAdmin.EnsureExistsAsync(server.ConnectionString, CancellationToken.None);
            await new SchemaMigrator(server.ConnectionString, _ => { }).UpgradeAsync(CancellationToken.None);
            var postmaster = Postmaster.Read(Path.Combine(folder, "data"))!.ProcessId;
            var selected = args.Length == 0 ? ["post", "list", "followers"] : args[..1];
            foreach (var name in selected)
            {
                foreach (var isBare in (bool[])[true, false])
                {
                    await using var subject = isBare
                        ? await Subject.StartBareAsync(server.ConnectionString)
                        : await Subject.StartServiceAsync(server.ConnectionString);
                    await Console.Error.WriteLineAsync($"{name}: {subject.Name}, {seconds} s ...");
                    var run = new Measurement(subject, isBare, postmaster, TimeSpan.FromSeconds(seconds), server.ConnectionString);
                    figures.AddRange(name switch
                    {
                        "post" => [await PostLoad.RunAsync(run)],
                        "list" => [await ListLoad.RunAsync(run)],
                        _ => await FollowersLoad.RunAsync(run),
                    });
                }
            }

            NpgsqlConnection.ClearAllPools();
        }

        Directory.Delete(folder, recursive: true);
        Console.WriteLine(Figures.Header);
        figures.ForEach(Console.WriteLine);
        var artifact = Directory.CreateDirectory("artifacts").FullName;
        await File.WriteAllTextAsync(Path.Combine(artifact, "benchmarks.json"), JsonSerializer.Serialize(figures));
        return 0;
    }
}

/// <summary>One subject under one load.</summary>
internal sealed record Measurement(Subject Subject, bool IsBare, int Postmaster, TimeSpan Duration, string ConnectionString)
{
    public long ResidentMebibytes
    {
        get
        {
            Subject.Process.Refresh();
            return Subject.Process.WorkingSet64 / (1024 * 1024);
        }
    }

    public CpuMeter Cpu => new(Subject.Process.Id, Postmaster);
}
