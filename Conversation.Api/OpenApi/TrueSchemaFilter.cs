using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Conversation.Api.OpenApi;

/// <summary>
/// Makes schemas say what the service does. What it answers has every field, null where its type says so; what it takes has what
/// <see cref="RequiredAttribute"/> names, never null; unknown fields are ignored in both.
/// </summary>
internal sealed class TrueSchemaFilter : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { Count: > 0 } properties } written)
        {
            return;
        }

        var isRequest = context.Type.Name.EndsWith("Request", StringComparison.Ordinal);
        written.AdditionalPropertiesAllowed = true;
        written.Required = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var member in context.Type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(member.Name);
            if (!properties.TryGetValue(name, out var property))
            {
                continue;
            }

            var isNeeded = isRequest ? member.IsDefined(typeof(RequiredAttribute)) : context.Type != typeof(Problem) || !IsNullable(member);
            if (isNeeded)
            {
                written.Required.Add(name);
            }

            if (property is OpenApiSchema own)
            {
                Complete(own, name, member, isNeeded && isRequest);
            }
        }
    }

    /// <summary>Does to a parameter of a query what is done to a property of a body.</summary>
    public static void Complete(OpenApiSchema schema, string name, MemberInfo? member, bool isRefusedAsNull)
    {
        if (isRefusedAsNull)
        {
            schema.Type &= ~JsonSchemaType.Null;
        }

        if (member?.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed)
        {
            schema.Enum = [.. allowed.Values.OfType<string>().Select(value => (JsonNode)value)];
            if (schema.Type?.HasFlag(JsonSchemaType.Null) == true)
            {
                schema.Enum.Add(JsonNullSentinel.JsonNull);
            }
        }

        if (Examples.Of(name, member?.DeclaringType) is { } example)
        {
            schema.Examples = [example];
        }
    }

    private static bool IsNullable(PropertyInfo member) =>
        Nullable.GetUnderlyingType(member.PropertyType) is not null
        || new NullabilityInfoContext().Create(member).ReadState == NullabilityState.Nullable;
}
