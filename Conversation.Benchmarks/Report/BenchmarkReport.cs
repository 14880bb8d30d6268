using System.Globalization;
using System.Text;

namespace Conversation.Benchmarks.Report;

/// <summary>Makes docs/benchmarks.md and its plots from one run of the whole suite.</summary>
internal static class BenchmarkReport
{
    /// <summary>The same from the last run's figures, without measuring: after limits.md was changed.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> AgainAsync()
    {
        await WriteAsync(await Results.ReadAsync(Suite.Everything));
        return 0;
    }

    public static async Task WriteAsync(Results results)
    {
        var docs = Path.Combine(Results.Root, "docs");
        var plots = Directory.CreateDirectory(Path.Combine(docs, "benchmarks")).FullName;
        var text = new StringBuilder(
            $"""
            # Benchmarks

            Made by `dotnet run -c Release --project Conversation.Benchmarks`, {results.Seconds} s for each measurement, on {results.Machine}.
            Service, PostgreSQL and the driver of the load share the machine, so processor time for each operation is the figure to trust; rates
            and latencies also tell how busy the driver was. Yardsticks were measured in the same run: bare Kestrel and Npgsql with an insert
            for each request and raw WebSockets (no validation, tokens, log or runs), plain SignalR groups, pgbench, and, for idle sockets,
            Node.js with ws, which pings as often and says a heartbeat as often. Bare Kestrel runs under the service's settings of .NET and of
            the driver, pgbench under its settings of a session.

            The service is as it is by default, but for the limits of rate and connections, which are off because one caller sends what a crowd
            would, and the lines of its log: one for each request is a row of its own. Every request has the same token.

            ## What the design wants

            | what | goal | measured | reached |
            | --- | --- | --- | --- |

            """);
        foreach (var goal in Goal.All)
        {
            var found = goal.Check(results);
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {goal.What} | {goal.Reach} | {found?.Measured ?? "not measured"} | {(found is null ? "?" : found.Value.Reached ? "yes" : "**no**")} |\n");
        }

        // Written by hand after a look with a profiler; a new run does not know it.
        text.Append('\n').Append(await File.ReadAllTextAsync(Path.Combine(plots, "limits.md")));
        text.Append("\n## Growth\n\nThe cost of one operation while the number of things grows. The vertical axes begin at zero.\n\n");
        for (var i = 0; i < Growth.Series.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"growth-{i + 1}.svg");
            var points = results.Readings
                .Where(reading => reading.What == Growth.Series[i] && reading.Unit == "us")
                .Select(reading => (double.Parse(reading.Subject, CultureInfo.InvariantCulture), reading.Value))
                .ToList();
            if (points.Count > 0)
            {
                await File.WriteAllTextAsync(Path.Combine(plots, name), Plot.Draw($"{Growth.Series[i]}: CPU", "us", points));
                text.Append(CultureInfo.InvariantCulture, $"![{Growth.Series[i]}](benchmarks/{name})\n\n");
            }
        }

        text.Append("## All figures\n\n").Append(results.ToMarkdown()).Append('\n');
        await File.WriteAllTextAsync(Path.Combine(docs, "benchmarks.md"), text.ToString());
    }
}
