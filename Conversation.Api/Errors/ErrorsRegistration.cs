using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Conversation.Api.Errors;

internal static class ErrorsRegistration
{
    public static IServiceCollection AddErrors(this IServiceCollection services)
    {
        services.AddExceptionHandler<ServiceExceptionHandler>();
        // Before the framework's: the first one that can write does.
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context => Complete(context.ProblemDetails));
        // After MVC, which sets its own.
        services.PostConfigure<ApiBehaviorOptions>(options => options.InvalidModelStateResponseFactory = InvalidRequest.Respond);
        return services;
    }

    /// <summary>Legacy clients read <c>detail</c>: it is always there, and always a string.</summary>
    private static void Complete(ProblemDetails problem)
    {
        problem.Title ??= ReasonPhrases.GetReasonPhrase(problem.Status ?? 500);
        problem.Detail ??= problem.Status switch
        {
            StatusCodes.Status401Unauthorized => "A valid token is needed.",
            StatusCodes.Status404NotFound => "Not found.",
            StatusCodes.Status405MethodNotAllowed => "This method is not allowed here.",
            StatusCodes.Status415UnsupportedMediaType => "The body is not of the content type that is expected here.",
            _ => problem.Title,
        };
        problem.Extensions.Remove("traceId");
    }
}
