namespace Conversation.Api.Auth;

/// <summary>Keys that stand in compose.yaml, so that a first look needs no setting up: everyone knows them.</summary>
internal static class PublishedKeys
{
    private const string Prefix = "development-only-";

    /// <param name="variable">Where it stands, alone or in a list.</param>
    /// <param name="key">A key for production.</param>
    /// <exception cref="SettingsException">Production would be open to everyone.</exception>
    public static void Refuse(string variable, string key)
    {
        if (key.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw new SettingsException(variable, "is the published key of compose.yaml; set one of your own in production");
        }
    }
}
