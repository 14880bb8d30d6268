using Conversation.Data.EmbeddedPostgres;
using dotenv.net;

namespace Conversation.Migrations.Configuration;

/// <summary>
/// The file of variables: <c>.env.dev</c> beside Conversation.sln, or the one that CONVERSATION_SERVICE_ENV_FILE names. What the real
/// environment says counts more.
/// </summary>
internal sealed class EnvFile
{
    /// <summary>Names another file; one that does not exist yet holds nothing, and bootstrap makes it.</summary>
    public const string Variable = "CONVERSATION_SERVICE_ENV_FILE";

    private const string DefaultName = ".env.dev";
    private const string Export = "export ";

    private EnvFile(string? path, IReadOnlyDictionary<string, string> values)
    {
        Path = path;
        Values = values;
    }

    /// <summary>Where it is, or would be; null outside of a checkout where no variable names one.</summary>
    public string? Path { get; }

    /// <summary>What it sets, by the variables' names in any case; empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Values { get; }

    /// <summary>Whether the environment names one, so that somebody expects it to be there.</summary>
    public static bool IsNamed => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable));

    /// <summary>The checkout that this program was built in or is run in; where there is none, the current folder.</summary>
    public static string Home => EmbeddedPostgresFolder.Checkout(Environment.CurrentDirectory)
        ?? EmbeddedPostgresFolder.Checkout(AppContext.BaseDirectory)
        ?? Environment.CurrentDirectory;

    /// <summary>Reads the file of this process.</summary>
    /// <exception cref="SettingsException">It cannot be read, or not understood.</exception>
    public static EnvFile Open()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return Open(System.IO.Path.GetFullPath(named));
        }

        return EmbeddedPostgresFolder.Checkout(Home) is { } checkout
            ? Open(System.IO.Path.Combine(checkout, DefaultName))
            : new EnvFile(path: null, new Dictionary<string, string>());
    }

    /// <summary>Reads one file.</summary>
    /// <param name="path">Where; nothing need be there.</param>
    /// <exception cref="SettingsException">It cannot be read, or not understood.</exception>
    public static EnvFile Open(string path)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (File.Exists(path))
        {
            foreach (var (name, value) in Read(path))
            {
                values[name.StartsWith(Export, StringComparison.Ordinal) ? name[Export.Length..].Trim() : name] = value;
            }
        }

        return new EnvFile(path, values);
    }

    /// <summary>The value of a variable, the environment's before the file's.</summary>
    public string? Find(string variable) =>
        SettingsBinder.FirstReal(Environment.GetEnvironmentVariable(variable), Values.GetValueOrDefault(variable));

    private static IDictionary<string, string> Read(string path)
    {
        try
        {
            return DotEnv.Read(new DotEnvOptions(ignoreExceptions: false, envFilePaths: [path], trimValues: true));
        }
        catch (ArgumentException error)
        {
            // The library's messages name the variable at fault, never its value.
            throw new SettingsException(path, $"is not a file of variables: {error.Message.TrimEnd('.')}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(path, "cannot be read: give it to the user that the service runs as, or name another by " + Variable);
        }
    }
}
