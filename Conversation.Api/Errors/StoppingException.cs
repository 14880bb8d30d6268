namespace Conversation.Api.Errors;

/// <summary>503: this node is on its way out. Whoever asks is sent elsewhere; it is no failure, and nothing to be logged.</summary>
internal sealed class StoppingException() : ServiceException(StatusCodes.Status503ServiceUnavailable, "The service is stopping.");
