using Conversation.Data.Access;

namespace Conversation.Data.Conversations;

/// <summary>
/// What a conversation is, for a reader who kept something of it: as long as this is the same, so are its messages, but for the text of one
/// that is being generated. The time tells apart two writers of one number, as after a failover that lost the last commits.
/// </summary>
/// <param name="Id">Which.</param>
/// <param name="OwnerId">Whose; null for a machine's.</param>
/// <param name="LastSeq">The last event.</param>
/// <param name="UpdatedAt">When it was stored, UTC.</param>
/// <param name="Deleted">Whether it is to be seen no more.</param>
internal sealed record ConversationVersion(Guid Id, Guid? OwnerId, long LastSeq, DateTime UpdatedAt, bool Deleted)
{
    public bool IsWithinReachOf(Caller caller) => !Deleted && (caller.Reach is null || caller.Reach == OwnerId);
}

/// <summary>
/// Asks for the versions of conversations, for many readers with one statement: while one is on its way, those who come gather for the
/// next. No reader is answered by a statement that was sent before it asked.
/// </summary>
public sealed class VersionLoader : IDisposable
{
    private readonly ConversationRepository _conversations;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private Look? _gathering;

    internal VersionLoader(ConversationRepository conversations) => _conversations = conversations;

    /// <summary>The version of a conversation, null where it does not exist or is out of reach.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="id">Which.</param>
    /// <param name="token">Ends the wait, but for the one who asks for others too.</param>
    internal async Task<ConversationVersion?> FindAsync(Caller caller, Guid id, CancellationToken token)
    {
        Look look;
        bool isFirst;
        lock (_gate)
        {
            isFirst = _gathering is null;
            look = _gathering ??= new Look();
            look.Ids.Add(id);
        }

        if (isFirst)
        {
            await SendAsync(look);
        }

        var versions = await look.Versions.Task.WaitAsync(token);
        return versions.TryGetValue(id, out var version) && version.IsWithinReachOf(caller) ? version : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>Sent by the first of those who gather, for all of them: it does not end with that one's request, the database's time-outs bound it.</summary>
    private async Task SendAsync(Look look)
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            Guid[] ids;
            lock (_gate)
            {
                _gathering = null;
                ids = [.. look.Ids];
            }

            var versions = await _conversations.VersionsAsServiceAsync(ids, CancellationToken.None);
            look.Versions.SetResult(versions.ToDictionary(version => version.Id));
        }
        catch (Exception error)
        {
            look.Versions.SetException(error);
        }
        finally
        {
            _turn.Release();
        }
    }

    private sealed class Look
    {
        public HashSet<Guid> Ids { get; } = [];

        public TaskCompletionSource<Dictionary<Guid, ConversationVersion>> Versions { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
