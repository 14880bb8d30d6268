using Conversation.Api.Configuration;

namespace Conversation.Api.Machines;

/// <summary>Who this service is to its siblings.</summary>
/// <param name="Id">The client at the auth service.</param>
/// <param name="Secret">Its secret; never logged.</param>
internal sealed record ClientCredentials(string Id, string Secret)
{
    /// <summary>Of the settings, null where they hold none.</summary>
    public static ClientCredentials? Of(ServiceSettings settings) => Of(settings.ClientId, settings.ClientSecret);

    /// <summary>As environment and file hold them now: bootstrap, in another process, may have written them since the start.</summary>
    public static ClientCredentials? ReadAgain()
    {
        try
        {
            var file = EnvFile.Open();
            return Of(file.Find("CONVERSATION_SERVICE_CLIENT_ID"), file.Find("CONVERSATION_SERVICE_CLIENT_SECRET"));
        }
        catch (SettingsException)
        {
            return null;
        }
    }

    /// <summary>Without the secret.</summary>
    public override string ToString() => Id;

    private static ClientCredentials? Of(string? id, string? secret) =>
        SettingsBinder.FirstReal(id) is { } realId && SettingsBinder.FirstReal(secret) is { } realSecret
            ? new ClientCredentials(realId, realSecret)
            : null;
}
