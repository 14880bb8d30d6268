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
        if (folder is null)
        {
            return [MakeKey(), MakeKey()];
        }

        var file = Path.Combine(folder, "development-keys.json");
        if (Kept(file) is { } kept)
        {
            return kept;
        }

        string[] keys = [MakeKey(), MakeKey()];
        Keep(file, keys);
        return keys;
    }

    /// <returns>Null where there are none, or none that can be read.</returns>
    private static string[]? Kept(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<string[]>(File.ReadAllText(file)) is [{ Length: KeyDigits }, { Length: KeyDigits }] and var keys ? keys : null;
        }
        catch (Exception error) when (error is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Written beside and moved, so that a full disk or a cut of power leaves nothing half; only its owner's from the first byte.</summary>
    private static void Keep(string file, string[] keys)
    {
        var half = $"{file}.new";
        File.Delete(half);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(half, options))
        {
            JsonSerializer.Serialize(stream, keys);
            stream.Flush(flushToDisk: true);
        }

        File.Move(half, file, overwrite: true);
    }

    private static string MakeKey() => RandomNumberGenerator.GetHexString(KeyDigits, lowercase: true);
}
