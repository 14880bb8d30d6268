using System.Text;
using Conversation.Api.Feed;
using Conversation.Data.Housekeeping;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.AgentRuns;

/// <summary>Text that is generated while nobody follows all the time, and readers who come too late.</summary>
[TestFixture]
internal sealed class UnfollowedRunTests : RunFixture
{
    /// <summary>As after an outage, or a NOTIFY that was lost: the reader of the log gave up what it had been told of.</summary>
    [Test]
    public async Task Page_HintWasLost_ShowsTheTextAllTheSame()
    {
        var conversation = await Client.CreateConversationAsync();
        await Client.SayAsync(conversation, "Hello");
        var script = await Runtime.NextRunAsync();
        script.Say("one ");
        var text = new StringBuilder();
        using var patience = new CancellationTokenSource(Patience.Limit);
        await using var frames = Client.FollowAsync(Door.Page, conversation, position: null, patience.Token).GetAsyncEnumerator(patience.Token);
        await UntilAsync("one ");

        var tail = Host.Services.GetRequiredService<LogTail>();
        var isFollowed = tail.IsFollowed;
        var given = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        tail.IsFollowed = id =>
        {
            if (id == conversation)
            {
                given.TrySetResult();
            }

            return false;
        };
        await Client.SendAsync(conversation, new { role = "system", content = "noted" });
        await given.Task.OrTimeout();
        tail.IsFollowed = isFollowed;
        script.Say("more ");
        await UntilAsync("one more ");

        script.End();

        async Task UntilAsync(string wanted)
        {
            while (text.ToString() != wanted && await frames.MoveNextAsync())
            {
                text.Append(LegacyClient.TypeOf(frames.Current) == "message.delta" ? frames.Current.GetProperty("text").GetString() : "");
            }
        }
    }

    /// <summary>Deleted, and tidied away, before a reader has read up to the end: it ends, and does not ask for ever.</summary>
    [Test]
    public async Task Follow_RowsAreGone_Ends()
    {
        var conversation = await Client.CreateConversationAsync();
        await Client.SendAsync(conversation, new { role = "system", content = "noted" });
        var feed = Host.Services.GetRequiredService<ConversationFeed>();
        using var patience = new CancellationTokenSource(Patience.Limit);
        await using var frames = feed.FollowAsync(conversation, new FollowOptions { After = Position.Start }, patience.Token)
            .GetAsyncEnumerator(patience.Token);
        await frames.MoveNextAsync();
        (await Client.Http.DeleteAsync(new Uri($"{ApiClient.Root}/conversations/{conversation}", UriKind.Relative))).EnsureSuccessStatusCode();
        var store = Host.Services.GetRequiredService<HousekeepingStore>();
        while (await store.DeleteGoneAsServiceAsync(hours: 0, limit: 100, patience.Token) > 0)
        {
        }

        Assert.That(await frames.MoveNextAsync(), Is.False);
    }
}
