namespace Conversation.Data.Messages;

/// <summary>Who speaks.</summary>
public static class MessageRole
{
    /// <summary>A person; such a message starts a run.</summary>
    public const string User = "user";

    /// <summary>An agent.</summary>
    public const string Assistant = "assistant";

    /// <summary>The application.</summary>
    public const string System = "system";
}
