using System.Text.Json;
using Conversation.Api.Feed;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Feed;

/// <summary>A topic whose message 1 is being generated, by one node after the other.</summary>
internal sealed class RangeWorld
{
    private readonly Guid _conversation = Guid.CreateVersion7();
    private readonly Guid _message = Guid.CreateVersion7();
    private long _seq = 1;

    public RangeWorld()
    {
        Topic = new Topic(_conversation);
        Topic.Learn(new LogHead(_conversation, 0, null, Deleted: false, null, null, null, null));
        Text = new LiveText(_message, 1, attempt: 1);
        Topic.Open(Text);
        Publish(1, EventTypes.MessageStarted, Body(MessageStatus.Streaming, ""));
    }

    public Topic Topic { get; }

    public LiveText Text { get; private set; }

    public List<LogEntry> Log { get; } = [];

    public string Written => Text.Slice(0, Text.Length).ToString();

    public void Happen() => Publish(++_seq, EventTypes.ConversationUpdated, null);

    /// <summary>Another producer goes on from some place of the text; what stood behind it is gone.</summary>
    public void TakeOver(int cut)
    {
        var kept = Written[..Math.Min(cut, Text.Length)];
        kept = kept.Length > 0 && char.IsHighSurrogate(kept[^1]) ? kept[..^1] : kept;
        Text = new LiveText(_message, 1, Text.Attempt + 1, Text.Attempt > 1 ? Math.Min(Text.Keep, kept.Length) : kept.Length);
        Text.Append(kept);
        Text.Publish();
        Topic.Open(Text);
        Publish(++_seq, EventTypes.RunStarted, Body(MessageStatus.Streaming, ""));
    }

    public void End() => Publish(++_seq, EventTypes.MessageCompleted, Body(MessageStatus.Completed, Written));

    private void Publish(long seq, string type, MessageRow? message)
    {
        var entry = new LogEntry(new EventRow { ConversationId = _conversation, Seq = seq, Type = type, At = default, Message = message });
        Log.Add(entry);
        Topic.Publish([entry]);
    }

    private MessageRow Body(string status, string content) => new(
        _message, _conversation, 1, "assistant", content, null, status, null, null, default, default)
    {
        Attempt = Text.Attempt,
        Keep = Text.Keep,
    };
}

/// <summary>A reader that applies frames by the rules of docs/protocol.md, or, to see that they matter, without one of them.</summary>
internal sealed class RangeClient(RangeWorld world, bool canTakeBack, string ignored)
{
    private Follower _follower = NewFollower(world, canTakeBack, Position.Start);
    private int _attempt = 1;

    public Position Position { get; private set; }

    public string Text { get; private set; } = "";

    public bool Restarted { get; private set; }

    public void ComeBack(Position position) => _follower = NewFollower(world, canTakeBack, position);

    public bool Read()
    {
        switch (_follower.Next(out var frame))
        {
            case FollowState.Frame when frame is RestartFrame:
                Restarted = true;
                return true;
            case FollowState.Frame:
                Apply(JsonElement.Parse(frame!.V2));
                Position = frame.Position;
                return true;
            case FollowState.Behind:
                _follower.Take(world.Log.Where(entry => entry.Seq > _follower.Seq));
                return true;
            default:
                return false;
        }
    }

    public void Drain()
    {
        while (Read())
        {
        }
    }

    private static Follower NewFollower(RangeWorld world, bool canTakeBack, Position position)
    {
        var follower = new Follower(world.Topic, new FollowOptions { CanTakeBack = canTakeBack, TextInEvents = canTakeBack });
        follower.Begin(position);
        return follower;
    }

    private void Apply(JsonElement frame)
    {
        if (LegacyClient.TypeOf(frame) != "message.delta")
        {
            return;
        }

        var text = frame.GetProperty("text").GetString()!;
        if (!canTakeBack)
        {
            // The legacy dialect has no offsets: what comes is appended.
            Text += text;
            return;
        }

        if (frame.GetProperty("attempt").GetInt32() is var attempt && attempt > _attempt)
        {
            _attempt = attempt;
            Text = ignored == "keep" ? Text : Text[..Math.Min(Text.Length, frame.GetProperty("keep").GetInt32())];
        }

        var from = ignored == "from" ? Text.Length : frame.GetProperty("from").GetInt32();
        Assert.That(from, Is.LessThanOrEqualTo(Text.Length));
        Text = from + text.Length <= Text.Length ? Text : Text + text[(Text.Length - from)..];
    }
}
