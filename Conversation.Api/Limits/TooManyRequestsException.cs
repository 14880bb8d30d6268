using Conversation.Api.Errors;

namespace Conversation.Api.Limits;

/// <summary>A limit of the caller's is reached: 429.</summary>
/// <param name="detail">Which, for a person.</param>
/// <param name="retryAfter">When it is worth another try.</param>
internal sealed class TooManyRequestsException(string detail, TimeSpan retryAfter)
    : ServiceException(StatusCodes.Status429TooManyRequests, $"{detail} Try again in {Seconds(retryAfter)} s.", retryAfter)
{
    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));
}
