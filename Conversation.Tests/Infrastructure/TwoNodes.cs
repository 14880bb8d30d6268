namespace Conversation.Tests.Infrastructure;

/// <summary>Two processes of the service on one database, as one caller.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private readonly string _token = TestTokens.User(Guid.CreateVersion7());

    private readonly Dictionary<string, string?>[] _environments;

    private TwoNodes(string connectionString, ApiProcess[] nodes, Dictionary<string, string?>[] environments)
    {
        ConnectionString = connectionString;
        Nodes = nodes;
        _environments = environments;
    }

    public string ConnectionString { get; }

    public ApiProcess[] Nodes { get; }

    /// <param name="settings">For both.</param>
    /// <param name="connectionString">The database; null for a new one.</param>
    /// <param name="first">What differs in the first node's environment.</param>
    public static async Task<TwoNodes> StartAsync(
        Dictionary<string, string?>? settings = null, string? connectionString = null, Dictionary<string, string?>? first = null)
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
        var own = new Dictionary<string, string?>(environment);
        foreach (var (name, value) in first ?? [])
        {
            own[name] = value;
        }

        Dictionary<string, string?>[] environments = [own, environment];
        var starts = environments.Select(one => ApiProcess.StartAsync(one)).ToArray();
        try
        {
            return new TwoNodes(connectionString, await Task.WhenAll(starts), environments);
        }
        catch
        {
            foreach (var started in starts.Where(start => start.IsCompletedSuccessfully))
            {
                await (await started).DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Starts a node again that was killed or stopped, where its clients look for it.</summary>
    public async Task ReviveAsync(int node)
    {
        await Nodes[node].DisposeAsync();
        Nodes[node] = await ApiProcess.StartAsync(_environments[node], address: Nodes[node].Address);
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
