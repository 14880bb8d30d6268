using System.Globalization;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>
/// A wall clock of one process that can be stepped (Debian's libfaketime). The monotonic clock is left alone, as a step leaves it.
/// </summary>
internal sealed class SteppingClock
{
    /// <summary>Caches of the library and of the HTTP server's date, which is in whole seconds.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    private readonly string _file = TestFolders.New();
    private TimeSpan _offset;

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
            // Otherwise each timed wait of .NET ends at once, and waits again: a node that does nothing took two processors whole.
            ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
        };
    }

    public Dictionary<string, string?> Environment { get; }

    /// <summary>From here on the clock differs from the true one by so much.</summary>
    public void Step(TimeSpan offset)
    {
        _offset = offset;
        File.WriteAllText($"{_file}.next", string.Create(CultureInfo.InvariantCulture, $"{offset.TotalSeconds:+0;-0;+0}\n"));
        // In one step, as the process reads it at any time.
        File.Move($"{_file}.next", _file, overwrite: true);
    }

    /// <summary>Waits until the process itself says the time by this clock: otherwise nothing was stepped.</summary>
    public async Task SeenAsync(Uri process)
    {
        using var http = new HttpClient { BaseAddress = process, Timeout = Patience.Limit };
        using var patience = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            using var response = await http.GetAsync(new Uri($"{ApiClient.Root}/health", UriKind.Relative), patience.Token);
            if ((response.Headers.Date - TimeProvider.System.GetUtcNow() - _offset)?.Duration() < Slack)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }
}
