using System.IO.Pipelines;
using System.Text;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Langflow;
using Conversation.Tests.Infrastructure;
using CsCheck;

namespace Conversation.Tests.Langflow;

/// <summary>The line reader and what stands behind it, whatever comes and however it is cut.</summary>
[TestFixture]
internal sealed class JsonLinesTests
{
    private const int Longest = 300;
    private const int Short = 20_000;
    private const int Full = 1_000_000;

    private static readonly string[] Texts = ["a", "", "é🙂", "\n\n", "\"quoted\" \\", "{\"event\":\"end\"}", new('z', 400)];

    private static readonly string[] Ids = ["m-1", "m-2", "user"];

    private static readonly Gen<string> Line = Gen.Select(Gen.Int[0, 7], Gen.Int[0, 6], Gen.Int[0, 2], (kind, text, id) => kind switch
    {
        0 or 1 or 2 => FakeEvents.Event("token", new { id = Ids[id], chunk = Texts[text] }),
        3 => FakeEvents.Event("add_message", new { id = Ids[id], sender = id == 2 ? "User" : "Machine", text = Texts[text] }),
        4 => $"id: {text}",
        5 => "data: " + FakeEvents.Event("token", new { id = Ids[id], chunk = Texts[text] }),
        6 => Texts[text].ReplaceLineEndings(" "),
        _ => "",
    });

    [TestCase(Short, TestName = "Lines_CutAnywhere_InShort")]
    [TestCase(Full, TestName = "Lines_CutAnywhere_InFull", Category = "Full")]
    public void Lines_CutAnywhere_GiveTheSameOutputs(int inputs) => Gen.Select(Line.Array[0, 20], Gen.Int[1, 200].Array[1, 8]).Sample(
        (lines, sizes) =>
        {
            var bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines));
            Assert.That(Outputs(bytes, sizes), Is.EqualTo(Outputs(bytes, [bytes.Length + 1])));
        },
        iter: inputs);

    [TestCase(Short, TestName = "Lines_Random_InShort")]
    [TestCase(Full, TestName = "Lines_Random_InFull", Category = "Full")]
    public void Lines_Random_NeverThrow(int inputs) => Gen.Select(Gen.Byte.Array[0, 600], Gen.Int[1, 100].Array[1, 4]).Sample(
        (bytes, sizes) => { Outputs(bytes, sizes); }, iter: inputs);

    [TestCase(Short, TestName = "Lines_BytesChanged_InShort")]
    [TestCase(Full, TestName = "Lines_BytesChanged_InFull", Category = "Full")]
    public void Lines_TrueEventsWithBytesChanged_NeverThrow(int inputs) => Gen.Select(Line.Array[1, 6], Gen.Select(Gen.Int[0, 2000], Gen.Byte).Array[1, 6]).Sample(
        (lines, changes) =>
        {
            var bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
            foreach (var (at, value) in changes)
            {
                bytes[at % bytes.Length] = value;
            }

            Outputs(bytes, [50]);
        },
        iter: inputs);

    [TestCase("f")]
    [TestCase("{\"event\": tru")]
    [TestCase("{\"event\":\"token\",\"data\":{\"id\":nul")]
    public void Lines_EndWithinALiteral_AreLeftOut(string line) =>
        Assert.That(Outputs(Encoding.UTF8.GetBytes(line), [1]), Is.EqualTo(new[] { new AnswerEnd("stop", null, "") }));

    [Test]
    public async Task Lines_TooLong_AreCutAndTheNextIsWhole()
    {
        var text = $"{{\"event\": \"end\", \"data\": \"{new string('x', 5000)}\"}}\r\n\r\nnext";
        var lines = new JsonLines(PipeReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(text)), new StreamPipeReaderOptions(bufferSize: 64)), Longest);

        Assert.That((await lines.NextAsync(default), lines.IsCut, LangflowEvent.NameInHead(lines.Line)), Is.EqualTo((true, true, "end")));
        Assert.That((await lines.NextAsync(default), lines.IsCut, lines.Line.IsEmpty), Is.EqualTo((true, false, true)));
        Assert.That((await lines.NextAsync(default), lines.IsCut, Encoding.UTF8.GetString(lines.Line)), Is.EqualTo((true, false, "next")));
        Assert.That(await lines.NextAsync(default), Is.False);
    }

    private static List<AgentOutput> Outputs(byte[] bytes, int[] sizes)
    {
        var reader = new JsonLines(PipeReader.Create(new ChunkedStream(bytes, sizes), new StreamPipeReaderOptions(bufferSize: 256)), Longest);
        var answer = new AnswerAccumulator();
        var outputs = new List<AgentOutput>();
        while (reader.NextAsync(default).AsTask().OrTimeout().GetAwaiter().GetResult())
        {
            if (reader.IsCut)
            {
                answer.ApplyCut(LangflowEvent.NameInHead(reader.Line));
            }
            else if (LangflowEvent.IdOf(reader.Line) is null && LangflowEvent.TryRead(reader.Line, out var found))
            {
                answer.Apply(found, outputs);
            }
        }

        answer.Finish(null, outputs);
        return outputs;
    }

    /// <summary>Gives its bytes in pieces of the given sizes, again and again.</summary>
    private sealed class ChunkedStream(byte[] bytes, int[] sizes) : MemoryStream(bytes)
    {
        private int _reads;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, sizes[_reads++ % sizes.Length])], cancellationToken);
    }
}
