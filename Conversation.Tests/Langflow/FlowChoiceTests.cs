using System.Collections.Concurrent;
using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Langflow;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Conversation.Tests.Langflow;

/// <summary>Which flow answers: the conversation's, else the default, else a provisioned one, else a discovered one, else none.</summary>
[TestFixture]
internal sealed class FlowChoiceTests
{
    private const string Second = "6f1a2b3c-0000-4000-8000-000000000002";

    [Test]
    public async Task Flow_OfTheConversation_WinsAndIsNotChosenAgain()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var driver = LangflowDriver.Create(fake, settings => settings with { DefaultFlowId = FakeLangflow.FirstFlow });

        var outputs = await driver.RunAsync(LangflowDriver.Context(Second));

        Assert.That((await fake.NextRunAsync()).Flow, Is.EqualTo(Second));
        Assert.That(outputs.OfType<AgentChosen>(), Is.Empty);
    }

    [Test]
    public async Task Flow_Default_IsUsedAndBound()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var driver = LangflowDriver.Create(fake, settings => settings with { DefaultFlowId = Second });

        var outputs = await driver.RunAsync(LangflowDriver.Context(flow: null));

        Assert.That(outputs[1], Is.EqualTo(new AgentChosen(Second)));
        Assert.That(fake.Count("GET /api/v1/flows"), Is.Zero);
    }

    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task Flow_Discovered_IsTheFirstThatIsNoComponent(LangflowProfile profile)
    {
        await using var fake = await FakeLangflow.StartAsync(profile);
        await using var driver = LangflowDriver.Create(fake);

        var outputs = await driver.RunAsync(LangflowDriver.Context(flow: null));

        Assert.That(outputs[1], Is.EqualTo(new AgentChosen(FakeLangflow.FirstFlow)));
        Assert.That(fake.Requests, Has.Some.EqualTo("GET /api/v1/flows/?header_flows=true&remove_example_flows=true"));
    }

    [Test]
    public async Task Flow_NoneListed_SaysSo()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flows.RemoveRange(1, 2);
        await using var driver = LangflowDriver.Create(fake);

        var (said, failure) = await driver.FailAsync(LangflowDriver.Context(flow: null));

        Assert.That(failure.Code, Is.EqualTo("no_flows_found"));
        Assert.That(said, Is.EqualTo(new[] { new Notice("info", "langflow_authenticated"), new Notice("warn", "no_flows_found") }));
    }

    [Test]
    public async Task Flow_ThatCannotBeRun_IsNotBound()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var driver = LangflowDriver.Create(fake, settings => settings with { DefaultFlowId = "gone" });

        var (said, failure) = await driver.FailAsync(LangflowDriver.Context(flow: null));

        Assert.That((failure.Code, said.OfType<AgentChosen>().Count()), Is.EqualTo(("flow_not_found", 0)));
    }

    [TestCase("flow_id", "")]
    [TestCase("flow_id", "/api")]
    [TestCase("id", "/api/v1")]
    [TestCase("deployment", "")]
    public async Task Flow_Provisioned_IsUsed(string where, string root)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var service = await Provisioner.StartAsync(http => http.Response.WriteAsJsonAsync(
            where == "deployment" ? new Dictionary<string, object> { [where] = new { flow_id = Second } } : new() { [where] = Second }));
        await using var driver = LangflowDriver.Create(
            fake,
            settings => settings with { AgentRuntimeServiceUrl = new Uri(service.Address, root) },
            services: services => services.AddSingleton<MachineTokenSource>(_ => Task.FromResult<string?>("machine")));

        var outputs = await driver.RunAsync(LangflowDriver.Context(flow: null, input: "Plan a trip"));

        Assert.That(outputs[1], Is.EqualTo(new AgentChosen(Second)));
        Assert.That(service.Requests.Single(), Is.EqualTo(("/api" + (root == "/api" ? "" : "/v1") + "/agents/provision", "Bearer machine", "Plan a trip")));
    }

    /// <summary>Python's name of it, which .NET does not know.</summary>
    [TestCase("application/json; charset=utf8")]
    [TestCase("text/plain")]
    public async Task Flow_ProvisionedInAnyType_IsUsed(string type)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var service = await Provisioner.StartAsync(http =>
        {
            http.Response.ContentType = type;
            return http.Response.WriteAsync($$"""{"flow_id":"{{Second}}"}""");
        });
        await using var driver = LangflowDriver.Create(fake, settings => settings with { AgentRuntimeServiceUrl = service.Address });

        Assert.That((await driver.RunAsync(LangflowDriver.Context(flow: null)))[1], Is.EqualTo(new AgentChosen(Second)));
    }

    [TestCase(401)]
    [TestCase(404)]
    [TestCase(503)]
    [TestCase(200)]
    [TestCase(0)]
    public async Task Flow_ProvisionerFails_IsDiscovered(int status)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var service = await Provisioner.StartAsync(http =>
        {
            if (status == 0)
            {
                return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
            }

            http.Response.StatusCode = status;
            return http.Response.WriteAsync("{\"detail\":\"No flows discovered in Langflow\"}");
        });
        await using var driver = LangflowDriver.Create(
            fake,
            settings => settings with { AgentRuntimeServiceUrl = service.Address },
            options => options with { ProvisionPatience = TimeSpan.FromMilliseconds(300) });

        var outputs = await driver.RunAsync(LangflowDriver.Context(flow: null));

        Assert.That(outputs[1], Is.EqualTo(new AgentChosen(FakeLangflow.FirstFlow)));
    }

    /// <summary>The agent runtime service.</summary>
    private sealed class Provisioner(WebApplication app) : IAsyncDisposable
    {
        public Uri Address => new(app.Urls.First());

        public ConcurrentQueue<(string Path, string Authorization, string Description)> Requests { get; } = [];

        public static async Task<Provisioner> StartAsync(Func<HttpContext, Task> answer)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var service = new Provisioner(app);
            app.Run(async http =>
            {
                var body = await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body);
                service.Requests.Enqueue((
                    http.Request.Path.Value!, http.Request.Headers.Authorization.ToString(), body.GetProperty("description").GetString()!));
                await answer(http);
            });
            await app.StartAsync().OrTimeout();
            return service;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
