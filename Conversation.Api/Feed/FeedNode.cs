using Conversation.Data.Postgres;

namespace Conversation.Api.Feed;

/// <summary>This process among the nodes of the feed: what tells its own hints from those of others.</summary>
internal sealed class FeedNode
{
    public Guid Id { get; } = Ids.New();
}
