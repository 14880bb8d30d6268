using Conversation.Api.Feed;
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
        Piece.Select(piece => new Step("write", piece)),
        Gen.Const(new Step("show", "")),
        Gen.Const(new Step("read", "")),
        Gen.Const(new Step("drop", "")),
        Gen.Const(new Step("forget", "")),
        Gen.Const(new Step("event", "")),
        Gen.Int[0, 30].Select(cut => new Step("take over", "", cut))).Array[1, 60];

    [Test]
    public void Ranges_AnyInterleaving_GiveTheProducersText() => Steps.Sample(steps => Play(steps), iter: 20_000);

    /// <summary>A reader that cannot take text back gets no offset twice; it ends exact, or is told to begin anew.</summary>
    [Test]
    public void Ranges_ToAReaderThatTakesNothingBack_ComeOnceOrEndInARestart() => Steps.Sample(
        steps => Play([.. steps.Where(step => step.Kind is not ("drop" or "forget"))], canTakeBack: false), iter: 20_000);

    /// <summary>The rules must bite: a client that ignores where ranges begin, or what to keep, fails.</summary>
    [TestCase("from")]
    [TestCase("keep")]
    public void Ranges_AppliedWithoutTheRule_AreCaught(string ignored) => Assert.Throws<CsCheckException>(
        () => Steps.Sample(steps => Play(steps, ignored: ignored), iter: 20_000, writeLine: _ => { }));

    private static void Play(Step[] steps, bool canTakeBack = true, string ignored = "")
    {
        var world = new RangeWorld();
        var client = new RangeClient(world, canTakeBack, ignored);
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
                case "take over":
                    world.TakeOver(step.Cut);
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
        Assert.That(client.Restarted || client.Text == world.Written, $"{client.Text} | {world.Written}");
        Assert.That(client.Restarted && canTakeBack, Is.False);
    }

    private sealed record Step(string Kind, string Text, int Cut = 0);
}
