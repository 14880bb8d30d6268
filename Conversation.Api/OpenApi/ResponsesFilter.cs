using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Conversation.Api.OpenApi;

/// <summary>Says what each operation can answer besides what it is for, and what the bodies and headers of those answers are.</summary>
internal sealed class ResponsesFilter : IOperationFilter
{
    private const string ProblemType = "application/problem+json";
    private const string IdempotencyKey = "Idempotency-Key";

    private static readonly Dictionary<string, string> Descriptions = new()
    {
        ["401"] = "There is no token, or it is not valid.",
        ["403"] = "The token does not allow this.",
        ["404"] = "Unknown, or not yours: the two look the same.",
        ["413"] = "The content, or the whole body, is too large.",
        ["415"] = "The body is not application/json.",
        ["422"] = "The request breaks a rule; errors names the fields.",
        ["429"] = "Too much at once; try again after Retry-After.",
        ["500"] = "The service failed unexpectedly.",
        ["503"] = "The database does not answer. Try again after Retry-After.",
    };

    /// <summary>What is more to say of a 503, by how far the operation is safe to repeat.</summary>
    private const string Changes = " Whether the change was made may be unknown, as detail then says: look before you ask for it again.";

    private const string TakesAKey = " A send with an Idempotency-Key, or a client_message_id, may be repeated: nothing is stored twice.";

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var responses = operation.Responses ??= [];
        foreach (var status in StatusesOf(context.ApiDescription))
        {
            var more = status == "503" ? Unknown(context.ApiDescription) : "";
            responses.TryAdd(status, new OpenApiResponse { Description = Descriptions[status] + more });
        }

        var problem = context.SchemaGenerator.GenerateSchema(typeof(Problem), context.SchemaRepository);
        foreach (var (code, response) in responses.Select(pair => (pair.Key, (OpenApiResponse)pair.Value)))
        {
            if (int.Parse(code, CultureInfo.InvariantCulture) >= 400)
            {
                response.Content = new Dictionary<string, IOpenApiMediaType> { [ProblemType] = new OpenApiMediaType { Schema = problem } };
            }

            foreach (var (name, description) in HeadersOf(code, operation.OperationId))
            {
                response.Headers ??= new Dictionary<string, IOpenApiHeader>();
                response.Headers[name] = new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
            }
        }

        // In the order of their numbers, whichever filter added them.
        operation.Responses = [];
        foreach (var (code, response) in responses.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            operation.Responses.Add(code, response);
        }
    }

    private static IEnumerable<string> StatusesOf(ApiDescription api)
    {
        yield return "500";
        // From all of them, where addresses have a budget.
        yield return "429";
        var isPublic = api.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any();
        if (!isPublic)
        {
            yield return "401";
            yield return "503";
        }

        if (api.ParameterDescriptions.Any(parameter => parameter.Source == BindingSource.Path))
        {
            yield return "404";
        }

        if (api.ParameterDescriptions.Any(parameter => parameter.Source != BindingSource.Services))
        {
            yield return "422";
        }

        if (api.ParameterDescriptions.Any(parameter => parameter.Source == BindingSource.Body) || TakesAFile(api))
        {
            yield return "413";
            yield return "415";
        }
    }

    private static string Unknown(ApiDescription api) => api switch
    {
        { HttpMethod: "GET" } => "",
        _ when api.ParameterDescriptions.Any(parameter => parameter.Name == IdempotencyKey) => TakesAKey,
        _ => Changes,
    };

    private static bool TakesAFile(ApiDescription api) => api.ActionDescriptor.FilterDescriptors.Any(one => one.Filter is ConsumesAttribute);

    private static IEnumerable<(string Name, string Description)> HeadersOf(string code, string? operation)
    {
        yield return ("X-Request-ID", "The request's id in the service's log.");
        switch (code)
        {
            case "200" when operation is "listConversations" or "listMessages":
                yield return ("Link", "With rel=\"next\" where there is more (RFC 8288).");
                break;
            case "201":
                yield return ("Location", "Where it is.");
                if (operation is "sendMessage")
                {
                    yield return ("Idempotency-Replayed", "true where an earlier send with the same key had stored it.");
                }

                break;
            case "429" or "503":
                yield return ("Retry-After", "Seconds to wait.");
                break;
        }
    }
}
