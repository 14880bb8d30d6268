using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Conversation.Api.Errors;

/// <summary>
/// Writes every problem, whatever the request accepts. The framework's writers refuse where that is not JSON, as of an EventSource, and
/// then neither the status nor the reason arrives: a problem in another type than was asked for is worth more (RFC 9110, section 15.5.7).
/// </summary>
internal sealed class ProblemWriter(IOptions<ProblemDetailsOptions> options, IOptions<ApiBehaviorOptions> known) : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (response, problem) = (context.HttpContext.Response, context.ProblemDetails);
        problem.Status ??= response.StatusCode;
        if (known.Value.ClientErrorMapping.TryGetValue(problem.Status.Value, out var kind))
        {
            problem.Type ??= kind.Link;
            problem.Title ??= kind.Title;
        }

        options.Value.CustomizeProblemDetails?.Invoke(context);
        return new ValueTask(response.WriteAsJsonAsync(problem, problem.GetType(), options: null, "application/problem+json"));
    }
}
