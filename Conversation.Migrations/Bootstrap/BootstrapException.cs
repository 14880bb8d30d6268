namespace Conversation.Migrations.Bootstrap;

/// <summary>The client could not be set up; the message says why and what to do, and holds no secret.</summary>
/// <param name="message">For a person.</param>
internal sealed class BootstrapException(string message) : Exception(message);
