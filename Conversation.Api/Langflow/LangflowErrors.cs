using System.Net;
using Conversation.Api.AgentRuntimes;

namespace Conversation.Api.Langflow;

/// <summary>Why a run on Langflow failed, in words that programs know.</summary>
internal static class LangflowErrors
{
    /// <summary>It does not answer, answers nonsense, or the circuit is open.</summary>
    public const string Unavailable = "langflow_unavailable";

    /// <summary>It refused the credential, or gave none.</summary>
    public const string AuthFailed = "langflow_auth_failed";

    /// <summary>No flow was named, provisioned or discovered.</summary>
    public const string NoFlows = "no_flows_found";

    /// <summary>The flow is not there, or not ours to run.</summary>
    public const string FlowNotFound = "flow_not_found";

    /// <summary>The flow ran and failed.</summary>
    public const string FlowFailed = "flow_failed";
}

/// <summary>The remarks that a run on Langflow makes.</summary>
internal static class LangflowNotices
{
    public const string Authenticated = "langflow_authenticated";
    public const string AuthFailed = LangflowErrors.AuthFailed;
    public const string NoFlows = LangflowErrors.NoFlows;

    /// <summary>The circuit is open: after repeated failures Langflow is left alone for a while.</summary>
    public const string Unavailable = LangflowErrors.Unavailable;
}

/// <summary>Langflow cannot be used for this run; nothing was begun there.</summary>
/// <param name="code">One of <see cref="LangflowErrors"/>.</param>
/// <param name="detail">Why, for the reader: no secret, no trace.</param>
/// <param name="inner">The cause, for the log only.</param>
internal sealed class LangflowUnusableException(string code, string detail, Exception? inner = null) : Exception(detail, inner)
{
    public string Code { get; } = code;

    /// <summary>What is said of it, null for nothing but the failure.</summary>
    public string? Notice { get; init; } = code switch
    {
        LangflowErrors.AuthFailed => LangflowNotices.AuthFailed,
        LangflowErrors.NoFlows => LangflowNotices.NoFlows,
        _ => null,
    };

    /// <summary>A status that says nothing of the flow.</summary>
    public static LangflowUnusableException OfStatus(HttpStatusCode status) =>
        new(LangflowErrors.Unavailable, $"Langflow answered with status {(int)status}.");

    /// <summary>No reply, or none in time.</summary>
    public static LangflowUnusableException NoAnswer(Exception cause) =>
        new(LangflowErrors.Unavailable, "Langflow does not answer.", cause);

    /// <summary>The same, as what a run fails with.</summary>
    public AgentRuntimeException ToFailure() => new(Code, Message, this);
}
