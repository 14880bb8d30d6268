using System.ComponentModel;
using Conversation.Data.EmbeddedPostgres;

namespace Conversation.Tests.Infrastructure;

/// <summary>For the few tests that need npm: skipped, with the reason, where it is missing; never where everything is proven.</summary>
internal static class NpmRequired
{
    public static async Task CheckAsync()
    {
        try
        {
            await ChildProcess.RunAsync("npm", ["--version"], Patience.Token);
        }
        catch (Win32Exception) when (Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Ignore("npm is not installed.");
        }
    }
}
