using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Conversation.Api.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Api.Auth;

/// <summary>What verifies one kind of token.</summary>
internal sealed record TokenKey(SecurityKey Key, string Algorithm, string? Issuer, string? Audience);

/// <summary>The keys of both kinds: the configured ones, or, in development, random ones that are kept.</summary>
internal sealed record TokenKeys(TokenKey User, TokenKey M2m)
{
    private const int KeyBytes = 64;

    /// <param name="settings">The configured keys.</param>
    /// <param name="folder">Where random keys are kept, null where they live as long as the process.</param>
    public static TokenKeys From(ServiceSettings settings, string? folder)
    {
        if (settings.IsProduction)
        {
            Require(settings.UserJwtSecretKey, "CONVERSATION_SERVICE_USER_JWT_SECRET_KEY");
            Require(settings.M2mJwtSecretKey, "CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY");
        }

        var made = settings is { UserJwtSecretKey: not null, M2mJwtSecretKey: not null } ? null : RandomKeys(folder);
        return new TokenKeys(
            new TokenKey(
                Symmetric(settings.UserJwtSecretKey ?? made![0]), settings.UserJwtAlgorithm, settings.UserJwtIssuer, settings.UserJwtAudience),
            new TokenKey(
                Symmetric(settings.M2mJwtSecretKey ?? made![1]), settings.M2mJwtAlgorithm, settings.M2mJwtIssuer, settings.M2mJwtAudience));
    }

    private static void Require(string? value, string variable)
    {
        if (value is null)
        {
            throw new SettingsException(variable, "must be set in production");
        }
    }

    private static SymmetricSecurityKey Symmetric(string secret) => new(Encoding.UTF8.GetBytes(secret));

    private static string[] RandomKeys(string? folder)
    {
        var file = folder is null ? null : Path.Combine(folder, "development-keys.json");
        if (file is not null && File.Exists(file))
        {
            return JsonSerializer.Deserialize<string[]>(File.ReadAllText(file))!;
        }

        string[] keys = [RandomNumberGenerator.GetHexString(KeyBytes, lowercase: true), RandomNumberGenerator.GetHexString(KeyBytes, lowercase: true)];
        if (file is not null)
        {
            File.WriteAllText(file, JsonSerializer.Serialize(keys));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        return keys;
    }
}
