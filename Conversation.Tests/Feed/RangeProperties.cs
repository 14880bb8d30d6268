using System.Text.Json;
using Conversation.Api.Feed;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Tests.Infrastructure;
using CsCheck;

namespace Conversation.Tests.Feed;

/// <summary>
/// Whatever the interleaving of writing, showing, reading, dropping off and coming back: the rules give the producer's text.
/// </summary>
[TestFixture]
internal sealed class RangeProperties
{
    private static readonly string[] Odd = ["🙂", "🙂🙂", "é", "\u202e", "a🙂b"];

    private static readonly Gen<string> Piece = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 1, 8], Gen.Int[0, 4].Select(i => Odd[i]));

    private static readonly Gen<Step[]> Steps = Gen.OneOf(
        Piece.Select(piece => new Step("write", piece)),
        Gen.Const(new Step("show", "")),
        Gen.Const(new Step("read", "")),
        Gen.Const(new Step("drop", "")),
        Gen.Const(new Step("forget", "")),
        Gen.Const(new Step("event", ""))).Array[1, 60];

    [Test]
    public void Ranges_AnyInterleaving_GiveTheProducersText() => Steps.Sample(Play, iter: 20_000);

    /// <summary>The rule must bite: a client that ignores where ranges begin fails.</summary>
    [Test]
    public void Ranges_AppliedWithoutTheRule_AreCaught() => Assert.Throws<CsCheckException>(
        () => Steps.Sample(steps => Play(steps, naive: true), iter: 20_000, writeLine: _ => { }));

    private static void Play(Step[] steps) => Play(steps, naive: false);

    private static void Play(Step[] steps, bool naive)
    {
        var world = new World();
        var client = new Client(world, naive);
        foreach (var step in steps)
        {
            switch (step.Kind)
            {
                case "write":
                    world.Topic.Append(world.Text, step.Text);
                    break;
                case "show":
                    world.Topic.Show(world.Text);
                    break;
                case "event":
                    world.Happen();
                    break;
                case "read":
                    client.Read();
                    break;
                case "drop":
                    client.ComeBack(client.Position);
                    break;
                default:
                    // Comes back with a bare seq: the text comes again from its start.
                    client.ComeBack(new Position(client.Position.Seq));
                    break;
            }
        }

        world.End();
        client.Drain();
        Assert.That(client.Text, Is.EqualTo(world.Written));
    }

    private sealed record Step(string Kind, string Text);

    /// <summary>A topic whose message 1 is being generated.</summary>
    private sealed class World
    {
        private readonly Guid _conversation = Guid.CreateVersion7();
        private long _seq = 1;

        public World()
        {
            Topic = new Topic(_conversation);
            Topic.Learn(new LogHead(_conversation, 0, null, Deleted: false, null, null, null, null));
            Message = Guid.CreateVersion7();
            Text = new LiveText(Message, 1, attempt: 1);
            Topic.Open(Text);
            Publish(1, EventTypes.MessageStarted, Body(MessageStatus.Streaming, ""));
        }

        public Topic Topic { get; }

        public LiveText Text { get; }

        public Guid Message { get; }

        public List<LogEntry> Log { get; } = [];

        public string Written => Text.Slice(0, Text.Length).ToString();

        public void Happen() => Publish(++_seq, EventTypes.ConversationUpdated, null);

        public void End() => Publish(++_seq, EventTypes.MessageCompleted, Body(MessageStatus.Completed, Written));

        private void Publish(long seq, string type, MessageRow? message)
        {
            var entry = new LogEntry(new EventRow { ConversationId = _conversation, Seq = seq, Type = type, At = default, Message = message });
            Log.Add(entry);
            Topic.Publish([entry]);
        }

        private MessageRow Body(string status, string content) => new(
            Message, _conversation, 1, "assistant", content, null, status, null, null, 1, 0, default, default, Deleted: false);
    }

    private sealed class Client(World world, bool naive)
    {
        private Follower _follower = NewFollower(world, Position.Start);

        public Position Position { get; private set; }

        public string Text { get; private set; } = "";

        public void ComeBack(Position position) => _follower = NewFollower(world, position);

        public bool Read()
        {
            switch (_follower.TryNext(out var frame))
            {
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

        private static Follower NewFollower(World world, Position position)
        {
            var follower = new Follower(world.Topic, new FollowOptions());
            follower.Begin(position);
            return follower;
        }

        private void Apply(JsonElement frame)
        {
            if (LegacyClient.TypeOf(frame) != "message.delta")
            {
                return;
            }

            var from = naive ? Text.Length : frame.GetProperty("from").GetInt32();
            var text = frame.GetProperty("text").GetString()!;
            Assert.That(from, Is.LessThanOrEqualTo(Text.Length));
            Text = from + text.Length <= Text.Length ? Text : Text + text[(Text.Length - from)..];
        }
    }
}
