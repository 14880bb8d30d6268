using System.Globalization;
using Npgsql;

namespace Conversation.Benchmarks;

/// <summary>The last 50 messages of a long conversation, on 32 connections.</summary>
internal static class ListLoad
{
    private const int Connections = 32;

    /// <param name="messages">How many there are.</param>
    /// <param name="isKept">Whether the service may answer with a page that it kept.</param>
    public static string What(int messages, bool isKept = true) =>
        string.Create(CultureInfo.InvariantCulture, $"list the last 50 of {messages:N0}{(isKept ? "" : ", page not kept")}");

    public static async Task<Figures> RunAsync(Measurement run, int messages, bool isKept = true)
    {
        using var client = await LoadClient.CreateAsync(run, Connections);
        var conversation = (await client.ConversationsAsync(1))[0];
        await using var source = NpgsqlDataSource.Create(run.ConnectionString);
        await Filling.MessagesAsync(source, conversation, messages, run.IsBare);
        return await LoadLoop.MeasureAsync(What(messages, isKept), run, Connections, _ => client.GetAsync(client.ListPath(conversation, isKept)));
    }
}
