using BenchmarkDotNet.Attributes;
using Conversation.Api.Feed;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Data.Postgres;

namespace Conversation.Benchmarks.Micro;

/// <summary>What a frame costs before it reaches a socket: encoding, positions, and a follower's step.</summary>
public class FeedBenchmarks
{
    private static readonly Guid Id = Ids.New();
    private static readonly string Text = new('x', 120);

    private readonly LiveRange _range = new(7, Id, 1, 1000, 0, "word00001 ".AsMemory());
    private readonly string _position = new Position(123, Id, 1, 4567).ToString();
    private readonly Topic _topic = new(Id);
    private readonly LiveText _live = new(Id, 1, attempt: 1);
    private readonly LogEntry _event = new(new EventRow
    {
        ConversationId = Id,
        Seq = 8,
        Type = EventTypes.MessageCreated,
        At = DateTime.UnixEpoch,
        Message = new MessageRow(
            Id, Id, 8, MessageRole.User, Text, Metadata: null, MessageStatus.Stored, FinishReason: null, RunId: null,
            DateTime.UnixEpoch, DateTime.UnixEpoch),
    });

    private readonly Follower[] _followers = new Follower[100];

    /// <summary>A topic with text that grows, and a hundred followers who have all of it.</summary>
    [GlobalSetup]
    public void Follow()
    {
        _topic.Learn(new LogHead(Id, 1, null, Deleted: false, null, null, null, null));
        _topic.Open(_live);
        for (var i = 0; i < _followers.Length; i++)
        {
            _followers[i] = new Follower(_topic, new FollowOptions());
            _topic.Add(_followers[i]);
            _followers[i].Begin(new Position(1));
        }
    }

    /// <summary>A range of text, once for all followers of the v2 dialect.</summary>
    [Benchmark(Description = "encode a range, v2")]
    public int EncodeRange() => new DeltaFrame(_range, new Position(7, Id, 1, 1010)).V2.Length;

    /// <summary>The same for the legacy dialect.</summary>
    [Benchmark(Description = "encode a range, legacy")]
    public int EncodeLegacyRange() => new DeltaFrame(_range, new Position(7, Id, 1, 1010)).Legacy.Length;

    /// <summary>An event with its message.</summary>
    [Benchmark(Description = "encode a message's event, v2")]
    public int EncodeEvent() => new EventFrame(_event, new Position(8)).V2.Length;

    /// <summary>What a client comes back with.</summary>
    [Benchmark(Description = "parse a position")]
    public bool ParsePosition() => Position.TryParse(_position, out _);

    /// <summary>A chunk from the runtime to a hundred followers, encoded, without their sockets.</summary>
    [Benchmark(Description = "a chunk to one of 100 followers, without sockets", OperationsPerInvoke = 100)]
    public int Step()
    {
        _topic.Append(_live, "word00001 ");
        _topic.Show(_live);
        var bytes = 0;
        foreach (var follower in _followers)
        {
            while (follower.Next(out var frame) == FollowState.Frame)
            {
                bytes += frame!.V2.Length;
            }
        }

        return bytes;
    }
}
