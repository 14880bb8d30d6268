using Microsoft.Playwright;

namespace Conversation.Tests.Browser;

/// <summary>The machine's own Chromium, one for all browser tests. Where there is none they are skipped, but never in CI.</summary>
[SetUpFixture]
internal sealed class Chromium
{
    private static readonly string[] Places =
    [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", @"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];

    private static readonly string[] Flags =
    [
        // Nothing but the test's own traffic leaves the browser; the sandbox needs rights that root in a container does not have.
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private static IPlaywright? _playwright;
    private static IBrowser? _browser;

    public static IBrowser Browser => _browser!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        var program = Array.Find(Places, File.Exists);
        if (program is null)
        {
            Assert.That(Environment.GetEnvironmentVariable("CI"), Is.Null, "Chromium is not installed.");
            Assert.Ignore("Chromium is not installed (on Debian: apt-get install chromium).");
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = program, Args = Flags });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}
