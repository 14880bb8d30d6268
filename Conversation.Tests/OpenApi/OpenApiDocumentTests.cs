using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Conversation.Api.OpenApi;
using Conversation.Data.Log;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.OpenApi;

/// <summary>The document is a reviewed file that a public linter finds no fault with; AsyncAPI and the protocol stand beside it.</summary>
[TestFixture]
internal sealed partial class OpenApiDocumentTests
{
    /// <summary>Set it to 1 to write the snapshot anew; review the difference.</summary>
    private const string Refresh = "UPDATE_SNAPSHOTS";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly string Snapshot = Path.Combine(Checkout.Root, "Conversation.Tests", "OpenApi", "openapi.json");

    private ApiHost _host = null!;
    private ApiClient _client = null!;
    private JsonElement _document;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync();
        _client = _host.As(token: null!);
        _document = await _client.GetAsync("/openapi.json");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task Document_IsAsReviewed()
    {
        var current = JsonSerializer.Serialize(_document, Indented) + "\n";
        if (Environment.GetEnvironmentVariable(Refresh) == "1")
        {
            await File.WriteAllTextAsync(Snapshot, current);
        }

        Assert.That(
            current, Is.EqualTo(await File.ReadAllTextAsync(Snapshot)), $"The API changed. {Refresh}=1 dotnet test writes the new document; review it.");
    }

    [Test]
    public async Task Linter_FindsNoFault()
    {
        var file = Path.Combine(Path.GetTempPath(), $"openapi-{Guid.CreateVersion7():N}.json");
        await File.WriteAllTextAsync(file, _document.GetRawText());
        try
        {
            Assert.That(await NpmTools.RunAsync("lint-openapi.mjs", file), Is.Empty);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public void Operations_SayWhatTheyDoAndHowTheyFail()
    {
        var operations = Operations().ToList();
        Assert.Multiple(() =>
        {
            Assert.That(operations.Select(one => one.GetProperty("operationId").GetString()), Is.Unique);
            foreach (var operation in operations)
            {
                var name = operation.GetProperty("operationId").GetString();
                var responses = operation.GetProperty("responses").EnumerateObject().ToDictionary(one => one.Name, one => one.Value);
                Assert.That(operation.GetProperty("summary").GetString(), Is.Not.Empty, name);
                Assert.That(responses.Keys, Has.Some.StartsWith("2").And.Some.StartsWith("5"), name);
                Assert.That(
                    responses.Where(one => one.Key[0] is '4' or '5').Select(one => one.Value.GetProperty("content").TryGetProperty("application/problem+json", out _)),
                    Is.All.True,
                    name);
                if (operation.TryGetProperty("security", out var security))
                {
                    Assert.That(security.EnumerateArray().SelectMany(one => one.EnumerateObject()).Select(one => one.Name), Is.EquivalentTo(new[] { "User", "M2M" }), name);
                    Assert.That(responses.Keys, Does.Contain("401").And.Contain("503"), name);
                }
            }
        });
    }

    [Test]
    public async Task Protocol_StandsBesideIt()
    {
        var description = _document.GetProperty("info").GetProperty("description").GetString();
        foreach (var (path, file) in new[] { (ProtocolDocuments.Protocol, "protocol.md"), (ProtocolDocuments.AsyncApi, "asyncapi.yaml") })
        {
            Assert.That(description, Does.Contain(path));
            Assert.That(await _client.Http.GetStringAsync(path), Is.EqualTo(await File.ReadAllTextAsync(Docs(file))));
        }
    }

    [Test]
    public async Task AsyncApi_IsValidAndKnowsEveryEvent()
    {
        var seen = JsonElement.Parse(await NpmTools.RunAsync("check-asyncapi.mjs", Docs("asyncapi.yaml")));
        var text = await File.ReadAllTextAsync(Docs("asyncapi.yaml"));

        Assert.Multiple(() =>
        {
            Assert.That(seen.GetProperty("version").GetString(), Does.StartWith("3."));
            Assert.That(seen.GetProperty("operations").GetArrayLength(), Is.EqualTo(5));
            Assert.That(Events().Where(type => !text.Contains(type, StringComparison.Ordinal)), Is.Empty);
        });
    }

    [Test]
    public async Task Protocol_TableOfFrames_KnowsEveryEvent()
    {
        var table = (await File.ReadAllTextAsync(Docs("protocol.md"))).Split("## Applying frames")[0];
        var written = Row().Matches(table).SelectMany(row => Names(row.Groups[1].Value)).ToHashSet();
        Assert.That(Events().Where(type => !written.Contains(type)), Is.Empty);
    }

    /// <summary>"`message.created`, `.updated`" stands for two names.</summary>
    private static IEnumerable<string> Names(string cell)
    {
        var names = Code().Matches(cell).Select(match => match.Groups[1].Value).ToList();
        return names.Select(name => name.StartsWith('.') ? names[0].Split('.')[0] + name : name);
    }

    private static IEnumerable<string> Events() =>
        typeof(EventTypes).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);

    private static string Docs(string file) => Path.Combine(Checkout.Root, "docs", file);

    private IEnumerable<JsonElement> Operations() =>
        _document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()).Select(operation => operation.Value);

    [GeneratedRegex(@"^\| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex Code();
}
