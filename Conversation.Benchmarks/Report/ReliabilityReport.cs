using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Conversation.Benchmarks.Report;

/// <summary>Puts what the fault matrix wrote (artifacts/faults) into the table of docs/reliability.md.</summary>
internal static class ReliabilityReport
{
    private const string Begin = "<!-- the table, made by: dotnet run --project Conversation.Benchmarks -- reliability -->";
    private const string End = "<!-- the end of the table -->";

    public static async Task<int> WriteAsync()
    {
        var folder = Path.Combine(Results.Root, "artifacts", "faults");
        var rows = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.json").Select(file => JsonElement.Parse(File.ReadAllText(file))).ToList()
            : [];
        if (rows.Count == 0)
        {
            await Console.Error.WriteLineAsync($"{folder} holds no rows: run the fault matrix first (README.md, Proving).");
            return 1;
        }

        // Where both forms were run, the full one counts.
        rows =
        [
            .. rows.GroupBy(row => Text(row, "row"))
                .Select(same => same.MinBy(row => Text(row, "form"), StringComparer.Ordinal))
                .OrderBy(row => Text(row, "row"), StringComparer.Ordinal),
        ];
        var page = Path.Combine(Results.Root, "docs", "reliability.md");
        var text = await File.ReadAllTextAsync(page);
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        if (from < 0 || to < from)
        {
            await Console.Error.WriteLineAsync($"{page} has no place for the table.");
            return 1;
        }

        await File.WriteAllTextAsync(page, $"{text[..(from + Begin.Length)]}\n\n{Table(rows)}\n{text[to..]}");
        return 0;
    }

    private static string Table(IReadOnlyList<JsonElement> rows)
    {
        var table = new StringBuilder(
            """
            | fault | form | times | chunks | followers | acknowledged, refused and sent again | answers whole, interrupted | characters wrong | messages wrong | without an end | runs hit, told after | |
            | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |

            """);
        foreach (var row in rows)
        {
            var told = row.TryGetProperty("told_after", out var after)
                ? string.Create(CultureInfo.InvariantCulture, $"{Number(row, "hit")}, {after.GetDouble():F1} s")
                : "";
            var times = row.GetProperty("faults").GetInt64() == 0 ? "throughout" : Number(row, "faults");
            table.Append(
                CultureInfo.InvariantCulture,
                $"| {Text(row, "row")} | {Text(row, "form")} | {times} | {Number(row, "chunks")} | {Number(row, "followers")} "
                + $"| {Number(row, "acknowledged")}, {Number(row, "refused")} | {Number(row, "completed")}, {Number(row, "interrupted")} "
                + $"| {Number(row, "wrong_characters")} | {Number(row, "wrong_messages")} | {Number(row, "unended")} | {told} "
                + $"| {(row.GetProperty("passed").GetBoolean() ? "passed" : "**failed**")} |\n");
        }

        var chunks = rows.Sum(row => row.GetProperty("chunks").GetInt64());
        return table.Append(
            CultureInfo.InvariantCulture,
            $"\n{chunks:N0} chunks in all, on {Machine.Words}.\n").ToString();
    }

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;

    private static string Number(JsonElement row, string name) => row.GetProperty(name).GetInt64().ToString("N0", CultureInfo.InvariantCulture);
}
