using Conversation.Migrations.Bootstrap;
using Conversation.Migrations.Configuration;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Bootstrap;

/// <summary>Making the client at an auth service that behaves as the real one does, at its worst.</summary>
[TestFixture]
internal sealed class BootstrapperTests : BootstrapFixture
{
    [Test]
    public async Task Run_NoClient_MakesItAndKeepsItsCredentials()
    {
        await RunAsync();
        Assert.That(Written(), Is.EqualTo((Client().Id, Client().Secret)));
    }

    [Test]
    public async Task Run_CredentialsAreSet_AsksNothing()
    {
        await RunAsync(settings: Settings with { ClientId = "id", ClientSecret = "secret" });
        Assert.That(Service.Requests, Is.Empty);
    }

    [Test]
    public async Task Run_ManyClientsOnUnorderedPages_FindsItsOwn()
    {
        for (var i = 0; i < 130; i++)
        {
            Service.AddClient($"other-{i}");
        }

        var own = Service.AddClient(ClientRegistry.Name);
        // The second page repeats the first: the client is in neither.
        Service.Script("GET /admin/clients", 200, new { clients = Service.Clients.Take(100).Select(client => client.Listed), count = 131 }, times: 2);

        var error = await Assert.ThrowsAsync<BootstrapException>(() => RunAsync());

        Assert.That(error!.Message, Does.Contain(own.Id).And.Contain("--rotate"));
        Assert.That(Service.Count("POST /admin/clients"), Is.Zero);
    }

    [Test]
    public async Task Run_ListMissesTheClient_ConflictIsBelieved()
    {
        Service.AddClient(ClientRegistry.Name);
        Service.Script("GET /admin/clients", 200, new { clients = Array.Empty<object>(), count = 0 });

        var error = await Assert.ThrowsAsync<BootstrapException>(() => RunAsync());

        Assert.That(error!.Message, Does.Contain("--rotate"));
    }

    [Test]
    public async Task Run_LostRace500_LooksAgain()
    {
        Service.Script("POST /admin/clients", async (context, _) =>
        {
            Service.AddClient(ClientRegistry.Name);
            await FakeAuthService.Json(500, new { detail = "Could not create app client due to a database error." })(context, () => Task.CompletedTask);
        });

        var error = await Assert.ThrowsAsync<BootstrapException>(() => RunAsync());

        Assert.That(error!.Message, Does.Contain(Client().Id));
        Assert.That(Service.Clients, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Run_FailureWithoutAClient_TriesAgain()
    {
        Service.Script("POST /admin/clients", 500, new { detail = "An unexpected error occurred while creating the app client." }, times: 2);
        await RunAsync();
        Assert.That(Written(), Is.EqualTo((Client().Id, Client().Secret)));
    }

    [Test]
    public async Task Run_ReplyOfTheCreateIsLost_MakesItAnewBecauseNobodyHasTheSecret()
    {
        Service.LoseReply("POST /admin/clients", times: 2);

        await RunAsync();

        Assert.That(Service.Clients, Has.Count.EqualTo(1));
        Assert.That(Written(), Is.EqualTo((Client().Id, Client().Secret)));
        Assert.That(Service.Count("DELETE"), Is.EqualTo(2));
    }

    [Test]
    public async Task Run_RoleComesLater_Waits()
    {
        Service.Roles.Clear();
        Service.Script("POST /admin/clients", async (_, next) =>
        {
            await next();
            Service.Roles.Add("agent_runtime_client");
        });

        await RunAsync();

        Assert.That(Service.Count("POST /admin/clients"), Is.EqualTo(2));
    }

    [Test]
    public async Task Run_SessionExpiresInBetween_LogsInAgain()
    {
        Service.Script("POST /admin/clients", (_, next) =>
        {
            Service.ExpireSessions();
            return next();
        });

        await RunAsync();

        Assert.That(Service.Count("POST /auth/users/login"), Is.EqualTo(2));
        Assert.That(Written().Id, Is.EqualTo(Client().Id));
    }

    [Test]
    public async Task Run_LoginLimited_WaitsForAMinute()
    {
        Service.Limit("POST /auth/users/login");
        Service.Script("POST /auth/users/login", 429, new { error = "Rate limit exceeded: 100 per 1 minute" });

        await RunAsync(TimeSpan.FromMinutes(5));

        Assert.That(Time.Waits.Where(wait => wait >= TimeSpan.FromSeconds(60)).Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task Run_LoginLimitedAndNoTime_SaysSoAtOnce()
    {
        Service.Limit("POST /auth/users/login");
        var error = await Assert.ThrowsAsync<BootstrapException>(() => RunAsync(TimeSpan.FromSeconds(10)));
        Assert.That((error!.Message.Contains("try again"), Time.Waits.Count), Is.EqualTo((true, 0)));
    }

    [Test]
    public async Task Run_LoginFails500_TriesAgain()
    {
        Service.Script("POST /auth/users/login", 500, new { detail = "An unexpected error occurred during login." });
        await RunAsync();
        Assert.That(Service.Count("POST /auth/users/login"), Is.EqualTo(2));
    }

    [Test]
    public async Task Run_WrongPassword_NamesTheVariablesAndNotThePassword()
    {
        var error = await Assert.ThrowsAsync<BootstrapException>(() => RunAsync(settings: Settings with { InitialAdminPassword = "s3cret" }));
        Assert.That(error!.Message, Does.Contain("INITIAL_ADMIN_PASSWORD").And.Not.Contain("s3cret"));
        Assert.That(Service.Count("POST /auth/users/login"), Is.EqualTo(1));
    }

    [Test]
    public async Task Run_AdminWithoutRights_NamesTheAccount()
    {
        Service.AdminIsAdmin = false;
        var error = await Assert.ThrowsAsync<BootstrapException>(() => RunAsync());
        Assert.That(error!.Message, Does.Contain(FakeAuthService.AdminEmail));
    }

    [Test]
    public async Task Run_LivenessFlaps_Waits()
    {
        Service.Script("GET /health/liveness", 503, new { detail = "no" }, times: 3);
        await RunAsync();
        Assert.That(Service.Count("GET /health/liveness"), Is.EqualTo(4));
    }

    [Test]
    public async Task Run_NobodyThere_GivesUpInTime()
    {
        var address = Service.Address;
        await Service.DisposeAsync();
        var error = await Assert.ThrowsAsync<BootstrapException>(() => RunAsync(TimeSpan.FromSeconds(10)));
        Assert.That(error!.Message, Does.Contain(address.ToString()).And.Contain("AUTH_SERVICE_URL"));
    }

    [Test]
    public async Task Rotate_ClientWithALostSecret_IsMadeAnew()
    {
        var lost = Service.AddClient(ClientRegistry.Name);

        await RunAsync(rotate: true, settings: Settings with { ClientId = "old", ClientSecret = "old" });

        Assert.That(Client().Id, Is.Not.EqualTo(lost.Id));
        Assert.That(Written(), Is.EqualTo((Client().Id, Client().Secret)));
    }

    [Test]
    public async Task Run_TwoAtOnceOnOneFile_MakeOneClientAndBothHaveIt()
    {
        await Task.WhenAll(RunAsync(time: TimeProvider.System), RunAsync(time: TimeProvider.System)).OrTimeout();
        Assert.That(Service.Clients, Has.Count.EqualTo(1));
        Assert.That(Written(), Is.EqualTo((Client().Id, Client().Secret)));
    }

    [Test]
    public async Task Run_TwoAtOnceOnTwoFiles_OneSaysWhatIsMissing()
    {
        var other = TestFolders.New();
        var outcomes = await Task.WhenAll(TryAsync(FilePath), TryAsync(other)).OrTimeout();
        File.Delete(other);

        Assert.That(Service.Clients, Has.Count.EqualTo(1));
        Assert.That(outcomes.Where(outcome => outcome is not null), Has.One.Contains("CONVERSATION_SERVICE_CLIENT_SECRET"));

        async Task<string?> TryAsync(string path)
        {
            try
            {
                await RunAsync(file: EnvFile.Open(path));
                return null;
            }
            catch (BootstrapException error)
            {
                return error.Message;
            }
        }
    }

    [Test]
    public async Task Run_FileCannotBeWritten_MakesNothing()
    {
        var file = EnvFile.Open(Path.Combine(TestFolders.New(), "missing-folder", ".env.dev"));
        await Assert.ThrowsAsync<BootstrapException>(() => RunAsync(file: file));
        Assert.That(Service.Requests, Is.Empty);
    }

    [Test]
    public async Task Run_FileCannotBeWrittenInTheEnd_LeavesNoClientAndNothingBesideIt()
    {
        Service.Script("POST /admin/clients", async (_, answer) =>
        {
            Directory.CreateDirectory(FilePath);
            await answer();
        });

        var error = (await Assert.ThrowsAsync<BootstrapException>(() => RunAsync()))!;
        Directory.Delete(FilePath);

        Assert.That(error.Message, Does.Contain(FilePath));
        Assert.That(Service.Clients, Is.Empty);
        Assert.That(Directory.GetFiles(Path.GetDirectoryName(FilePath)!, $"{Path.GetFileName(FilePath)}*"), Is.Empty);
    }
}
