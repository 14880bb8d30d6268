namespace Conversation.Migrations.Cli;

/// <summary>What a command's exit code says.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>It could not be done, or what was looked at is not well; standard error says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line is not one that is understood.</summary>
    public const int Usage = 2;

    /// <summary>It was not confirmed, and nothing was done.</summary>
    public const int Declined = 3;

    /// <summary>Ctrl+C, as shells count it.</summary>
    public const int Interrupted = 130;
}
