namespace Conversation.Benchmarks;

/// <summary>POST of a message on 32 connections, each as fast as it is answered, into 32 conversations.</summary>
internal static class PostLoad
{
    public const string What = "POST message, 32 connections";
    private const int Connections = 32;

    public static async Task<Figures> RunAsync(Measurement run)
    {
        using var client = await LoadClient.CreateAsync(run, Connections);
        var targets = await client.ConversationsAsync(Connections);
        return await LoadLoop.MeasureAsync(What, run, Connections, worker => client.PostAsync(targets[worker]));
    }
}
