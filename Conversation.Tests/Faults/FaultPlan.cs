using Conversation.Api.AgentRuntimes;

namespace Conversation.Tests.Faults;

/// <summary>What may become of an answer in a row of the fault matrix.</summary>
internal enum Ending
{
    /// <summary>Every answer is whole.</summary>
    Whole,

    /// <summary>Answers of runtimes that cannot resume may end as interrupted, with what was kept.</summary>
    PlainMayBreak,

    /// <summary>Every answer ends where the runtime broke off, and says so.</summary>
    Broken,
}

/// <summary>One row of the fault matrix: how much traffic, and what must become of it.</summary>
/// <param name="Row">The row's name.</param>
/// <param name="Ending">What may become of an answer.</param>
/// <param name="Chunks">How many chunks there are at least; the fault comes again until there are. Zero for once.</param>
internal sealed record FaultPlan(string Row, Ending Ending = Ending.Whole, int Chunks = 0)
{
    /// <summary>In the full form of the matrix each row sees so many chunks, all rows together a million.</summary>
    public const int Full = 65_000;

    public int Conversations { get; init; } = 6;

    /// <summary>Words in an answer.</summary>
    public int Words { get; init; } = 200;

    /// <summary>Words in a chunk.</summary>
    public int WordsPerPiece { get; init; } = 1;

    public int PaceMs { get; init; } = 4;

    /// <summary>More of the runtime's script.</summary>
    public string Script { get; init; } = "";

    /// <summary>How much of an answer there is before the runtime breaks off; null where it does not.</summary>
    public int? BreaksAfter { get; init; }

    /// <summary>
    /// How soon after the fault every living follower must have been told of each run that it hit, and as much later as this machine stood
    /// still meanwhile; null where nobody need be.
    /// </summary>
    public TimeSpan? Told { get; init; }

    /// <summary>Whether nobody lives during the fault, so that the truth can be told only after it.</summary>
    public bool NobodyLives { get; init; }

    /// <summary>Where followers look first: at their conversation's own node, or all at one.</summary>
    public int? FollowersAt { get; init; }

    /// <summary>Chunks in an answer.</summary>
    public int Pieces => (BreaksAfter ?? Words) / WordsPerPiece;

    public string Text => SimulatedScript.TextOf(BreaksAfter ?? Words);

    public string Form => Chunks > 0 ? "full" : "short";

    /// <summary>Every second conversation's runtime can be continued.</summary>
    public static bool Resumes(int conversation) => conversation % 2 == 0;

    public object Metadata(int conversation) => new
    {
        agent = $"words={Words}&words_per_piece={WordsPerPiece}&pace_ms={PaceMs}{Script}{(Resumes(conversation) ? "&resumes=true" : "")}",
    };
}
