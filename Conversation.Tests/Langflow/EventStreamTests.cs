using Conversation.Api.AgentRuntimes;
using Conversation.Api.Langflow;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conversation.Tests.Langflow;

/// <summary>Which events of a response are taken as heard.</summary>
[TestFixture]
internal sealed class EventStreamTests
{
    private static readonly string One = FakeEvents.Event("token", new { id = "m-1", chunk = "One " });
    private static readonly string Two = FakeEvents.Event("token", new { id = "m-1", chunk = "two" });

    [TestCase(true)]
    [TestCase(false)]
    public async Task Ids_BeforeOrBehindTheirData_AreTheirEvents(bool comeFirst)
    {
        await using var events = await OpenAsync(Frame(7, One, comeFirst) + Frame(8, Two, comeFirst));
        var (answer, said) = (new AnswerAccumulator(), new List<AgentOutput>());

        Assert.That((await events.NextAsync(answer, said, default), said.Count, events.LastId), Is.EqualTo((true, 1, 7)));
        Assert.That((await events.NextAsync(answer, said, default), said.Count, events.LastId), Is.EqualTo((true, 2, 8)));
        Assert.That(await events.NextAsync(answer, said, default), Is.False);
    }

    /// <summary>It is asked for again.</summary>
    [Test]
    public async Task Id_WhoseDataNeverCame_IsNotTaken()
    {
        await using var events = await OpenAsync(Frame(7, One, idComesFirst: true) + "id: 8\n");
        var (answer, said) = (new AnswerAccumulator(), new List<AgentOutput>());

        Assert.That(await events.NextAsync(answer, said, default), Is.True);
        Assert.That((await events.NextAsync(answer, said, default), events.LastId), Is.EqualTo((false, 7)));
    }

    /// <summary>Its id would have come behind it, and nobody knows which: it is asked for again as well.</summary>
    [Test]
    public async Task Data_WhoseIdNeverCame_IsNotTaken()
    {
        await using var events = await OpenAsync(Frame(7, One, idComesFirst: false) + $"data: {Two}\n");
        var (answer, said) = (new AnswerAccumulator(), new List<AgentOutput>());

        Assert.That(await events.NextAsync(answer, said, default), Is.True);
        Assert.That((await events.NextAsync(answer, said, default), said.Count, events.LastId), Is.EqualTo((false, 1, 7)));
    }

    /// <summary>Pieces were missed before it, which only its id says.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task Token_BehindAHole_IsNotShown(bool idComesFirst)
    {
        await using var events = await OpenAsync(Frame(9, Two, idComesFirst));
        var (answer, said) = (new AnswerAccumulator(), new List<AgentOutput>());

        Assert.That((await events.NextAsync(answer, said, default), said.Count, events.LastId), Is.EqualTo((true, 0, 9)));
    }

    [Test]
    public async Task Lines_OfJson_AreEventsWithoutIds()
    {
        await using var events = await OpenAsync($"{One}\n\n{Two}\n\n");
        var (answer, said) = (new AnswerAccumulator(), new List<AgentOutput>());

        Assert.That((await events.NextAsync(answer, said, default), said.Count, events.LastId), Is.EqualTo((true, 1, 6)));
        Assert.That((await events.NextAsync(answer, said, default), said.Count), Is.EqualTo((true, 2)));
    }

    private static string Frame(long id, string json, bool idComesFirst) =>
        idComesFirst ? $"id: {id}\ndata: {json}\n\n" : $"data: {json}\nid: {id}\n\n";

    private static Task<EventStream> OpenAsync(string body) => EventStream.OpenAsync(
        new HttpResponseMessage { Content = new StringContent(body) }, longest: 1000, lastId: 6, isFirst: false, NullLogger.Instance, default);
}
