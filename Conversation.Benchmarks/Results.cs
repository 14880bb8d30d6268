using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Conversation.Data.EmbeddedPostgres;

namespace Conversation.Benchmarks;

/// <summary>Everything that one run of the suite measured.</summary>
/// <param name="Seconds">How long each measurement took.</param>
/// <param name="Machine">What it ran on.</param>
internal sealed record Results(int Seconds, string Machine)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public List<Figures> Figures { get; init; } = [];

    public List<Reading> Readings { get; init; } = [];

    /// <summary>The root of the checkout, or where the program was started.</summary>
    public static string Root => EmbeddedPostgresFolder.Checkout(AppContext.BaseDirectory) ?? Environment.CurrentDirectory;

    public Figures? Find(string what, string subject) =>
        Figures.LastOrDefault(figures => figures.What == what && figures.Subject == subject);

    public double? Find(string what, string subject, string quantity) => Readings.LastOrDefault(
        reading => reading.What == what && reading.Subject == subject && reading.Quantity == quantity)?.Value;

    public string ToMarkdown() => string.Join('\n',
    [
        Benchmarks.Figures.Header,
        .. Figures.Select(figures => figures.ToString()),
        "",
        "| what | subject | quantity | value |",
        "| --- | --- | --- | ---: |",
        .. Readings.Select(reading => string.Create(
            CultureInfo.InvariantCulture, $"| {reading.What} | {reading.Subject} | {reading.Quantity} | {reading.Value:G4} {reading.Unit} |")),
    ]);

    /// <summary>What an earlier run has written.</summary>
    public static async Task<Results> ReadAsync(string name) => JsonSerializer.Deserialize<Results>(await File.ReadAllTextAsync(FileOf(name)))!;

    public async Task WriteAsync(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FileOf(name))!);
        await File.WriteAllTextAsync(FileOf(name), JsonSerializer.Serialize(this, Indented));
    }

    private static string FileOf(string name) => Path.Combine(Root, "artifacts", $"benchmarks-{name}.json");
}

/// <summary>The machine in general words: what figures depend on, and nothing that names it.</summary>
internal static class Machine
{
    public static string Words
    {
        get
        {
            var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024.0 * 1024 * 1024);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{Environment.ProcessorCount} cores, {memory:F0} GiB of memory, {System()}, {RuntimeInformation.FrameworkDescription}");
        }
    }

    private static string System()
    {
        const string Release = "/etc/os-release";
        var name = File.Exists(Release)
            ? File.ReadLines(Release).FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))
            : null;
        return name?["PRETTY_NAME=".Length..].Trim('"') ?? RuntimeInformation.OSDescription;
    }
}
