namespace Conversation.Api.Configuration;

/// <content>Where the data is.</content>
internal sealed partial record ServiceSettings
{
    /// <summary>The database: a URL or an Npgsql string. Default, except in production: a private server.</summary>
    [Variable("CONVERSATION_SERVICE_DATABASE_URL")]
    public string? DatabaseUrl { get; init; }

    /// <summary>A folder with PostgreSQL's programs for the private server. Default: looked for.</summary>
    [Variable("CONVERSATION_SERVICE_POSTGRES_BIN")]
    public string? PostgresBin { get; init; }

    /// <summary>The folder of the private server's data, a relative one counted from the checkout. Default: one per checkout.</summary>
    [Variable("CONVERSATION_SERVICE_POSTGRES_DATA")]
    public string? PostgresData { get; init; }
}
