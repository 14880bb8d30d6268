using Conversation.Tests.Infrastructure;
using Microsoft.Playwright;

namespace Conversation.Tests.Browser;

/// <summary>A service for the fixture and a fresh browser profile for each test; the console must have been silent at the end.</summary>
[Category("Browser")]
[Category("Long")]
internal abstract class BrowserFixture
{
    private readonly List<ChatPage> _pages = [];

    protected ApiHost Host { get; private set; } = null!;

    protected IBrowserContext Context { get; private set; } = null!;

    /// <summary>True where a test cuts the connection on purpose: the browser says so by itself.</summary>
    protected bool WasCut { get; set; }

    [OneTimeSetUp]
    public async Task StartHostAsync() => Host = await StartAsync();

    [OneTimeTearDown]
    public async Task StopHostAsync()
    {
        if (Host is not null)
        {
            await Host.DisposeAsync();
        }
    }

    [SetUp]
    public async Task NewProfileAsync()
    {
        WasCut = false;
        Context = await Chromium.Browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 1200, Height = 800 },
        });
    }

    [TearDown]
    public async Task CloseProfileAsync()
    {
        var complaints = _pages.SelectMany(page => page.Complaints(WasCut)).ToList();
        _pages.Clear();
        await Context.CloseAsync();
        Assert.That(complaints, Is.Empty, "The console was not silent.");
    }

    protected virtual Task<ApiHost> StartAsync() => ApiHost.StartAsync(settings => settings with { SimulatedPaceMs = 50 });

    protected async Task<ChatPage> OpenAsync(string path = "/", Uri? address = null)
    {
        var page = await ChatPage.OpenAsync(Context, address ?? Host.Address, path);
        _pages.Add(page);
        return page;
    }

    /// <summary>The user that the page is, outside of the browser.</summary>
    protected async Task<ApiClient> SameUserAsync(Uri? address = null)
    {
        using var anonymous = new ApiClient(address ?? Host.Address, token: null);
        using var response = await anonymous.Http.PostAsync($"{ApiClient.Root}/dev/token", content: null);
        var token = (await ApiClient.ReadAsync(response, 200)).GetProperty("access_token").GetString();
        return new ApiClient(address ?? Host.Address, token);
    }

    /// <summary>The contents that the service has stored, in their order.</summary>
    protected static async Task<IReadOnlyList<string>> StoredAsync(ApiClient client, Guid conversation) =>
        [.. (await client.MessagesAsync(conversation)).Select(message => message.GetProperty("content").GetString()!)];
}
