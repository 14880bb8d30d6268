using System.Diagnostics;

namespace Conversation.Tests.Infrastructure;

/// <summary>Programs as a terminal starts them. A job in the background ignores SIGINT, and so would all that it starts, for ever.</summary>
internal static class Foreground
{
    public static ProcessStartInfo DotNet(params string[] arguments) => OperatingSystem.IsLinux()
        ? new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", .. arguments])
        : new ProcessStartInfo("dotnet", arguments);
}
