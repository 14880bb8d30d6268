using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>
/// A wall clock of one process that can be stepped (Debian's libfaketime). The monotonic clock is left alone, as a step leaves it.
/// </summary>
internal sealed class SteppingClock
{
    private readonly string _file = TestFolders.New();

    public SteppingClock()
    {
        var library = Directory.Exists("/usr/lib")
            ? Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu").Select(folder => Path.Combine(folder, "faketime/libfaketimeMT.so.1"))
                .FirstOrDefault(File.Exists)
            : null;
        if (library is null && System.Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Ignore("libfaketime is not installed (Debian: apt-get install faketime).");
        }

        File.WriteAllText(_file, "+0\n");
        Environment = new()
        {
            ["LD_PRELOAD"] = library ?? throw new InvalidOperationException("libfaketime is not installed."),
            ["FAKETIME_TIMESTAMP_FILE"] = _file,
            ["FAKETIME_CACHE_DURATION"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        };
    }

    public Dictionary<string, string?> Environment { get; }

    /// <summary>From here on the clock differs from the true one by so much.</summary>
    public Task StepAsync(string offset) => File.WriteAllTextAsync(_file, $"{offset}\n");
}
