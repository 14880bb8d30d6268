using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Runner;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Stopping;

/// <summary>Start against a database that is absent, older, newer, or closed to us.</summary>
[TestFixture]
internal sealed class WaitingTests
{
    private static int _databases;

    [TestCase("development")]
    [TestCase("production")]
    public async Task Start_BeforeTheServerIsThere_WaitsAndThenServes(string environment)
    {
        var database = await TestPostgres.NewDatabaseAsync();
        var port = FreePort.Find();
        await using var api = ApiProcess.Begin(Environment(
            new NpgsqlConnectionStringBuilder(database) { Port = port }.ConnectionString, environment));
        await api.SaidAsync($"Waiting for the database at 127.0.0.1:{port}/");

        await using var proxy = StallingProxy.Start(
            new Uri($"tcp://127.0.0.1:{new NpgsqlConnectionStringBuilder(database).Port}"), port: port);
        await api.StartedAsync();

        using var client = new ApiClient(api.Address, token: null);
        await client.GetAsync("/health/ready");
        Assert.That(api.Output, Does.Not.Contain("Password").And.Not.Contain("   at "));
    }

    [Test]
    public async Task Start_BeforeTheSchemaIsThere_WaitsInProductionUntilSomeoneUpgrades()
    {
        var database = TestPostgres.ConnectionTo($"waiting_{Interlocked.Increment(ref _databases)}");
        await using var api = ApiProcess.Begin(Environment(database, "production"));
        await api.SaidAsync("Waiting for the database at ");
        await DatabaseAdmin.EnsureExistsAsync(database, Patience.Token);
        await api.SaidAsync($"it lacks {SchemaMigrator.KnownVersions.Count} migrations");

        await new SchemaMigrator(database, _ => { }).UpgradeAsync(Patience.Token);
        await api.StartedAsync();

        using var client = new ApiClient(api.Address, token: null);
        await client.GetAsync("/health/ready");
    }

    [Test]
    public async Task Start_OlderSchemaOutsideProduction_Migrates()
    {
        var database = TestPostgres.ConnectionTo($"waiting_{Interlocked.Increment(ref _databases)}");
        await using var api = await ApiProcess.StartAsync(Environment(database, "development"));

        Assert.That((await new SchemaMigrator(database, _ => { }).InspectAsync(Patience.Token)).Missing, Is.Empty);
    }

    [TestCase("development")]
    [TestCase("production")]
    public async Task Start_NewerSchema_IsRefusedInOneLine(string environment)
    {
        var database = await NewerDatabaseAsync();

        var (exitCode, output) = await ApiProcess.RunToEndAsync(Environment(database, environment));

        Assert.Multiple(() =>
        {
            Assert.That(exitCode, Is.EqualTo(1));
            Assert.That(output, Does.Contain("newer version (29991231000000)").And.Not.Contain("   at "));
        });
    }

    [Test]
    public async Task Ready_SchemaBecomesNewer_GoesOn()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await using var host = await ApiHost.StartAsync(connectionString: database);
        await ExecuteAsync(database, """INSERT INTO "VersionInfo" ("Version") VALUES (29991231000000)""");
        using var client = host.As(token: null!);

        await client.GetAsync("/health/ready");
    }

    [Test]
    public async Task Start_UserRefused_SaysSoAtOnceWithoutThePassword()
    {
        var database = new NpgsqlConnectionStringBuilder(await TestPostgres.NewDatabaseAsync()) { Username = "nobody_known", Password = "s3cret" };

        var (exitCode, output) = await ApiProcess.RunToEndAsync(Environment(database.ConnectionString, "production"));

        Assert.Multiple(() =>
        {
            Assert.That(exitCode, Is.EqualTo(1));
            Assert.That(output, Does.Contain("refuses the user").And.Not.Contain("s3cret").And.Not.Contain("   at "));
        });
    }

    private static async Task<string> NewerDatabaseAsync()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await ExecuteAsync(database, """INSERT INTO "VersionInfo" ("Version") VALUES (29991231000000)""");
        return database;
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Patience.Token);
    }

    private static Dictionary<string, string?> Environment(string database, string environment) => new()
    {
        ["CONVERSATION_SERVICE_ENVIRONMENT"] = environment,
        ["CONVERSATION_SERVICE_DATABASE_URL"] = database,
        ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
        ["CONVERSATION_SERVICE_USER_JWT_ISSUER"] = TestTokens.UserIssuer,
        ["CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY"] = TestTokens.M2mKey,
        ["CONVERSATION_SERVICE_M2M_JWT_ISSUER"] = TestTokens.M2mIssuer,
    };
}
