using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Langflow;

/// <summary>Which credential is used, and how it comes to be.</summary>
[TestFixture]
internal sealed class LangflowKeysTests
{
    [Test]
    public async Task Key_Configured_IsUsedAndNothingIsMinted()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Accept("sk-operator");
        await using var driver = LangflowDriver.Create(fake, settings => settings with { LangflowApiKey = "sk-operator" });

        var outputs = await driver.RunAsync();

        Assert.That(outputs[0], Is.EqualTo(new Notice("info", "langflow_authenticated")));
        Assert.That((fake.Count("GET /api/v1/auto_login"), fake.Minted), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task Key_NotConfigured_IsMintedOnceForManyRuns()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var driver = LangflowDriver.Create(fake);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => driver.RunAsync()));
        await driver.RunAsync();

        Assert.That((fake.Count("GET /api/v1/auto_login"), fake.Minted, fake.Cookies), Is.EqualTo((1, 1, Array.Empty<string>())));
    }

    [Test]
    public async Task Key_Withdrawn_IsReplacedAndTheRunGoesOn()
    {
        var time = new ShiftedTime();
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var driver = LangflowDriver.Create(fake, services: services => services.AddSingleton<TimeProvider>(time));
        await driver.RunAsync();
        fake.WithdrawKeys();
        time.Forward(TimeSpan.FromMinutes(2));

        var outputs = await driver.RunAsync();

        Assert.That(outputs[^1], Is.InstanceOf<AnswerEnd>());
        Assert.That(fake.Minted, Is.EqualTo(2));
    }

    [Test]
    public async Task Key_RefusedAsSoonAsMinted_IsNotFollowedByMore()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Override = async http =>
        {
            if (!http.Request.Path.StartsWithSegments("/api/v1/run", StringComparison.Ordinal))
            {
                return false;
            }

            await FakeLangflow.WriteAsync(http, 403, new { detail = "Invalid or missing API key" });
            return true;
        };
        await using var driver = LangflowDriver.Create(fake);

        for (var i = 0; i < 3; i++)
        {
            Assert.That((await driver.FailAsync()).Failure.Code, Is.EqualTo("langflow_auth_failed"));
        }

        Assert.That(fake.Minted, Is.EqualTo(1));
    }

    [TestCase("disabled")]
    [TestCase("page")]
    [TestCase("no user")]
    [TestCase("no token")]
    [TestCase("no key")]
    public async Task AutoLogin_NotToBeHad_FailsBeforeAnyRun(string how)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot6);
        fake.AutoLogin = how != "disabled";
        fake.LoginsBeforeUser = how == "no user" ? 100 : 0;
        fake.Override = async http =>
        {
            var path = http.Request.Path.Value;
            if (how == "page" && path == "/api/v1/auto_login")
            {
                await FakeLangflow.WritePageAsync(http);
                return true;
            }

            if ((how == "no token" && path == "/api/v1/auto_login") || (how == "no key" && path == "/api/v1/api_key/"))
            {
                await FakeLangflow.WriteAsync(http, how == "no key" ? 400 : 200, new { detail = "boom" });
                return true;
            }

            return false;
        };
        await using var driver = LangflowDriver.Create(fake);

        var (said, failure) = await driver.FailAsync();

        Assert.That(failure.Code, Is.EqualTo("langflow_auth_failed"));
        Assert.That(said, Is.EqualTo(new[] { new Notice("warn", "langflow_auth_failed") }));
        Assert.That(fake.Count("POST /api/v1/run"), Is.Zero);
    }

    [Test]
    public async Task AutoLogin_ServerStillStarting_IsAskedAgain()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.LoginsBeforeUser = 2;
        await using var driver = LangflowDriver.Create(fake);

        Assert.That((await driver.RunAsync())[^1], Is.InstanceOf<AnswerEnd>());
        Assert.That(fake.Count("GET /api/v1/auto_login"), Is.EqualTo(3));
    }

    [Test]
    public async Task AutoLogin_TooSlow_IsTriedAgain()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        var slow = 1;
        fake.Override = async http =>
        {
            if (http.Request.Path != "/api/v1/auto_login" || Interlocked.Decrement(ref slow) < 0)
            {
                return false;
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
            return true;
        };
        await using var driver = LangflowDriver.Create(fake, options: options => options with { Patience = TimeSpan.FromMilliseconds(200) });

        Assert.That((await driver.RunAsync())[^1], Is.InstanceOf<AnswerEnd>());
    }

    [Test]
    public async Task Server_Gone_IsUnavailableAndSaysWhatClientsKnow()
    {
        var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var driver = LangflowDriver.Create(fake);
        await fake.DisposeAsync();

        var (said, failure) = await driver.FailAsync();

        Assert.That((failure.Code, said[0]), Is.EqualTo(("langflow_unavailable", (AgentOutput)new Notice("warn", "langflow_auth_failed"))));
    }
}
