using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Conversation.Api.OpenApi;

/// <summary>What is said once for the whole document.</summary>
internal sealed class DocumentFilter : IDocumentFilter
{
    private static readonly (string Name, string Description)[] Groups =
    [
        ("Conversations", "Where messages stand. A user reaches their own; a machine reaches all."),
        ("Messages", "What was said, in the order of seq."),
        ("Runs", "The work of answering: queued, running, cancelling, and then completed, failed or cancelled."),
        ("Events", "The log of a conversation, as pages and as server-sent events."),
        ("Health", "For load balancers and orchestrators. No token is needed."),
        ("Development", "For a first look. Not there in production."),
    ];

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        var used = swaggerDoc.Paths.Values
            .SelectMany(path => path.Operations ?? [])
            .Select(pair => pair.Value)
            .SelectMany(operation => operation.Tags ?? new HashSet<OpenApiTagReference>())
            .Select(tag => tag.Name)
            .ToHashSet();
        swaggerDoc.Tags = Groups
            .Where(group => used.Contains(group.Name))
            .Select(group => new OpenApiTag { Name = group.Name, Description = group.Description })
            .ToHashSet();
        swaggerDoc.Servers = [new OpenApiServer { Url = "/", Description = "This service" }];
    }
}
