using System.Reflection;
using System.Text.Json;
using Conversation.Api.Transfer;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Conversation.Api.OpenApi;

/// <summary>Names query parameters as they are written, gives them their examples and bounds, and says which bodies must be there.</summary>
internal sealed class RequestsFilter : IOperationFilter
{
    private const string Json = "application/json";

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
        {
            var description = context.ApiDescription.ParameterDescriptions.First(one => one.Name == parameter.Name);
            var member = description.ModelMetadata?.ContainerType?.GetProperty(description.ModelMetadata.PropertyName!) as MemberInfo;
            if (parameter.In == ParameterLocation.Query)
            {
                parameter.Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Name!);
            }

            if (parameter.Schema is OpenApiSchema schema)
            {
                TrueSchemaFilter.Complete(schema, parameter.Name!, member, isRefusedAsNull: true);
            }
        }

        if (operation.RequestBody is OpenApiRequestBody body && body.Content is { } content)
        {
            body.Required = context.ApiDescription.ParameterDescriptions.First(one => one.Source == BindingSource.Body).IsRequired;
            body.Content = new Dictionary<string, IOpenApiMediaType> { [Json] = content[Json] };
        }

        // A file, which the action reads by itself.
        if (operation.RequestBody is null && context.MethodInfo.GetCustomAttribute<ConsumesAttribute>() is { } consumes)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = consumes.ContentTypes.ToDictionary(type => type, IOpenApiMediaType (_) => new OpenApiMediaType { Schema = Lines() }),
            };
        }

        foreach (var (type, media) in (operation.Responses ?? []).Values
            .SelectMany(response => response.Content?.AsEnumerable() ?? [])
            .Select(pair => (pair.Key, (OpenApiMediaType)pair.Value)))
        {
            media.Schema = type switch
            {
                "text/event-stream" => new OpenApiSchema { Type = JsonSchemaType.String, Description = "Server-sent events, see the protocol." },
                TransferJson.MediaType => Lines(),
                _ => media.Schema,
            };
        }
    }

    private static OpenApiSchema Lines() => new() { Type = JsonSchemaType.String, Description = "A JSON object in each line." };
}
