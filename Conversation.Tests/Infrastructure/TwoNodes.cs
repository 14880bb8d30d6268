namespace Conversation.Tests.Infrastructure;

/// <summary>Two processes of the service on one database, as one caller.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private readonly string _token = TestTokens.User(Guid.CreateVersion7());

    private TwoNodes(string connectionString, ApiProcess[] nodes, Dictionary<string, string?> environment)
    {
        ConnectionString = connectionString;
        Nodes = nodes;
        Environment = environment;
    }

    public string ConnectionString { get; }

    public ApiProcess[] Nodes { get; }

    public Dictionary<string, string?> Environment { get; }

    public static async Task<TwoNodes> StartAsync(Dictionary<string, string?>? settings = null, string? connectionString = null)
    {
        connectionString ??= await TestPostgres.NewDatabaseAsync();
        var environment = new Dictionary<string, string?>(settings ?? [])
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = connectionString,
            ["CONVERSATION_SERVICE_LOGGING_LEVEL"] = "INFO",
            ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
            ["CONVERSATION_SERVICE_USER_JWT_ISSUER"] = TestTokens.UserIssuer,
            ["CONVERSATION_SERVICE_USER_JWT_AUDIENCE"] = TestTokens.Audience,
            ["CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY"] = TestTokens.M2mKey,
        };
        var nodes = await Task.WhenAll(ApiProcess.StartAsync(environment), ApiProcess.StartAsync(environment));
        return new TwoNodes(connectionString, nodes, environment);
    }

    /// <summary>Starts a node again that was killed or stopped.</summary>
    public async Task ReviveAsync(int node)
    {
        await Nodes[node].DisposeAsync();
        Nodes[node] = await ApiProcess.StartAsync(Environment, address: Nodes[node].Address);
    }

    public ApiClient Client(int node) => new(Nodes[node].Address, _token);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }
    }
}
