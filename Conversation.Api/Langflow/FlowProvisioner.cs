using System.Net.Http.Headers;
using System.Text.Json;

namespace Conversation.Api.Langflow;

/// <summary>A machine's token for the sibling services; null where there is none.</summary>
internal delegate Task<string?> MachineTokenSource(CancellationToken token);

/// <summary>Asks the agent runtime service for a flow. It is a convenience: whatever goes wrong there only means that it gave none.</summary>
internal sealed partial class FlowProvisioner(
    IHttpClientFactory clients,
    MachineTokenSource tokens,
    LangflowOptions options,
    TimeProvider time,
    ILogger<FlowProvisioner> logger)
{
    /// <summary>The name of the client at the factory.</summary>
    public const string ClientName = "agent-runtime";

    private const int LongestDescription = 2000;

    private static readonly string[] Names = ["flow_id", "flowId", "id", "uuid"];

    /// <param name="description">What the flow is wanted for.</param>
    /// <param name="token">Ends the wait.</param>
    /// <returns>The flow, null for none.</returns>
    public async Task<string?> ProvisionAsync(string description, CancellationToken token)
    {
        if (options.Provisioner is not { } address)
        {
            return null;
        }

        using var patience = new CancellationTokenSource(options.ProvisionPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(token, patience.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address);
            request.Content = JsonContent.Create(new { description = ErrorText.Head(description, LongestDescription) });
            if (await tokens(either.Token) is { } machine)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", machine);
            }

            using var client = clients.CreateClient(ClientName);
            using var response = await client.SendAsync(request, either.Token);
            // The bytes: a character set that .NET does not know by its name is no reason to go without.
            var reply = await response.Content.ReadAsByteArrayAsync(either.Token);
            if (response.IsSuccessStatusCode && IdIn(PythonJson.Parse(reply)) is { } id)
            {
                return id;
            }

            Log.NoneGiven(logger, (int)response.StatusCode);
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or IOException)
        {
            Log.Failed(logger, error);
        }
        catch (OperationCanceledException error) when (!token.IsCancellationRequested)
        {
            Log.Failed(logger, error);
        }

        return null;
    }

    /// <summary>Deployments of that service differ in where they put it.</summary>
    private static string? IdIn(JsonElement reply) => Names
        .SelectMany(name => new[] { reply.Text(name), reply.Get("deployment")?.Text(name) })
        .FirstOrDefault(id => id is { Length: > 0 });

    private static partial class Log
    {
        [LoggerMessage(810, LogLevel.Warning, "The agent runtime service gave no flow; it answered with status {Status}.")]
        public static partial void NoneGiven(ILogger logger, int status);

        [LoggerMessage(811, LogLevel.Warning, "The agent runtime service could not be asked for a flow.")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
