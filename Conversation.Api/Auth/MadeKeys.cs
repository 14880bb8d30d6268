using System.Security.Cryptography;
using System.Text.Json;

namespace Conversation.Api.Auth;

/// <summary>The random keys that stand in, outside production, for those that are not configured.</summary>
/// <param name="folder">Where they are kept, null where they live as long as the process.</param>
/// <param name="warn">Told of keys that are not kept.</param>
internal sealed class MadeKeys(string? folder, Action<string> warn)
{
    /// <summary>Of hexadecimal: enough for every algorithm.</summary>
    private const int KeyDigits = 64;

    private readonly Lazy<string[]> _keys = new(() => Read(folder));

    /// <param name="algorithm">Which it must fit.</param>
    /// <param name="variable">Where one could have been configured.</param>
    /// <param name="index">Which of them: each kind of tokens has its own.</param>
    /// <exception cref="SettingsException">The algorithm needs a key that is somebody else's.</exception>
    public string For(TokenAlgorithm algorithm, string variable, int index)
    {
        if (!algorithm.IsSymmetric)
        {
            throw new SettingsException(variable, $"must be set: {algorithm.Name} needs a public key as PEM or the address of a JWKS document");
        }

        if (folder is null)
        {
            warn($"{variable} is not set: the key is a random one of this process alone, so that no other node and no later start takes its "
                + "tokens. Set it.");
        }

        return _keys.Value[index];
    }

    private static string[] Read(string? folder)
    {
        var file = folder is null ? null : Path.Combine(folder, "development-keys.json");
        if (file is not null && File.Exists(file))
        {
            return JsonSerializer.Deserialize<string[]>(File.ReadAllText(file))!;
        }

        string[] keys = [MakeKey(), MakeKey()];
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

    private static string MakeKey() => RandomNumberGenerator.GetHexString(KeyDigits, lowercase: true);
}
