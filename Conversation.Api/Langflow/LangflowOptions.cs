namespace Conversation.Api.Langflow;

/// <summary>Which Langflow answers, and how it is used.</summary>
internal sealed record LangflowOptions
{
    /// <summary>The root of the server, with a trailing slash, without <c>api/v1</c>.</summary>
    public required Uri Address { get; init; }

    /// <summary>The key for every call. Default: one is minted from <c>auto_login</c>, once per process.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The flow of conversations that name none. Default: chosen by the agent runtime service, else the first by name.</summary>
    public string? DefaultFlow { get; init; }

    /// <summary>Where flows are provisioned. Default: nowhere.</summary>
    public Uri? Provisioner { get; init; }

    /// <summary>One of <see cref="LangflowApis"/>. Default <see cref="LangflowApis.Run"/>, as the service's own settings.</summary>
    public string Api { get; init; } = LangflowApis.Run;

    /// <summary>True where a simulated answer stands in for a Langflow that cannot be used. Default: false.</summary>
    public bool Simulate { get; init; }

    /// <summary>The longest line of a stream that is read, in bytes; longer ones are left out. Default 16 MiB.</summary>
    public int LongestLine { get; init; } = 16 * 1024 * 1024;

    /// <summary>How long one try of a lookup, a minting, and the body of whatever is no stream take at most. Default 10 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long provisioning may take; the agent runtime service asks Langflow itself. Default 60 s.</summary>
    public TimeSpan ProvisionPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The first pause before a call is repeated; the next ones are longer. Default 250 ms.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Calls within half a minute, half of them in vain, after which the circuit opens. Default 6, at least 2.</summary>
    public int BreakAfter { get; init; } = 6;

    /// <summary>How long an open circuit refuses calls before it lets one try. Default 10 s.</summary>
    public TimeSpan BreakFor { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>The values of CONVERSATION_SERVICE_LANGFLOW_API.</summary>
internal static class LangflowApis
{
    /// <summary>Workflows where the server offers them, else run.</summary>
    public const string Auto = "auto";

    /// <summary><c>/api/v1/run</c>, which every version has.</summary>
    public const string Run = "run";

    /// <summary><c>/api/v2/workflows</c>, from 1.11 where it is switched on.</summary>
    public const string Workflows = "workflows";
}
