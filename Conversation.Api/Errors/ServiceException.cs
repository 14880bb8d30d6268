using System.Globalization;

namespace Conversation.Api.Errors;

/// <summary>A failure that a caller can do something about; the handler turns it into a problem (RFC 9457).</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="detail">What is wrong, for a person.</param>
/// <param name="retryAfter">When it is worth another try, where that is known.</param>
public class ServiceException(int status, string detail, TimeSpan? retryAfter = null) : Exception(detail)
{
    /// <summary>The HTTP status that answers it.</summary>
    public int Status { get; } = status;

    /// <summary>What the header Retry-After says, where the status calls for one: whole seconds, 1 where nothing better is known.</summary>
    public string RetryAfterSeconds { get; } =
        Math.Max(1, (int)Math.Ceiling(retryAfter?.TotalSeconds ?? 1)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Unknown, and not yours, look the same.</summary>
    /// <param name="what">What was not found, beginning with a capital.</param>
    public static ServiceException NotFound(string what) => new(StatusCodes.Status404NotFound, $"{what} not found.");

    /// <summary>The queue of runs is full.</summary>
    public static ServiceException TooManyRuns() => new(
        StatusCodes.Status429TooManyRequests, "Too many runs are waiting; nothing was stored. Try again in a moment.");

    /// <summary>A field that breaks a rule: 422 with an entry for it.</summary>
    /// <param name="field">The field's name on the wire.</param>
    /// <param name="rule">The rule, for a person.</param>
    public static ServiceException Invalid(string field, string rule) =>
        new InvalidRequestException($"{field}: {rule}", new Dictionary<string, string[]> { [field] = [rule] });
}
