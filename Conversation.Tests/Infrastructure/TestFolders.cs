using Conversation.Data.Postgres;

namespace Conversation.Tests.Infrastructure;

internal static class TestFolders
{
    /// <summary>A folder that does not exist yet, below one that every user can reach.</summary>
    public static string New() => Path.Combine(Path.GetTempPath(), $"conversation-test-{Ids.New():N}");
}
