using System.Text.Json;
using Conversation.Api.Wire;
using Conversation.Data.Access;
using Conversation.Data.Conversations;
using Conversation.Data.Messages;
using Microsoft.Extensions.Caching.Memory;

namespace Conversation.Api.Messages;

/// <summary>
/// Reads pages of messages. The newest page, which is what whoever opens or polls a conversation asks for, is kept as it was answered, and
/// answered again while the conversation's version is the same: every answer rests on a look at the database that began after its request, so
/// that no node need hear of another's writes. A page with a message that is being generated is not kept, for its text grows without an event.
/// </summary>
/// <param name="messages">What there is.</param>
/// <param name="versions">Whether it is still so.</param>
public sealed class MessagePages(MessageRepository messages, VersionLoader versions) : IDisposable
{
    /// <summary>Of all kept pages, in bytes. The least used give way.</summary>
    private const long MostKept = 32 * 1024 * 1024;

    /// <summary>Of one, in bytes, so that hundreds of the longest are kept.</summary>
    private const int LongestKept = 64 * 1024;

    /// <summary>What the cache needs for an entry besides its page, in bytes, roughly.</summary>
    private const int Overhead = 512;

    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(5);

    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = MostKept });

    /// <summary>A page, null where the conversation does not exist or is out of reach.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="conversationId">Where.</param>
    /// <param name="range">Which; with a limit.</param>
    /// <param name="token">Ends the queries.</param>
    internal async Task<MessagePage?> ReadAsync(Caller caller, Guid conversationId, MessageRange range, CancellationToken token)
    {
        if (!range.NewestFirst || range.Before != long.MaxValue)
        {
            var (old, rows) = await QueryAsync(caller, conversationId, range, token);
            // Rows that were read say themselves that the conversation is within reach.
            return rows.Count > 0 || await versions.FindAsync(caller, conversationId, token) is not null ? old : null;
        }

        if (await versions.FindAsync(caller, conversationId, token) is not { } version)
        {
            return null;
        }

        var key = (conversationId, range);
        if (_kept.TryGetValue(key, out Kept? kept) && kept!.Version == version)
        {
            return kept.Page;
        }

        // Read after its version, the page may be newer than that: then whoever is given it as that version's gets more, never less.
        var (page, newest) = await QueryAsync(caller, conversationId, range, token);
        if (page.Json.Length <= LongestKept && newest.All(row => row.Status != MessageStatus.Streaming))
        {
            _kept.Set(key, new Kept(version, page), Sized(page));
        }

        return page;
    }

    /// <inheritdoc/>
    public void Dispose() => _kept.Dispose();

    private async Task<(MessagePage Page, IReadOnlyList<MessageRow> Rows)> QueryAsync(
        Caller caller, Guid conversationId, MessageRange range, CancellationToken token)
    {
        var limit = range.Limit!.Value;
        var read = await messages.ListAsync(caller, conversationId, range with { Limit = limit + 1 }, token);
        var rows = read.Rows.Count > limit ? [.. read.Rows.Take(limit)] : read.Rows;
        var json = JsonSerializer.SerializeToUtf8Bytes(rows.Select(MessageBody.From).ToArray(), WireJson.Options);
        return (new MessagePage(json, read.IsCut || read.Rows.Count > limit ? rows[^1].Seq : null), rows);
    }

    private static MemoryCacheEntryOptions Sized(MessagePage page) =>
        new() { SlidingExpiration = Unused, Size = page.Json.Length + Overhead };

    private sealed record Kept(ConversationVersion Version, MessagePage Page);
}
