namespace Conversation.Api.Auth;

/// <summary>Marks an endpoint whose clients cannot set headers, so that the token may come as <c>?token=</c> or <c>?access_token=</c>.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
internal sealed class TokenInQueryAttribute : Attribute;

/// <summary>Where a request's token is.</summary>
internal static class TokenOfRequest
{
    private const string Prefix = "Bearer ";

    /// <summary>The token of the header; where there is no header and the endpoint allows it, of the query.</summary>
    public static string? Find(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.Length > 0)
        {
            return header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? header[Prefix.Length..].Trim() : null;
        }

        return request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<TokenInQueryAttribute>() is null
            ? null
            : request.Query["access_token"].FirstOrDefault() ?? request.Query["token"].FirstOrDefault();
    }
}
