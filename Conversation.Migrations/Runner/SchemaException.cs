namespace Conversation.Migrations.Runner;

/// <summary>A schema, or a database, that this version of the service cannot work with.</summary>
/// <param name="message">What is wrong and what mends it: no connection string.</param>
public sealed class SchemaException(string message) : Exception(message);
