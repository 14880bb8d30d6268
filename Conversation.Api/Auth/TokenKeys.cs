using Conversation.Api.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Api.Auth;

/// <summary>The keys of both kinds: the configured ones, or, outside production, random ones that are kept.</summary>
/// <param name="User">Users'.</param>
/// <param name="M2m">Machines'.</param>
/// <param name="HandsOut">Whether anyone may ask for a user's token: in development, where the users' key can sign.</param>
/// <param name="Warnings">What the operator should know of them, for the log; each is one line.</param>
internal sealed record TokenKeys(TokenKey User, TokenKey M2m, bool HandsOut, IReadOnlyList<string> Warnings)
{
    private const string UserVariable = "CONVERSATION_SERVICE_USER_JWT_SECRET_KEY";
    private const string M2mVariable = "CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY";
    private const string SignsForAnyone =
        "CONVERSATION_SERVICE_ENVIRONMENT is development: whoever reaches the service is given any user's token, signed with the configured key, by "
        + "POST /dev/token. Set testing or production where that may not be.";

    /// <param name="settings">The configured keys.</param>
    /// <param name="folder">Where random keys are kept, null where they live as long as the process.</param>
    /// <exception cref="SettingsException">A key cannot be used, or, in production, should not be.</exception>
    public static TokenKeys From(ServiceSettings settings, string? folder)
    {
        if (settings.IsProduction)
        {
            Require(settings.UserJwtSecretKey, UserVariable);
            Require(settings.M2mJwtSecretKey, M2mVariable);
        }

        var warnings = new List<string>();
        var user = TokenAlgorithm.Parse("CONVERSATION_SERVICE_USER_JWT_ALGORITHM", settings.UserJwtAlgorithm);
        var m2m = TokenAlgorithm.Parse("CONVERSATION_SERVICE_M2M_JWT_ALGORITHM", settings.M2mJwtAlgorithm);
        var made = new MadeKeys(folder, warnings.Add);
        var (userKeys, userSet) = new TokenKeyReader(UserVariable, user, settings.IsProduction, warnings.Add)
            .Read(settings.UserJwtSecretKey ?? made.For(user, UserVariable, 0));
        var (m2mKeys, m2mSet) = new TokenKeyReader(M2mVariable, m2m, settings.IsProduction, warnings.Add)
            .Read(settings.M2mJwtSecretKey ?? made.For(m2m, M2mVariable, 1));
        var users = new TokenKey
        {
            Algorithm = user,
            Keys = userKeys,
            Set = userSet,
            Issuer = settings.UserJwtIssuer,
            Audience = settings.UserJwtAudience,
        };
        var keys = new TokenKeys(
            users,
            new TokenKey { Algorithm = m2m, Keys = m2mKeys, Set = m2mSet, Issuer = settings.M2mJwtIssuer, Audience = settings.M2mJwtAudience },
            settings.IsDevelopment && users.Signing is not null,
            warnings);
        if (keys.HandsOut && settings.UserJwtSecretKey is not null)
        {
            warnings.Add(SignsForAnyone);
        }

        if (keys.CannotTellKinds() is { } complaint)
        {
            _ = settings.IsProduction ? throw new SettingsException(M2mVariable, complaint) : true;
            warnings.Add($"{M2mVariable} {complaint}. This stops a start in production.");
        }

        return keys;
    }

    /// <summary>Why a token could be taken for one of the other kind, null where it cannot.</summary>
    private string? CannotTellKinds()
    {
        var shared = User.Algorithm.IsSymmetric == M2m.Algorithm.IsSymmetric
            && (User.Keys.Select(Fingerprint).Intersect(M2m.Keys.Select(Fingerprint)).Any()
                || (User.Set?.Addresses ?? []).Intersect(M2m.Set?.Addresses ?? []).Any());
        if (!shared)
        {
            return null;
        }

        if (User.Algorithm.IsSymmetric)
        {
            return "is the same as the users' key, so that whoever may sign for users may sign for machines: give each kind its own";
        }

        // One issuer may sign both kinds with one pair, where it says which is which.
        return User.Issuer == M2m.Issuer && User.Audience == M2m.Audience
            ? "and the issuer and the audience are those of users, so that every user would be a machine: let one of the three differ"
            : null;
    }

    private static string Fingerprint(SecurityKey key) => Convert.ToBase64String(key.ComputeJwkThumbprint());

    private static void Require(string? value, string variable)
    {
        if (value is null)
        {
            throw new SettingsException(variable, "must be set in production");
        }
    }
}
