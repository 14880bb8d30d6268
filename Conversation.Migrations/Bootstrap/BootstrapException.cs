namespace Conversation.Migrations.Bootstrap;

/// <summary>The client could not be set up; the message says why and what to do, and holds no secret.</summary>
/// <param name="message">For a person.</param>
/// <param name="isFinal">Whether another attempt would end in the same way.</param>
internal sealed class BootstrapException(string message, bool isFinal = true) : Exception(message)
{
    public bool IsFinal { get; } = isFinal;
}
