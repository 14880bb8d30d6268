using Conversation.Api.Auth;
using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Conversation.Api.OpenApi;

/// <summary>Says of every operation that is not public that either kind of token opens it, and what refusing looks like.</summary>
internal sealed class SecurityOperationFilter : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any())
        {
            return;
        }

        operation.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(AuthSchemes.User, context.Document)] = [] },
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(AuthSchemes.M2m, context.Document)] = [] },
        ];
        operation.Responses ??= [];
        operation.Responses.TryAdd("401", new OpenApiResponse { Description = "No valid token." });
        operation.Responses.TryAdd("422", new OpenApiResponse { Description = "The request breaks a rule; errors names the field." });
        operation.Responses.TryAdd("503", new OpenApiResponse { Description = "The database does not answer; try again after Retry-After." });
        if (context.ApiDescription.ParameterDescriptions.Any(parameter => parameter.Source.Id == "Path"))
        {
            operation.Responses.TryAdd("404", new OpenApiResponse { Description = "Unknown, or not yours." });
        }
    }
}
