namespace Conversation.Data.EmbeddedPostgres;

/// <summary>The private PostgreSQL cannot run; the message says why and names the ways out.</summary>
/// <param name="message">What is wrong and what to do, for a person.</param>
/// <param name="inner">The cause.</param>
public sealed class EmbeddedPostgresException(string message, Exception? inner = null) : Exception(message, inner);
