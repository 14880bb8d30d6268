using Conversation.Api.AgentRuntimes;
using Conversation.Migrations.Configuration;

namespace Conversation.Tests.Langflow;

/// <summary>Settings with which no run could ever begin.</summary>
[TestFixture]
internal sealed class LangflowSettingsTests
{
    /// <summary>Secrets that come from files end in a line break.</summary>
    [TestCase("sk-operator\n", FakeLangflow.FirstFlow)]
    [TestCase(" sk-operator\r\n", FakeLangflow.FirstFlow + "\n")]
    public async Task Start_BlanksAroundTheValues_AreNoPartOfThem(string key, string flow)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Accept("sk-operator");
        await using var driver = LangflowDriver.Create(fake, settings => settings with { LangflowApiKey = key, DefaultFlowId = flow });

        Assert.That((await driver.RunAsync(LangflowDriver.Context(flow: null)))[^1], Is.InstanceOf<AnswerEnd>());
        var run = await fake.NextRunAsync();
        Assert.That((run.Headers["x-api-key"], run.Flow), Is.EqualTo(("sk-operator", FakeLangflow.FirstFlow)));
    }

    [Test]
    public async Task Start_OnlyBlanks_IsNothingSet()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var driver = LangflowDriver.Create(fake, settings => settings with { LangflowApiKey = "\n", DefaultFlowId = " " });

        var said = await driver.RunAsync(LangflowDriver.Context(flow: null));

        Assert.That((said[1], fake.Minted), Is.EqualTo(((AgentOutput)new AgentChosen(FakeLangflow.FirstFlow), 1)));
    }

    [TestCase("sk-s3cret\nsk-s3cret")]
    [TestCase("sk-s3cr€t")]
    [TestCase("sk-s3cret\0")]
    public async Task Start_KeyThatNoHeaderCanHold_NamesTheVariableAndNotTheKey(string key)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);

        var error = Assert.Throws<SettingsException>(() => LangflowDriver.Create(fake, settings => settings with { LangflowApiKey = key }));

        Assert.That(error!.Message, Does.StartWith("LANGFLOW_API_KEY ").And.Not.Contain("s3c"));
    }

    [TestCase("My flow")]
    [TestCase("../users")]
    public async Task Start_DefaultFlowThatIsNoName_NamesTheVariable(string flow)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);

        var error = Assert.Throws<SettingsException>(() => LangflowDriver.Create(fake, settings => settings with { DefaultFlowId = flow }));

        Assert.That(error!.Message, Does.StartWith("CONVERSATION_SERVICE_DEFAULT_FLOW_ID "));
    }
}
