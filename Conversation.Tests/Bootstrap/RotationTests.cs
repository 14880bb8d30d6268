using Conversation.Migrations.Bootstrap;
using Conversation.Migrations.Configuration;

namespace Conversation.Tests.Bootstrap;

/// <summary>A rotation that ends between the deletion of the old client and the making of the new one.</summary>
[TestFixture]
internal sealed class RotationTests : BootstrapFixture
{
    [Test]
    public async Task Rotate_EndsAfterTheDeletion_ARepeatMakesTheClient()
    {
        var old = Service.AddClient(ClientRegistry.Name);
        EnvFileWriter.Write(FilePath, [("CONVERSATION_SERVICE_CLIENT_ID", old.Id), ("CONVERSATION_SERVICE_CLIENT_SECRET", old.Secret)]);
        Service.Script("POST /admin/clients", 422, new { detail = "no" });

        await Assert.ThrowsAsync<BootstrapException>(() => RunAsync(rotate: true, settings: FromFile()));
        Assert.That(Service.Clients, Is.Empty);
        await RunAsync(settings: FromFile());

        Assert.That(Written(), Is.EqualTo((Client().Id, Client().Secret)));
    }

    /// <summary>As the next command reads them.</summary>
    private OperatorSettings FromFile() => Settings with
    {
        ClientId = SettingsBinder.FirstReal(Written().Id),
        ClientSecret = SettingsBinder.FirstReal(Written().Secret),
    };
}
