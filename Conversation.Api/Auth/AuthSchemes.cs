namespace Conversation.Api.Auth;

/// <summary>The two kinds of tokens. A token's kind is which of the two configurations verified it, nothing it says.</summary>
internal static class AuthSchemes
{
    public const string User = "User";
    public const string M2m = "M2M";

    /// <summary>The scheme that doors use: either kind.</summary>
    public const string Token = "Token";
}
