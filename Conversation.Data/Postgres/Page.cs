namespace Conversation.Data.Postgres;

/// <summary>Rows of a statement.</summary>
/// <typeparam name="T">A row.</typeparam>
/// <param name="Rows">In the statement's order.</param>
/// <param name="IsCut">Whether there are more, which were left out because the text of these is long enough.</param>
public sealed record Page<T>(IReadOnlyList<T> Rows, bool IsCut);
