using Conversation.Api.Background;
using Conversation.Api.Errors;
using Conversation.Api.Health;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Conversation.Tests.Errors;

/// <summary>What refused requests are told, whatever they accept, and what the log says of them.</summary>
[TestFixture]
internal sealed class ProblemTests
{
    private const int Unexpected = 200;
    private const int DatabaseAway = 201;

    private LogRecorder _log = null!;

    [SetUp]
    public void NewLog() => _log = new LogRecorder();

    [TearDown]
    public void Dispose() => _log.Dispose();

    [TestCase("text/event-stream")]
    [TestCase("text/html")]
    [TestCase("application/json")]
    public async Task Problem_WhateverIsAccepted_HasItsDetailAndIsNoErrorOfTheService(string accepted)
    {
        await using var host = await StartAsync();
        using var client = host.AsUser();
        client.Http.DefaultRequestHeaders.Add("Accept", accepted);

        using var response = await client.Http.GetAsync($"{ApiClient.Root}/conversations/{Guid.CreateVersion7()}/events");
        var problem = await ApiClient.ReadAsync(response, 404);

        Assert.Multiple(() =>
        {
            Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
            Assert.That(problem.GetProperty("detail").GetString(), Is.EqualTo("Conversation not found."));
            Assert.That(problem.GetProperty("title").GetString(), Is.EqualTo("Not Found"));
            Assert.That(problem.GetProperty("type").GetString(), Does.StartWith("https://"));
            Assert.That(_log.Lines.Where(line => line.Level >= LogLevel.Error), Is.Empty);
        });
    }

    [Test]
    public async Task Problem_OfAFailure_SaysNothingOfIt()
    {
        await using var host = await StartAsync(services: services =>
            services.AddSingleton<Readiness>(_ => throw new InvalidOperationException("secret")));
        using var client = host.AsUser();

        var problem = await client.GetAsync("/health/ready", 500);

        Assert.That(problem.GetRawText(), Does.Not.Contain("secret"));
        Assert.That(_log.Lines.Select(line => line.EventId), Has.Exactly(1).EqualTo(Unexpected));
    }

    [Test]
    public async Task Unready_BecauseTheNodeStops_IsNotLoggedAtEachPoll()
    {
        await using var host = await StartAsync(services: services => services.AddSingleton(new NodeStopOptions { Delay = TimeSpan.FromHours(1) }));
        using var client = host.AsUser();
        _ = host.Services.GetRequiredService<NodeStop>().LeaveAsync();

        var problem = await client.GetAsync("/health/ready", 503);

        Assert.That(problem.GetProperty("detail").GetString(), Is.EqualTo("The service is stopping."));
        Assert.That(_log.Lines.Where(line => line.Category == typeof(ServiceExceptionHandler).FullName), Is.Empty);
    }

    [Test]
    public async Task Unavailable_ForAnotherReasonThanTheDatabase_IsLoggedWithThatReason()
    {
        await using var issuer = await FakeKeySet.StartAsync();
        issuer.IsDown = true;
        await using var host = await StartAsync(issuer.Address);
        using var client = host.AsUser();

        await client.GetAsync("/conversations", 503);

        Assert.That(_log.Lines.Select(line => line.EventId), Has.None.EqualTo(DatabaseAway));
        Assert.That(_log.Lines.Select(line => line.Text), Has.Some.Contains("keys that verify tokens cannot be fetched"));
    }

    private Task<ApiHost> StartAsync(string? keySet = null, Action<IServiceCollection>? services = null) => ApiHost.StartAsync(
        settings => keySet is null ? settings : settings with { UserJwtAlgorithm = "RS256", UserJwtSecretKey = keySet },
        added =>
        {
            added.AddSingleton<ILoggerProvider>(_log);
            services?.Invoke(added);
        });
}
