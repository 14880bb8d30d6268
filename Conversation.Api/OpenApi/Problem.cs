namespace Conversation.Api.OpenApi;

/// <summary>What went wrong (RFC 9457).</summary>
/// <param name="Type">A URI for the kind of problem, by the HTTP status.</param>
/// <param name="Title">The same for every problem of the kind.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong with this request, for a person. Always there, and always a string.</param>
/// <param name="Errors">With 422: what is wrong with each field.</param>
internal sealed record Problem(string? Type, string Title, int Status, string Detail, IReadOnlyDictionary<string, string[]>? Errors);
