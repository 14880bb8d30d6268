namespace Conversation.Tests.Infrastructure;

/// <summary>For tests with a program that is not everywhere: skipped, with the reason, where it is missing; never where everything is proven.</summary>
internal static class DebianProgram
{
    private static readonly string[] Folders = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin", "/opt/homebrew/bin"];

    public static string Require(string program)
    {
        var path = Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        if (path is null && Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Ignore($"{program} is not installed.");
        }

        Assert.That(path, Is.Not.Null, $"{program} is not installed; .ci/run does that.");
        return path!;
    }
}
