using System.Diagnostics;
using Conversation.Data.Telemetry;

namespace Conversation.Api.Observability;

/// <summary>
/// The spans of this service: a message's way from its request through its run and the runtime to the commit of the answer. Names and
/// attributes by the semantic conventions where there are any (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/).
/// Ids only: never content, never tokens.
/// </summary>
internal static class ServiceTraces
{
    private static readonly ActivitySource Source = new(TelemetryNames.Source);

    /// <summary>
    /// Keeps a caller's trace together where nobody collects spans here: what it sent as <c>traceparent</c> still reaches the runtime.
    /// </summary>
    private static readonly ActivityListener PassedOn = new()
    {
        ShouldListenTo = source => source.Name == TelemetryNames.Source,
        Sample = static (ref ActivityCreationOptions<ActivityContext> options) =>
            options.Parent == default ? ActivitySamplingResult.None
            : options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? ActivitySamplingResult.AllDataAndRecorded
            : ActivitySamplingResult.PropagationData,
    };

    static ServiceTraces() => ActivitySource.AddActivityListener(PassedOn);

    /// <summary>A run, in the trace of the request that asked for it, although that may have been answered long ago.</summary>
    /// <param name="asked">The context of that request; default where it is not known, for a trace of its own.</param>
    /// <param name="conversationId">Where.</param>
    /// <param name="runId">Which.</param>
    /// <param name="attempt">The how manieth claim it is.</param>
    public static Activity? Run(ActivityContext asked, Guid conversationId, Guid runId, int attempt)
    {
        // Whatever is current belongs to whoever happened to start the task.
        Leave();
        return Source.StartActivity("run", ActivityKind.Consumer, asked)?
            .SetTag("conversation.id", conversationId)
            .SetTag("conversation.run.id", runId)
            .SetTag("conversation.run.attempt", attempt);
    }

    /// <summary>What a client asks for over a connection: a trace of its own, because the connection's goes on for as long as that lives.</summary>
    /// <param name="what">Such as <c>socket.send</c>; never the client's own word.</param>
    /// <param name="connection">The context of the connection, which the trace is linked to; default where there is none.</param>
    public static Activity? Command(string what, ActivityContext connection)
    {
        Leave();
        return Source.StartActivity(what, ActivityKind.Server, parentContext: default, links: connection == default ? null : [new(connection)]);
    }

    /// <summary>Leaves the current trace, until the end of the method that calls this, which must be an async one.</summary>
    public static void Leave() => Activity.Current = null;

    /// <summary>The runtime at work, from the question to its last word.</summary>
    public static Activity? Runtime(string runtime, string? agent) => Source.StartActivity("invoke_agent", ActivityKind.Internal)?
        .SetTag("gen_ai.operation.name", "invoke_agent")
        .SetTag("gen_ai.provider.name", runtime)
        .SetTag("gen_ai.agent.id", agent);

    /// <summary>A write on its way to its durable commit, which it shares with others.</summary>
    /// <param name="what">What is written, such as <c>message.append</c>.</param>
    public static Activity? Commit(string what) => Source.StartActivity(what, ActivityKind.Internal);

    /// <summary>Marks the current span as failed, by a code and not by a text that may hold anything.</summary>
    public static void Failed(Activity? span, string code) => span?
        .SetTag("error.type", code)
        .SetStatus(ActivityStatusCode.Error);

    /// <summary>The trace that a run of this request shall belong to, when it begins here and now.</summary>
    public static ActivityContext Current => Activity.Current?.Context ?? default;

    /// <summary>The same to be stored with the run, for whoever claims it later; null where there is none.</summary>
    public static string? Traceparent => Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current.Id : null;

    /// <summary>What was stored. One that cannot be read is none: a run goes without its trace rather than not at all.</summary>
    public static ActivityContext Stored(string? traceparent) =>
        ActivityContext.TryParse(traceparent, traceState: null, isRemote: true, out var context) ? context : default;
}
