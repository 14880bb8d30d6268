namespace Conversation.Data.Postgres;

/// <summary>The database cannot answer now. Nothing is known to be lost; the caller may try again.</summary>
/// <param name="message">What happened, safe to show: no connection string, no SQL.</param>
/// <param name="inner">The cause, for the log only.</param>
public sealed class DatabaseUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>True where this attempt is known to have stored nothing: it may be made again without a look for what it left.</summary>
    public bool NothingStored { get; init; }
}

/// <summary>PostgreSQL cannot store a value that was sent.</summary>
/// <param name="message">Which rule was broken, safe to show.</param>
/// <param name="inner">The cause, for the log only.</param>
public sealed class UnstorableValueException(string message, Exception? inner = null) : Exception(message, inner);
