using System.Net.Http.Headers;
using System.Text;
using Conversation.Tests.Infrastructure;
using Conversation.Tests.Transfer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Auth;

/// <summary>Every endpoint of the running service against every kind of caller. One that is not in the table fails.</summary>
[TestFixture]
internal sealed class AuthorizationMatrixTests
{
    private const string Text = """{"role":"system","content":"x"}""";

    /// <summary>What each endpoint is about, and a body that it takes. Realtime doors are tried by other means as well.</summary>
    private static readonly Dictionary<string, (Reach Reach, string? Body)> Table = new()
    {
        ["GET health"] = (Reach.Public, null),
        ["GET health/live"] = (Reach.Public, null),
        ["GET health/ready"] = (Reach.Public, null),
        ["POST dev/token"] = (Reach.Public, null),
        ["GET conversations"] = (Reach.Caller, null),
        ["POST conversations"] = (Reach.Caller, "{}"),
        ["GET conversations/{conversationId}"] = (Reach.Owned, null),
        ["PATCH conversations/{conversationId}"] = (Reach.Owned, """{"title":"x"}"""),
        ["DELETE conversations/{conversationId}"] = (Reach.Owned, null),
        ["GET conversations/{conversationId}/export"] = (Reach.Owned, null),
        ["POST conversations/import"] = (Reach.Caller, TransferFile.Of("x")),
        ["GET conversations/{conversationId}/messages"] = (Reach.Owned, null),
        ["POST conversations/{conversationId}/messages"] = (Reach.Owned, Text),
        ["GET conversations/{conversationId}/messages/{messageId}"] = (Reach.Owned, null),
        ["PATCH conversations/{conversationId}/messages/{messageId}"] = (Reach.Owned, """{"content":"y"}"""),
        ["DELETE conversations/{conversationId}/messages/{messageId}"] = (Reach.Owned, null),
        ["GET conversations/{conversationId}/runs"] = (Reach.Owned, null),
        ["POST conversations/{conversationId}/runs"] = (Reach.Owned, "{}"),
        ["GET conversations/{conversationId}/events"] = (Reach.Owned, null),
        ["GET runs/{runId}"] = (Reach.Owned, null),
        ["POST runs/{runId}/cancel"] = (Reach.Owned, null),
        ["ANY hubs/conversations"] = (Reach.Realtime, null),
        ["ANY hubs/conversations/negotiate"] = (Reach.Realtime, null),
        ["ANY ws/conversations/{conversationId}"] = (Reach.Realtime, null),
    };

    private ApiHost _host = null!;
    private Tripwire _tripwire = null!;
    private ApiClient _owner = null!;

    private enum Reach
    {
        Public,
        Caller,
        Owned,
        Realtime,
    }

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync();
        _tripwire = new Tripwire();
        _owner = _host.AsUser();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _owner?.Dispose();
        _tripwire.Dispose();
        await _host.DisposeAsync();
    }

    [Test]
    public void Endpoints_AllAreInTheTable() => Assert.That(Endpoints(), Is.SubsetOf(Table.Keys).And.Count.GreaterThan(15));

    [Test]
    public async Task Endpoints_WithoutAValidToken_Answer401()
    {
        var target = await TargetAsync();
        var tokens = HostileTokens.All(_tripwire.Address).Append((Name: "none at all", Token: ""));
        foreach (var (name, token) in tokens)
        {
            foreach (var endpoint in Endpoints().Where(endpoint => Table[endpoint].Reach != Reach.Public))
            {
                Assert.That(await AskAsync(endpoint, target, token), Is.EqualTo(401), $"{endpoint} with {name}");
            }
        }

        Assert.That(_tripwire.WasTouched, Is.False);
    }

    [Test]
    public async Task Endpoints_OwnerAndMachine_ReachThem()
    {
        foreach (var endpoint in Endpoints().Where(endpoint => Table[endpoint].Reach is Reach.Caller or Reach.Owned))
        {
            foreach (var token in new[] { _owner.Token!, TestTokens.Machine() })
            {
                // 409: the message is still being answered, which whoever may not reach it is not told.
                Assert.That(await AskAsync(endpoint, await TargetAsync(), token), Is.InRange(200, 299).Or.EqualTo(409), endpoint);
            }
        }
    }

    [Test]
    public async Task Endpoints_Stranger_FindsNothing()
    {
        var target = await TargetAsync();
        foreach (var endpoint in Endpoints().Where(endpoint => Table[endpoint].Reach == Reach.Owned))
        {
            Assert.That(await AskAsync(endpoint, target, TestTokens.User(Guid.CreateVersion7())), Is.EqualTo(404), endpoint);
        }
    }

    [Test]
    public async Task Endpoints_Public_NeedNoToken()
    {
        foreach (var endpoint in Endpoints().Where(endpoint => Table[endpoint].Reach == Reach.Public))
        {
            Assert.That(await AskAsync(endpoint, await TargetAsync(), token: ""), Is.EqualTo(200), endpoint);
        }
    }

    [Test]
    public async Task List_Stranger_SeesNothingOfOthers()
    {
        await TargetAsync();
        using var stranger = _host.AsUser();
        Assert.That((await stranger.GetAsync("/conversations")).GetArrayLength(), Is.Zero);
    }

    private List<string> Endpoints() =>
    [
        .. _host.Services.GetServices<EndpointDataSource>()
            .SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
                .Where(method => method != "OPTIONS")
                .DefaultIfEmpty("ANY")
                .Select(method => $"{method} {endpoint.RoutePattern.RawText!.Trim('/')["api/v1/".Length..]}"))
            .Distinct(),
    ];

    private async Task<Target> TargetAsync()
    {
        var conversation = await _owner.CreateConversationAsync();
        var message = await _owner.SayAsync(conversation, "Hello");
        return new Target(conversation, message.GetProperty("id").GetGuid(), message.GetProperty("run_id").GetGuid());
    }

    private async Task<int> AskAsync(string endpoint, Target target, string token)
    {
        var parts = endpoint.Split(' ');
        var path = parts[1]
            .Replace("{conversationId}", target.Conversation.ToString())
            .Replace("{messageId}", target.Message.ToString())
            .Replace("{runId}", target.Run.ToString());
        using var request = new HttpRequestMessage(new HttpMethod(parts[0] == "ANY" ? "GET" : parts[0]), $"{ApiClient.Root}/{path}");
        if (token.Length > 0)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        request.Content = Table[endpoint].Body is { } body ? new StringContent(body, Encoding.UTF8, path.EndsWith("/import") ? TransferFile.MediaType : "application/json") : null;
        using var anonymous = _host.As(token: null!);
        using var response = await anonymous.Http.SendAsync(request, Patience.Token);
        return (int)response.StatusCode;
    }

    private sealed record Target(Guid Conversation, Guid Message, Guid Run);
}
