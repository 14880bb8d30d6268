using System.Text.Json;
using System.Text.Json.Serialization;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>What one row of the matrix saw; docs/reliability.md is made from the files.</summary>
internal sealed record FaultRow(string Row, string Form)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>How often the fault came; 0 for one that lasted from the start to the end.</summary>
    public int Faults { get; init; }

    /// <summary>Runs that lost their node by it, and were taken up again or ended; null where no node is lost.</summary>
    public int? Hit { get; init; }

    /// <summary>Words that the runtimes said and the service stored.</summary>
    public long Chunks { get; init; }

    /// <summary>
    /// Followers, each of which was checked against the store to the last character; the legacy ones, which have no position, against the
    /// runtime's text while they were there.
    /// </summary>
    public int Followers { get; init; }

    public int Acknowledged { get; init; }

    public int Refused { get; init; }

    public int Completed { get; init; }

    public int Interrupted { get; init; }

    /// <summary>Characters of followers' texts that differ from the store.</summary>
    public long WrongCharacters { get; init; }

    /// <summary>Messages that were acknowledged and are not stored, or are stored twice.</summary>
    public int WrongMessages { get; init; }

    /// <summary>Runs without a terminal state, and messages left streaming.</summary>
    public int Unended { get; init; }

    /// <summary>Conversations whose numbers are not dense, and checkpoints that were left behind.</summary>
    public int WrongRows { get; init; }

    /// <summary>How long the last follower waited for the truth about a run that the fault hit, in seconds.</summary>
    public double? ToldAfter { get; init; }

    public double Seconds { get; init; }

    public bool Passed { get; init; }

    /// <summary>What was wrong.</summary>
    public IReadOnlyList<string> Wrong { get; init; } = [];

    private string Place
    {
        get
        {
            var folder = Directory.CreateDirectory(Path.Combine(Checkout.Root, "artifacts", "faults")).FullName;
            var name = string.Concat($"{Row} {Form}".Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-'));
            return Path.Combine(folder, $"{name}.json");
        }
    }

    /// <summary>What an earlier run saw is no outcome of this one.</summary>
    public void Forget() => File.Delete(Place);

    public Task WriteAsync() => File.WriteAllTextAsync(Place, JsonSerializer.Serialize(this, Options));
}
