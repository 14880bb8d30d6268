using Conversation.Api.Feed;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Tests.Feed;

/// <summary>A conversation that is given to somebody else while a node remembers whose it was.</summary>
[TestFixture]
internal sealed class NewOwnerTests : ConversationFixture
{
    [Test]
    public async Task Follow_ByTheNewOwner_IsNotEndedByTheOldOnesName()
    {
        var feed = Host.Services.GetRequiredService<ConversationFeed>();
        // As a run does whose answer is being written.
        var topic = feed.Hold(ConversationId);
        try
        {
            await foreach (var _ in feed.FollowAsync(ConversationId, new FollowOptions(), Patience.Token))
            {
                break;
            }

            var owner = Guid.CreateVersion7();
            await using var give = Host.Services.GetRequiredService<NpgsqlDataSource>()
                .CreateCommand("UPDATE conversations SET owner_id = $1 WHERE id = $2");
            give.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = owner });
            give.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = ConversationId });
            await give.ExecuteNonQueryAsync(Patience.Token);

            await using var frames = feed.FollowAsync(ConversationId, new FollowOptions { Reach = owner }, Patience.Token).GetAsyncEnumerator();
            Assert.That(await frames.MoveNextAsync());
            var next = frames.MoveNextAsync();
            using var client = Host.AsUser(owner);
            await client.SendAsync(ConversationId, new { role = "system", content = "mine" });
            Assert.That(await next);
            Assert.That(frames.Current, Is.InstanceOf<EventFrame>());
        }
        finally
        {
            feed.Release(topic);
        }
    }
}
