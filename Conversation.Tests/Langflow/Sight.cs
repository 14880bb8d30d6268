namespace Conversation.Tests.Langflow;

/// <summary>What everyone is to see of one run, told as <see cref="Told"/> tells it.</summary>
/// <param name="Legacy">The frames of a legacy client after the acknowledgement.</param>
/// <param name="V2">The frames of a v2 client.</param>
/// <param name="Stored">The answer and the run.</param>
internal sealed record Sight(IReadOnlyList<string> Legacy, IReadOnlyList<string> V2, string Stored)
{
    public const string Authenticated = "info langflow_authenticated";
    public const string Refused = "warn langflow_auth_failed";

    private const string Complete = """{"type":"complete"}""";

    private static readonly string[] Begun = ["message.created stored : Hello", "run.queued", "run.started"];

    /// <summary>The whole answer, after what v2 clients are told of tools.</summary>
    public static Sight Whole(string text, params string[] tools) => new(
        [Frame(Authenticated), $"stream: {text}", Complete],
        [
            .. Begun, Event(Authenticated), .. tools, "message.started", $"message.delta 0: {text}", $"message.completed completed stop: {text}",
            "run.completed langflow completed",
        ],
        $"completed stop: {text}; run langflow completed");

    /// <summary>A part of the answer, and that it failed.</summary>
    public static Sight Part(string text, string code, string detail) => new(
        [Frame(Authenticated), $"stream: {text}", Frame("warn run_failed"), Complete],
        [
            .. Begun, Event(Authenticated), "message.started", $"message.delta 0: {text}", $"message.interrupted interrupted {code}: {text}",
            $"run.failed langflow failed {code} {detail}",
        ],
        $"interrupted {code}: {text}; run langflow failed {code} {detail}");

    /// <summary>No answer at all, after some remarks.</summary>
    public static Sight Nothing(string code, string detail, params string[] remarks) => new(
        [.. remarks.Select(Frame), Frame("warn run_failed"), Complete],
        [.. Begun, .. remarks.Select(Event), $"run.failed langflow failed {code} {detail}"],
        $"nothing; run langflow failed {code} {detail}");

    /// <summary>A simulated answer in its place, after some remarks, which says why.</summary>
    public static Sight Simulated(string why, params string[] remarks)
    {
        const string Mark = """{"runtime": "simulated"}""";
        var text = $"This is a simulated answer. You wrote: “Hello” {why} It only shows how an answer arrives, word by word.";
        string[] all = [.. remarks, "warn simulated_runtime"];
        return new(
            [.. all.Select(Frame), $"stream: {text}", Complete],
            [
                .. Begun, .. all.Select(Event), $"message.started {Mark}", $"message.delta 0: {text}",
                $"message.completed completed stop: {text}{Mark}", "run.completed langflow completed",
            ],
            $"completed stop: {text}{Mark}; run langflow completed");
    }

    /// <summary>The whole answer where the end says something else than was shown: legacy keeps what it has.</summary>
    public static Sight Replaced(string shown, int keeps, string text) => Whole(text) with
    {
        Legacy = Whole(shown).Legacy,
        V2 =
        [
            .. Whole(shown).V2.SkipLast(2), $"message.delta {keeps} attempt 2 keeps {keeps}: {text[keeps..]}", .. Whole(text).V2.TakeLast(2),
        ],
    };

    /// <summary>A part of the answer, and that it was cancelled.</summary>
    public static Sight Cancelled(string text, string outcome) => new(
        [Frame(Authenticated), $"stream: {text}", Frame("warn run_cancelled"), Complete],
        [
            .. Begun, Event(Authenticated), "message.started", $"message.delta 0: {text}", "run.cancelling",
            $"message.interrupted interrupted cancelled: {text}", $"run.cancelled langflow cancelled {outcome}",
        ],
        $"interrupted cancelled: {text}; run langflow cancelled {outcome}");

    public void Check(LangflowWalk.Seen seen) => Assert.Multiple(() =>
    {
        Assert.That(seen.Legacy, Is.EqualTo(Legacy));
        Assert.That(seen.ToldV2, Is.EqualTo(V2));
        Assert.That(seen.Stored, Is.EqualTo(Stored));
    });

    private static string Frame(string remark) => $$"""{"type":"{{Parts(remark)[0]}}","message":"{{Parts(remark)[1]}}"}""";

    private static string Event(string remark) => $$"""run.notice {"code":"{{Parts(remark)[1]}}","level":"{{Parts(remark)[0]}}"}""";

    /// <summary>A remark's level and code.</summary>
    private static string[] Parts(string remark) => remark.Split(' ');
}
