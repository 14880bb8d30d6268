using Conversation.Api.Configuration;
using Conversation.Api.Langflow;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Langflow;

/// <summary>Nothing could be begun: in production that is what everyone is told, elsewhere a simulated answer stands in and says why.</summary>
[TestFixture]
internal sealed class LangflowRefusalWalkTests
{
    private const string NoLogin = "Langflow has no automatic login, and LANGFLOW_API_KEY is not set.";

    [TestCaseSource(nameof(Replies))]
    public async Task Run_Refused_SaysWhatHappened(int status, string? json, Sight sight)
    {
        await using var walk = await LangflowWalk.StartInProductionAsync(LangflowProfile.V1Dot8);
        walk.Fake.Answer("/api/v1/run", status, json);

        sight.Check(await walk.SayAsync());
        Assert.That(walk.Fake.Count("POST /api/v1/run"), Is.EqualTo(1), "A run is never repeated.");
    }

    [TestCaseSource(nameof(Logins))]
    public async Task AutoLogin_OfEveryKind_SaysWhatHappened(Action<FakeLangflow> arrange, Sight sight)
    {
        await using var walk = await LangflowWalk.StartInProductionAsync(LangflowProfile.V1Dot8, Quick);
        arrange(walk.Fake);

        sight.Check(await walk.SayAsync());
    }

    [Test]
    public async Task Flows_NoneListed_SaysSo()
    {
        await using var walk = await LangflowWalk.StartInProductionAsync(LangflowProfile.V1Dot8);
        walk.Fake.Flows.RemoveRange(1, 2);

        Sight.Nothing("no_flows_found", "No flow is configured, and Langflow lists none.", Sight.Authenticated, "warn no_flows_found")
            .Check(await walk.SayAsync(metadata: new { }));
    }

    /// <summary>Its refusal is no refusal of the key, which would be minted anew.</summary>
    [Test]
    public async Task Workflows_SwitchedOff_SaysSo()
    {
        await using var walk = await LangflowWalk.StartAsync(
            LangflowProfile.V1Dot11, settings => settings with { Environment = ServiceEnvironments.Production, LangflowApi = "workflows" }, Quick);
        walk.Fake.WorkflowsAreOn = false;

        Sight.Nothing("langflow_unavailable", "The workflows API is switched off in Langflow.").Check(await walk.SayAsync());
    }

    [Test]
    public async Task Server_Gone_SaysSo()
    {
        await using var walk = await LangflowWalk.StartInProductionAsync(LangflowProfile.V1Dot8, Quick);
        await walk.Fake.DisposeAsync();

        Sight.Nothing("langflow_unavailable", "Langflow does not answer.", Sight.Refused).Check(await walk.SayAsync());
    }

    [Test]
    public async Task Elsewhere_NothingCouldBeBegun_IsSimulatedAndSaysWhy(
        [Values(ServiceEnvironments.Development, ServiceEnvironments.Testing)] string environment,
        [Values("login", "flows", "flow", "gone")] string what)
    {
        await using var walk = await LangflowWalk.StartAsync(
            LangflowProfile.V1Dot8, settings => settings with { Environment = environment }, Quick);
        if (what == "gone")
        {
            await walk.Fake.DisposeAsync();
        }

        walk.Fake.AutoLogin = what != "login";
        walk.Fake.Flows.Clear();
        var sight = what switch
        {
            "login" => Sight.Simulated($"Langflow could not be used: {NoLogin}", Sight.Refused),
            "gone" => Sight.Simulated("Langflow could not be used: Langflow does not answer.", Sight.Refused),
            "flow" => Sight.Simulated("Langflow could not be used: The flow was not found in Langflow."),
            _ => Sight.Simulated(
                "Langflow could not be used: No flow is configured, and Langflow lists none.", Sight.Authenticated, "warn no_flows_found"),
        };

        sight.Check(await walk.SayAsync(metadata: what == "flows" ? new { } : null));
    }

    private static IEnumerable<TestCaseData> Replies()
    {
        const string NotFound = "The flow was not found in Langflow.";
        var refused = Sight.Nothing("langflow_auth_failed", "Langflow refused the credential.", Sight.Refused);
        yield return Reply(200, null, Sight.Nothing("flow_not_found", NotFound));
        yield return Reply(302, null, Sight.Nothing("langflow_unavailable", "Langflow answered with status 302."));
        yield return Reply(401, """{"detail":"Could not validate credentials"}""", refused);
        yield return Reply(403, """{"detail":"Invalid or missing API key"}""", refused);
        yield return Reply(403, """{"detail":"An API key must be passed as query or header"}""", refused);
        yield return Reply(403, """{"detail":"Since v1.5, LANGFLOW_AUTO_LOGIN requires a valid API key."}""", refused);
        yield return Reply(
            403,
            """{"detail":"You do not have permission to run this flow"}""",
            Sight.Nothing("flow_not_found", "The flow is another Langflow user's."));
        yield return Reply(404, """{"detail":"Flow identifier x not found"}""", Sight.Nothing("flow_not_found", NotFound));
        yield return Reply(
            422,
            """{"detail":[{"type":"json_invalid","loc":["body"],"msg":"JSON decode error"}]}""",
            Sight.Nothing("flow_failed", "JSON decode error", Sight.Authenticated));
        yield return Reply(
            500,
            """{"detail":"{\"message\":\"Error running graph: Error building Component OpenAI: \\n\\nbad key\",\"traceback\":null}"}""",
            Sight.Nothing("flow_failed", "Error running graph: Error building Component OpenAI: bad key", Sight.Authenticated));
        yield return Reply(500, """{"message":"boom"}""", Sight.Nothing("flow_failed", "boom", Sight.Authenticated));
        yield return Reply(503, null, Sight.Nothing("langflow_unavailable", "Langflow answered with status 503."));
    }

    private static IEnumerable<TestCaseData> Logins()
    {
        var whole = Sight.Whole("Hello from Langflow.");
        var none = Sight.Nothing("langflow_auth_failed", NoLogin, Sight.Refused);
        yield return Login("on", whole, _ => { });
        yield return Login("off", none, fake => fake.AutoLogin = false);
        yield return Login("a page", none, fake => fake.Answer("/api/v1/auto_login", 200, null));
        yield return Login("not there", none, fake => fake.Answer("/api/v1/auto_login", 404, """{"detail":"Not Found"}"""));
        yield return Login("no user yet", whole, fake => fake.LoginsBeforeUser = 2);
        yield return Login("never a user", none, fake => fake.LoginsBeforeUser = 100);
        yield return Login("slow", whole, fake =>
        {
            var slow = 1;
            fake.Override = async http => Interlocked.Decrement(ref slow) >= 0 && await HangAsync(http, "/api/v1/auto_login");
        });
        var silent = Sight.Nothing("langflow_unavailable", "Langflow does not answer.", Sight.Refused);
        yield return Login("never answered", silent, fake => fake.Override = http => HangAsync(http, "/api/v1/auto_login"));
        yield return Login("answered, but no key is", silent, fake => fake.Override = http => HangAsync(http, "/api/v1/api_key"));
    }

    private static async Task<bool> HangAsync(HttpContext http, string path)
    {
        if (!http.Request.Path.StartsWithSegments(path, StringComparison.Ordinal))
        {
            return false;
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        return true;
    }

    private static LangflowOptions Quick(LangflowOptions options) =>
        options with { RetryPause = TimeSpan.FromMilliseconds(5), Patience = TimeSpan.FromMilliseconds(500) };

    private static TestCaseData Reply(int status, string? json, Sight sight) =>
        new TestCaseData(status, json, sight).SetArgDisplayNames($"{status} {json ?? "a page"}");

    private static TestCaseData Login(string name, Sight sight, Action<FakeLangflow> arrange) =>
        new TestCaseData(arrange, sight).SetArgDisplayNames(name);
}
