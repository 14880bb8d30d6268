namespace Conversation.Migrations.Runner;

/// <summary>A migration that cannot be done as asked; the message says why, for a person.</summary>
/// <param name="message">Why.</param>
/// <param name="inner">The cause.</param>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);
