namespace Conversation.Benchmarks;

/// <summary>POST of a message on 32 connections, each as fast as it is answered, into 32 conversations.</summary>
internal static class PostLoad
{
    public const string What = "POST message, 32 connections";
    public const string WithKeys = $"{What}, each under a key";
    public const string Logged = $"{What}, a log line each";
    private const int Connections = 32;

    /// <param name="run">The subject.</param>
    /// <param name="withKeys">Whether each message is sent under an idempotency key of its own.</param>
    public static async Task<Figures> RunAsync(Measurement run, bool withKeys = false)
    {
        using var client = await LoadClient.CreateAsync(run, Connections);
        var targets = await client.ConversationsAsync(Connections);
        return withKeys
            ? await LoadLoop.MeasureAsync(WithKeys, run, Connections, worker => client.PostAsync(targets[worker], Guid.CreateVersion7()))
            : await LoadLoop.MeasureAsync(What, run, Connections, worker => client.PostAsync(targets[worker]));
    }
}
