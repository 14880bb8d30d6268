namespace Conversation.Tests.Infrastructure;

/// <summary>What child processes may know of the machine that the tests run on: none of the service's settings.</summary>
internal static class TestEnvironment
{
    private static readonly string[] Prefixes =
    [
        "CONVERSATION_", "LANGFLOW_", "AUTH_SERVICE_", "AGENT_RUNTIME_", "INITIAL_ADMIN_",
    ];

    /// <summary>Takes the settings out, and the developer's own file of them.</summary>
    public static void Clear(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(name => Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))).ToList())
        {
            environment.Remove(name);
        }

        environment["CONVERSATION_SERVICE_ENV_FILE"] = TestFolders.New();
    }
}
