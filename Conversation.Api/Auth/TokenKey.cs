using Microsoft.IdentityModel.Tokens;

namespace Conversation.Api.Auth;

/// <summary>What verifies one kind of token. Nothing of it may come from the other kind, or from a token.</summary>
internal sealed record TokenKey
{
    /// <summary>The only algorithm, whatever a token's header says.</summary>
    public required TokenAlgorithm Algorithm { get; init; }

    /// <summary>Any of them may have signed; the first is the current one.</summary>
    public required IReadOnlyList<SecurityKey> Keys { get; init; }

    /// <summary>Further keys, fetched from where they are published; null where none are.</summary>
    public KeySet? Set { get; init; }

    /// <summary>Null where it is not checked.</summary>
    public string? Issuer { get; init; }

    /// <summary>Null where it is not checked.</summary>
    public string? Audience { get; init; }

    /// <summary>Null where the keys can verify only.</summary>
    public SigningCredentials? Signing => Keys.FirstOrDefault(CanSign) is { } key ? new SigningCredentials(key, Algorithm.Name) : null;

    private static bool CanSign(SecurityKey key) =>
        key is SymmetricSecurityKey or AsymmetricSecurityKey { PrivateKeyStatus: PrivateKeyStatus.Exists };
}
