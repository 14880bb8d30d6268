namespace Conversation.Api.Errors;

/// <summary>A request that could not be bound: 422 with an entry per field.</summary>
/// <param name="detail">The first fault.</param>
/// <param name="errors">All of them, by field.</param>
internal sealed class InvalidRequestException(string detail, IReadOnlyDictionary<string, string[]> errors)
    : ServiceException(StatusCodes.Status422UnprocessableEntity, detail)
{
    public IReadOnlyDictionary<string, string[]> Errors { get; } = errors;
}
