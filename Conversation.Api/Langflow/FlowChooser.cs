using System.Text.Json;
using Conversation.Api.AgentRuntimes;

namespace Conversation.Api.Langflow;

/// <summary>
/// Which flow answers a conversation that names none: the default, else one that the agent runtime service provisions, else the
/// first that Langflow lists.
/// </summary>
internal sealed class FlowChooser(LangflowHttp http, FlowProvisioner provisioner, LangflowOptions options)
{
    /// <param name="asked">What the user wrote; the provisioner matches flows by it.</param>
    /// <param name="key">The API key.</param>
    /// <param name="token">Ends the search.</param>
    /// <exception cref="LangflowUnusableException">There is none.</exception>
    public async Task<string> ChooseAsync(string asked, string key, CancellationToken token) =>
        options.DefaultFlow
        ?? await provisioner.ProvisionAsync(asked, token)
        ?? await DiscoverAsync(key, token)
        ?? throw new LangflowUnusableException(LangflowErrors.NoFlows, "No flow is configured, and Langflow lists none.");

    /// <summary>By name, so that every node finds the same; components and Langflow's own examples are no flows of ours.</summary>
    private async Task<string?> DiscoverAsync(string key, CancellationToken token)
    {
        // Without the slash before the query, servers with a user interface answer with their start page.
        using var request = LangflowHttp.Request(HttpMethod.Get, "api/v1/flows/?header_flows=true&remove_example_flows=true", key);
        var flows = await ReadAsync(request, token);
        return flows.ValueKind != JsonValueKind.Array
            ? null
            : flows.EnumerateArray()
                .Where(flow => flow.Get("is_component") is not { ValueKind: JsonValueKind.True })
                .OrderBy(flow => flow.Text("name"), StringComparer.Ordinal)
                .Select(flow => flow.Text("id"))
                .FirstOrDefault(id => id is not null);
    }

    private async Task<JsonElement> ReadAsync(HttpRequestMessage request, CancellationToken token)
    {
        try
        {
            return await http.ReadAsync(request, token);
        }
        catch (AgentRuntimeException error)
        {
            // A server's error here is no flow's.
            throw new LangflowUnusableException(LangflowErrors.Unavailable, error.Message, error);
        }
    }
}
