using Conversation.Data.Postgres;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace Conversation.Api.Errors;

/// <summary>Every exception's one way out: typed failures become problems, everything else a bare 500 whose text stays in the log.</summary>
internal sealed partial class ServiceExceptionHandler(IProblemDetailsService problems, ILogger<ServiceExceptionHandler> logger)
    : IExceptionHandler
{
    private const string RetryAfterSeconds = "1";

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer; the status is for the request log (nginx's convention).
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        var problem = ToProblem(exception);
        Tell(problem.Status, exception);
        if (problem.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            context.Response.Headers.RetryAfter = (exception as ServiceException)?.RetryAfterSeconds ?? RetryAfterSeconds;
        }

        context.Response.StatusCode = problem.Status!.Value;
        return await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem });
    }

    private void Tell(int? status, Exception exception)
    {
        switch (exception)
        {
            case DatabaseUnavailableException:
                Log.Unavailable(logger, exception);
                break;
            case StoppingException:
                // Said once, by whoever stops the node, and not again at each poll of a balancer.
                break;
            case ServiceException when status == StatusCodes.Status503ServiceUnavailable:
                Log.NotServed(logger, exception.Message);
                break;
            case { } when status == StatusCodes.Status500InternalServerError:
                Log.Unexpected(logger, exception);
                break;
        }
    }

    private static ProblemDetails ToProblem(Exception exception) => exception switch
    {
        InvalidRequestException invalid => new ProblemDetails
        {
            Status = invalid.Status,
            Detail = invalid.Message,
            Extensions = { ["errors"] = invalid.Errors },
        },
        ServiceException service => new ProblemDetails { Status = service.Status, Detail = service.Message },
        UnstorableValueException => new ProblemDetails { Status = StatusCodes.Status422UnprocessableEntity, Detail = exception.Message },
        DatabaseUnavailableException => new ProblemDetails
        {
            Status = StatusCodes.Status503ServiceUnavailable,
            Detail = exception.Message,
        },
        BadHttpRequestException bad => new ProblemDetails { Status = bad.StatusCode, Detail = bad.Message },
        _ => new ProblemDetails { Status = StatusCodes.Status500InternalServerError, Detail = "The service failed unexpectedly." },
    };

    private static partial class Log
    {
        [LoggerMessage(200, LogLevel.Error, "A request failed unexpectedly.")]
        public static partial void Unexpected(ILogger logger, Exception error);

        [LoggerMessage(201, LogLevel.Warning, "A request could not be served because the database does not answer.")]
        public static partial void Unavailable(ILogger logger, Exception error);

        [LoggerMessage(202, LogLevel.Warning, "A request could not be served: {Reason}")]
        public static partial void NotServed(ILogger logger, string reason);
    }
}
