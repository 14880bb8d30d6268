using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Conversation.Api.AgentRuntimes;
using Conversation.Data.Runs;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.AgentRuns;

/// <summary>A runtime that says what the test tells it to, run by run, in the name of the simulated one.</summary>
internal sealed class ScriptedRuntime : IAgentRuntime
{
    private readonly Channel<Script> _started = Channel.CreateBounded<Script>(1000);

    public string Name => SimulatedRuntime.RuntimeName;

    public AgentCapabilities Capabilities { get; init; } = new(CancelOutcome.Confirmed, Resumes: false);

    /// <summary>Whether it goes on when it is asked to stop.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>The next run that was started here.</summary>
    public Task<Script> NextRunAsync() => _started.Reader.ReadAsync().OrTimeout();

    public bool TryNextRun([NotNullWhen(true)] out Script? script) => _started.Reader.TryRead(out script);

    public async IAsyncEnumerable<AgentOutput> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken token)
    {
        var script = new Script(context);
        await _started.Writer.WriteAsync(script, token);
        await foreach (var output in script.Outputs.ReadAllAsync(IsDeaf ? CancellationToken.None : token))
        {
            yield return output;
        }
    }

    internal sealed class Script(AgentContext context)
    {
        private readonly Channel<AgentOutput> _outputs = Channel.CreateBounded<AgentOutput>(10_000);

        public AgentContext Context => context;

        public ChannelReader<AgentOutput> Outputs => _outputs.Reader;

        public void Say(params string[] pieces)
        {
            foreach (var piece in pieces)
            {
                _outputs.Writer.TryWrite(new TextDelta(piece));
            }
        }

        public void Say(AgentOutput output) => _outputs.Writer.TryWrite(output);

        public void Note(string level, string code) => _outputs.Writer.TryWrite(new Notice(level, code));

        public void End(Exception? error = null, string? text = null)
        {
            if (error is null)
            {
                _outputs.Writer.TryWrite(new AnswerEnd("stop", Text: text));
            }

            _outputs.Writer.TryComplete(error);
        }

        /// <summary>Stops talking without an end.</summary>
        public void FallSilent() => _outputs.Writer.TryComplete();
    }
}
