using Conversation.Api.Auth;
using Conversation.Api.Wire;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Conversation.Api.OpenApi;

internal static class OpenApiRegistration
{
    private const string DocumentName = "v1";
    private const string TryItOut = "\n\nTo try it in development: POST /dev/token, copy access_token, and give it to Authorize.";

    private const string Folder = "/swagger";
    private const string DocumentPath = $"{Folder}/{DocumentName}/swagger.json";

    public static IServiceCollection AddOpenApiDocument(this IServiceCollection services)
    {
        services.AddSwaggerGen(swagger =>
        {
            swagger.IncludeXmlComments(typeof(OpenApiRegistration).Assembly);
            swagger.SupportNonNullableReferenceTypes();
            swagger.MapType<RawJson>(() => new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalPropertiesAllowed = true });
            swagger.AddSecurityDefinition(AuthSchemes.User, Bearer("A user's token: reaches the conversations that the user owns."));
            swagger.AddSecurityDefinition(AuthSchemes.M2m, Bearer("A machine's token: reaches all conversations."));
            swagger.OperationFilter<SecurityOperationFilter>();
            swagger.OperationFilter<RequestsFilter>();
            swagger.OperationFilter<ResponsesFilter>();
            swagger.SchemaFilter<TrueSchemaFilter>();
            swagger.DocumentFilter<DocumentFilter>();
        });
        services.AddOptions<SwaggerGenOptions>().Configure<TokenKeys>((swagger, keys) => swagger.SwaggerDoc(DocumentName, new OpenApiInfo
        {
            Title = "Conversation",
            Version = DocumentName,
            Description = "Conversations with agents, whose answers are streamed to everyone who follows. What cannot be said here, the "
                + $"SignalR hub, the WebSocket and the stream of events, is in [the protocol]({ProtocolDocuments.Protocol}) and, for "
                + $"tools, in [an AsyncAPI document]({ProtocolDocuments.AsyncApi})." + (keys.HandsOut ? TryItOut : ""),
            Contact = new OpenApiContact { Name = "The maintainers of Conversation" },
        }));
        return services;
    }

    /// <summary>
    /// The document under the API's root as well, where the legacy service had it. Aside from all other requests: Swagger makes a generator
    /// for each that passes it, and keeps it for as long as a socket is open.
    /// </summary>
    public static void UseOpenApiDocument(this WebApplication app, string root)
    {
        var alias = $"{root}/openapi.json";
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments(Folder) || context.Request.Path == alias,
            documents =>
            {
                documents.Use((context, next) =>
                {
                    if (context.Request.Path == alias)
                    {
                        context.Request.Path = DocumentPath;
                    }

                    return next(context);
                });
                documents.UseMiddleware<ProtocolDocuments>();
                documents.UseSwagger();
                documents.UseSwaggerUI(ui => ui.SwaggerEndpoint(DocumentPath, "Conversation"));
            });
    }

    private static OpenApiSecurityScheme Bearer(string description) => new()
    {
        Type = SecuritySchemeType.Http,
        Scheme = "bearer",
        BearerFormat = "JWT",
        Description = description,
    };
}
