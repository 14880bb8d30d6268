using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Langflow;

/// <summary>Many runs that wait for one key, from a Langflow that does not answer.</summary>
[TestFixture]
internal sealed class LangflowMintTests
{
    private const string Login = "/api/v1/auto_login";
    private const string Mint = "/api/v1/api_key/";

    /// <summary>All of them fail by the same attempt: it is not made once for each, one behind the other.</summary>
    [Test]
    public async Task Login_ThatHangs_IsTriedOnceForAllThatWait()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Override = http => HangAsync(http, Login);
        await using var driver = LangflowDriver.Create(fake, options: options => options with { Patience = TimeSpan.FromSeconds(1) });

        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => driver.FailAsync())).OrTimeout();

        Assert.That(runs.Select(run => run.Failure.Code), Has.All.EqualTo("langflow_unavailable"));
        Assert.That(runs.Select(run => run.Said), Has.All.EqualTo(new[] { new Notice("warn", "langflow_auth_failed") }));
        Assert.That(fake.Count($"GET {Login}"), Is.EqualTo(3), "One attempt of three tries.");
    }

    [TestCase(Login, 3)]
    [TestCase(Mint, 1)]
    public async Task Reply_ThatStallsInItsBody_IsUnavailable(string path, int tries)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Override = http => HangAsync(http, path, begins: true);
        await using var driver = LangflowDriver.Create(fake, options: options => options with { Patience = TimeSpan.FromMilliseconds(500) });

        var runs = await Task.WhenAll(driver.FailAsync(), driver.FailAsync()).OrTimeout();

        Assert.That(runs.Select(run => run.Failure.Code), Has.All.EqualTo("langflow_unavailable"));
        Assert.That(fake.Requests.Count(made => made.EndsWith(path, StringComparison.Ordinal)), Is.EqualTo(tries));
    }

    /// <summary>Like a Langflow that is not there: whoever comes later does not wait for it again.</summary>
    [TestCase(Login, false)]
    [TestCase(Login, true)]
    [TestCase(Mint, false)]
    [TestCase(Mint, true)]
    public async Task Circuit_OfALoginThatHangs_Opens(string path, bool begins)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Override = http => HangAsync(http, path, begins);
        await using var driver = LangflowDriver.Create(
            fake, options: options => options with { Patience = TimeSpan.FromMilliseconds(300), BreakAfter = 2 });
        await driver.FailAsync();
        await driver.FailAsync();
        var made = fake.Requests.Count;

        var (said, failure) = await driver.FailAsync();

        Assert.That(driver.Runtime.State, Is.EqualTo("circuit_open"));
        Assert.That((failure.Code, said[0]), Is.EqualTo(("langflow_unavailable", (AgentOutput)new Notice("warn", "langflow_unavailable"))));
        Assert.That(fake.Requests, Has.Count.EqualTo(made), "An open circuit asks nothing.");
    }

    [Test]
    public async Task Wait_OfTheFirstIsCancelled_TheOthersStillGetTheKey()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fake.Override = async http =>
        {
            if (http.Request.Path == Login)
            {
                came.TrySetResult();
                await goOn.Task;
            }

            return false;
        };
        await using var driver = LangflowDriver.Create(fake);
        using var leaving = new CancellationTokenSource();
        var first = driver.RunAsync(token: leaving.Token);
        var second = driver.RunAsync();
        await came.Task.OrTimeout();

        await leaving.CancelAsync();
        await Assert.CatchAsync<OperationCanceledException>(() => first);
        goOn.SetResult();

        Assert.That((await second.OrTimeout())[^1], Is.InstanceOf<AnswerEnd>());
        Assert.That((fake.Count($"GET {Login}"), fake.Minted), Is.EqualTo((1, 1)));
    }

    private static async Task<bool> HangAsync(HttpContext http, string path, bool begins = false)
    {
        if (http.Request.Path != path)
        {
            return false;
        }

        await FakeLangflow.HangAsync(http, begins ? 200 : null);
        return true;
    }
}
