using Conversation.Api.Configuration;

namespace Conversation.Api.Auth;

/// <summary>Keys that stand in compose.yaml, so that a first look needs no setting up: everyone knows them.</summary>
internal static class PublishedKeys
{
    private const string Prefix = "development-only-";

    /// <exception cref="SettingsException">Production would be open to everyone.</exception>
    public static void Refuse(ServiceSettings settings)
    {
        if (!settings.IsProduction)
        {
            return;
        }

        Refuse("CONVERSATION_SERVICE_USER_JWT_SECRET_KEY", settings.UserJwtSecretKey);
        Refuse("CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY", settings.M2mJwtSecretKey);
    }

    private static void Refuse(string variable, string? key)
    {
        if (key?.StartsWith(Prefix, StringComparison.Ordinal) == true)
        {
            throw new SettingsException(variable, "is the published key of compose.yaml; set one of your own in production");
        }
    }
}
