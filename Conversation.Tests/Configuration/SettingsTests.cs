using Conversation.Api.Configuration;
using Conversation.Migrations.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Conversation.Tests.Configuration;

/// <summary>How values are read, and how those that cannot be used are refused.</summary>
[TestFixture]
internal sealed class SettingsTests
{
    private const string Prefix = "CONVERSATION_SERVICE_";

    [TestCase("/", "")]
    [TestCase("/api/v1", "/api/v1")]
    [TestCase("/api/v1/", "/api/v1")]
    [TestCase("api/v1", "/api/v1")]
    [TestCase("//api//v1//", "/api/v1")]
    public void RootPath_EveryForm_IsNormalised(string given, string root) =>
        Assert.That(Read("ROOT_PATH", given).RootPath, Is.EqualTo(root));

    [TestCase("DEBUG", LogLevel.Debug)]
    [TestCase("info", LogLevel.Information)]
    [TestCase("WARNING", LogLevel.Warning)]
    [TestCase("ERROR", LogLevel.Error)]
    [TestCase("CRITICAL", LogLevel.Critical)]
    [TestCase("Information", LogLevel.Information)]
    [TestCase("Trace", LogLevel.Trace)]
    public void LoggingLevel_PythonsAndDotNetsNames_AreKnown(string name, LogLevel level) =>
        Assert.That(LogLevels.Parse(Read("LOGGING_LEVEL", name).LoggingLevel), Is.EqualTo(level));

    [TestCase("true", "DEBUG")]
    [TestCase("1", "DEBUG")]
    [TestCase("no", "INFO")]
    public void Debug_LowersTheLevel(string debug, string level) => Assert.That(Read("DEBUG", debug).LoggingLevel, Is.EqualTo(level));

    [Test]
    public void Debug_WithALevel_LeavesIt() => Assert.That(
        Read(new() { ["DEBUG"] = "true", ["LOGGING_LEVEL"] = "ERROR" }).LoggingLevel, Is.EqualTo("ERROR"));

    [TestCase("ENVIRONMENT", "staging", "development")]
    [TestCase("ENVIRONMENT", "production", "DATABASE_URL")]
    [TestCase("LOGGING_LEVEL", "LOUD", "WARNING")]
    [TestCase("DEBUG", "perhaps", "true or false")]
    [TestCase("ROOT_PATH", "https://api.example.com/v1", "/api/v1")]
    [TestCase("ROOT_PATH", "/a/../b", "/api/v1")]
    [TestCase("CORS_ALLOW_ORIGINS", "https://app.example.com", "JSON list")]
    [TestCase("CORS_ALLOW_ORIGINS", "[null]", "JSON list")]
    [TestCase("CORS_ALLOW_ORIGINS", """["https://app.example.com/"]""", "scheme, host and port")]
    [TestCase("ALLOWED_HOSTS", "[]", "must list names")]
    [TestCase("ALLOWED_HOSTS", """["chat.example.com:443"]""", "without scheme, port or path")]
    [TestCase("ALLOWED_HOSTS", """["*", "https://chat.example.com"]""", "without scheme, port or path")]
    [TestCase("AUTHORIZATION", "everyone", "owner or authenticated")]
    [TestCase("MAX_CONTENT_BYTES", "much", "whole number")]
    [TestCase("MAX_CONTENT_BYTES", "0", "from 1 to")]
    [TestCase("JWT_CLOCK_SKEW_SECONDS", "3600", "from 0 to 300")]
    public void Read_BadValue_NamesTheVariableAndTheFix(string variable, string value, string fix)
    {
        var error = Assert.Throws<SettingsException>(() => Read(variable, value));
        Assert.That(error!.Message, Does.Contain(Prefix).And.Contain(fix));
    }

    [TestCase("LANGFLOW_RUNTIME_URL")]
    [TestCase("AUTH_SERVICE_URL")]
    [TestCase("AGENT_RUNTIME_SERVICE_URL")]
    public void Read_AddressWithoutScheme_NamesTheVariableAndTheFix(string variable)
    {
        var error = Assert.Throws<SettingsException>(() => ReadNamed(new() { [variable] = "langflow:7860" }));
        Assert.That(error!.Message, Does.StartWith(variable).And.Contain("http://"));
    }

    [Test]
    public void Read_AuthenticatedInProduction_IsRefused()
    {
        var error = Assert.Throws<SettingsException>(() => Read(new()
        {
            ["ENVIRONMENT"] = "Production",
            ["DATABASE_URL"] = "postgresql://a/b",
            ["AUTHORIZATION"] = "authenticated",
        }));
        Assert.That(error!.Message, Does.Contain("AUTHORIZATION"));
    }

    [Test]
    public void Read_EmptyValue_IsTheDefault() => Assert.That(Read("USER_JWT_ALGORITHM", "").UserJwtAlgorithm, Is.EqualTo("HS256"));

    [Test]
    public void Read_PlaceholderInTheEnvironment_GivesWayToTheFile()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "CONVERSATION_SERVICE_CLIENT_ID=real\nCONVERSATION_SERVICE_ROOT_PATH=/file\n");
        var settings = ReadNamed(
            new() { ["CONVERSATION_SERVICE_CLIENT_ID"] = "your_client_id_here", ["CONVERSATION_SERVICE_ROOT_PATH"] = "/real" }, EnvFile.Open(path));
        File.Delete(path);

        Assert.That((settings.ClientId, settings.RootPath), Is.EqualTo(("real", "/real")));
    }

    [Test]
    public void Read_OnlyAPlaceholder_IsNothing() => Assert.That(Read("CLIENT_SECRET", "your_client_secret_here").ClientSecret, Is.Null);

    private static ServiceSettings Read(string variable, string value) => Read(new() { [variable] = value });

    private static ServiceSettings Read(Dictionary<string, string?> values) =>
        ReadNamed(values.ToDictionary(pair => Prefix + pair.Key, pair => pair.Value));

    private static ServiceSettings ReadNamed(Dictionary<string, string?> values, EnvFile? file = null) =>
        SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), file);
}
