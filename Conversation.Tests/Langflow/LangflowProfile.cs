namespace Conversation.Tests.Langflow;

/// <summary>What a version of Langflow does differently from another, as far as a client sees it.</summary>
internal sealed record LangflowProfile(string Version)
{
    /// <summary>Whether <c>/run</c> wants a key although automatic login is on.</summary>
    public bool NeedsKey { get; init; } = true;

    /// <summary>Whether everything that is not found is answered by 200 and the start page.</summary>
    public bool PagesForMissing { get; init; }

    /// <summary>Whether a failing flow says so; else its stream just ends.</summary>
    public bool TellsErrors { get; init; } = true;

    /// <summary>Whether messages repeat themselves under <c>data</c>.</summary>
    public bool NestsData { get; init; } = true;

    public bool StampsTokens { get; init; }

    /// <summary>Whether agents send their whole text with every piece instead of tokens.</summary>
    public bool CumulativeAgents { get; init; }

    /// <summary>How often the whole text comes after the tokens.</summary>
    public int Repeats { get; init; } = 2;

    public bool HasWorkflows { get; init; }

    public static LangflowProfile V1Dot4 { get; } = new("1.4.2")
    {
        NeedsKey = false,
        PagesForMissing = true,
        TellsErrors = false,
        NestsData = false,
        StampsTokens = true,
        CumulativeAgents = true,
        Repeats = 0,
    };

    public static LangflowProfile V1Dot6 { get; } = new("1.6.4")
    {
        PagesForMissing = true,
        TellsErrors = false,
        NestsData = false,
        CumulativeAgents = true,
        Repeats = 1,
    };

    public static LangflowProfile V1Dot7 { get; } = new("1.7.3")
    {
        PagesForMissing = true,
        TellsErrors = false,
        NestsData = false,
        Repeats = 1,
    };

    public static LangflowProfile V1Dot8 { get; } = new("1.8.1");

    public static LangflowProfile V1Dot11 { get; } = new("1.11.0") { HasWorkflows = true };

    public static IEnumerable<LangflowProfile> All => [V1Dot4, V1Dot6, V1Dot7, V1Dot8, V1Dot11];

    public override string ToString() => Version;
}
