using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Architecture;

/// <summary>What holds for every endpoint of the running service.</summary>
[TestFixture]
internal sealed class EndpointRulesTests
{
    /// <summary>The doors that are not REST.</summary>
    private static readonly string[] Realtime = ["/api/v1/hubs/conversations", "/api/v1/ws/conversations/{conversationId}"];

    /// <summary>What needs no token.</summary>
    private static readonly string[] Public = ["api/v1/health", "api/v1/health/live", "api/v1/health/ready", "api/v1/dev/token"];

    private ApiHost _host = null!;
    private List<RouteEndpoint> _endpoints = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync();
        _endpoints = [.. _host.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [Test]
    public void Endpoints_ExceptRealtime_AreControllerActionsWithAttributeRoutes()
    {
        var others = _endpoints
            .Where(endpoint => !Realtime.Any(door => endpoint.RoutePattern.RawText!.StartsWith(door, StringComparison.Ordinal)))
            .Where(endpoint => endpoint.Metadata.GetMetadata<ControllerActionDescriptor>() is not { AttributeRouteInfo: not null } action
                || !typeof(ControllerBase).IsAssignableFrom(action.ControllerTypeInfo))
            .Select(endpoint => endpoint.DisplayName);
        Assert.That(others, Is.Empty);
    }

    [Test]
    public void Endpoints_AreMany() => Assert.That(_endpoints, Has.Count.GreaterThan(15));

    [Test]
    public void Endpoints_ExceptPublic_NeedAToken()
    {
        var open = _endpoints
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
                || endpoint.Metadata.GetMetadata<IAuthorizeData>() is null)
            .Select(endpoint => endpoint.RoutePattern.RawText)
            .Distinct();
        Assert.That(open, Is.EquivalentTo(Public));
    }

    [Test]
    public void Hub_JoinsByGroups()
    {
        var hub = Checkout.Files(".cs").Single(file => file.Path.EndsWith("/ConversationHub.cs", StringComparison.Ordinal)).Text;
        Assert.That(hub, Does.Contain("Groups.AddToGroupAsync").And.Contain("Groups.RemoveFromGroupAsync"));
    }

    [Test]
    public async Task OpenApi_EveryRestRoute_IsDocumented()
    {
        using var client = _host.As(token: null!);
        var document = System.Text.Json.JsonElement.Parse(await client.Http.GetStringAsync($"{ApiClient.Root}/openapi.json"));
        var documented = document.GetProperty("paths").EnumerateObject().Select(path => path.Name.Trim('/'));
        var served = _endpoints
            .Where(endpoint => endpoint.Metadata.GetMetadata<ControllerActionDescriptor>() is not null)
            .Select(endpoint => endpoint.RoutePattern.RawText!.Trim('/'))
            .Distinct();

        Assert.Multiple(() =>
        {
            Assert.That(documented, Is.EquivalentTo(served));
            Assert.That(
                document.GetProperty("components").GetProperty("securitySchemes").EnumerateObject().Select(scheme => scheme.Name),
                Is.EquivalentTo(new[] { "User", "M2M" }));
        });
    }

    [Test]
    public async Task Pages_StartAndSwagger_AreServed()
    {
        using var client = _host.As(token: null!);
        Assert.That(await client.Http.GetStringAsync("/"), Does.Contain("swagger"));
        Assert.That(await client.Http.GetStringAsync("/swagger/index.html"), Does.Contain("swagger-ui"));
    }
}
