namespace Conversation.Api.Auth;

/// <summary>Whom a token of each kind may name.</summary>
internal static class TokenSubject
{
    /// <summary>A user's is a UUID, a machine's any text.</summary>
    public static bool Fits(string scheme, string? subject) =>
        scheme == AuthSchemes.User ? Guid.TryParse(subject, out _) : !string.IsNullOrWhiteSpace(subject);
}
