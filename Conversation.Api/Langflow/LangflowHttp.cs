using System.Net;
using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Conversation.Api.Langflow;

/// <summary>Calls Langflow, and turns every reply that is no success into a failure that says what happened.</summary>
internal sealed class LangflowHttp(IHttpClientFactory clients)
{
    /// <summary>The name of the client at the factory.</summary>
    public const string ClientName = "langflow";

    private const string KeyHeader = "x-api-key";
    private const int LongestComplaint = 64 * 1024;

    /// <summary>What a 403 says where the flow is another user's.</summary>
    private const string PermissionWord = "permission";
    private const string SwitchedOff = "DEVELOPER_API_DISABLED";

    private static readonly HttpRequestOptionsKey<bool> Limited = new("langflow-limited");

    private readonly HttpClient _client = clients.CreateClient(ClientName);

    /// <summary>A request with one credential: a key, or none.</summary>
    public static HttpRequestMessage Request(HttpMethod method, string path, string? key, object? body = null)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (key is not null)
        {
            request.Headers.Add(KeyHeader, key);
        }

        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
        }

        return request;
    }

    /// <summary>Gives a request that must not be repeated the time limit that lookups have anyway.</summary>
    public static void Limit(HttpRequestMessage request) => request.Options.Set(Limited, true);

    /// <summary>Whether the reply is to come soon: a run's may take as long as its flow.</summary>
    public static bool IsLimited(HttpRequestMessage request) =>
        request.Method == HttpMethod.Get || request.Options.TryGetValue(Limited, out _);

    /// <summary>Sends, and returns as soon as the head of the reply is there, whatever its status; a failure has its body.</summary>
    /// <exception cref="LangflowUnusableException">No reply came.</exception>
    public async Task<HttpResponseMessage> SendRawAsync(HttpRequestMessage request, CancellationToken token)
    {
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
        }
        catch (BrokenCircuitException error)
        {
            throw new LangflowUnusableException(
                LangflowErrors.Unavailable, "Langflow failed repeatedly and is left alone for a while.", error)
            {
                Notice = LangflowNotices.Unavailable,
            };
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutRejectedException)
        {
            throw LangflowUnusableException.NoAnswer(error);
        }
    }

    /// <summary>Sends, and returns when the reply is there with its body, whatever its status.</summary>
    /// <exception cref="LangflowUnusableException">None came, or not the whole of it.</exception>
    public Task<HttpResponseMessage> SendForDocumentAsync(HttpRequestMessage request, CancellationToken token)
    {
        DocumentHandler.Want(request);
        return SendRawAsync(request, token);
    }

    /// <summary>Sends, and returns the reply if it is a success that is not a page for browsers.</summary>
    /// <exception cref="LangflowUnusableException">Nothing was begun.</exception>
    /// <exception cref="AgentRuntimeException">The flow was begun, and failed.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken token)
    {
        var response = await SendRawAsync(request, token);
        if (IsSuccess(response))
        {
            return response;
        }

        using (response)
        {
            throw await FailureAsync(response, token);
        }
    }

    /// <summary>Sends, and reads the reply as JSON.</summary>
    /// <exception cref="LangflowUnusableException">There was no such reply.</exception>
    public async Task<JsonElement> ReadAsync(HttpRequestMessage request, CancellationToken token)
    {
        DocumentHandler.Want(request);
        using var response = await SendAsync(request, token);
        return await JsonAsync(response, token);
    }

    /// <summary>Reads a reply as JSON.</summary>
    /// <exception cref="LangflowUnusableException">It is none.</exception>
    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response, CancellationToken token)
    {
        try
        {
            // The bytes: a character set that .NET does not know by its name would be a failure otherwise, and Langflow has only UTF-8.
            return PythonJson.Parse(await response.Content.ReadAsByteArrayAsync(token));
        }
        catch (JsonException error)
        {
            throw new LangflowUnusableException(LangflowErrors.Unavailable, "Langflow's reply could not be read.", error);
        }
    }

    /// <summary>A success in JSON or as a stream: until 1.7 an address that does not exist is answered by 200 and the start page.</summary>
    public static bool IsSuccess(HttpResponseMessage response) => response.IsSuccessStatusCode && !IsPage(response);

    /// <summary>What a reply that is no success means.</summary>
    public static async Task<Exception> FailureAsync(HttpResponseMessage response, CancellationToken token)
    {
        var head = IsPage(response) ? [] : await HeadAsync(response, token);
        var complaint = ErrorText.OfBody(head);
        return response.StatusCode switch
        {
            HttpStatusCode.OK or HttpStatusCode.NotFound => new LangflowUnusableException(
                LangflowErrors.FlowNotFound, "The flow was not found in Langflow."),
            HttpStatusCode.Forbidden when complaint?.Contains(PermissionWord, StringComparison.Ordinal) == true =>
                new LangflowUnusableException(LangflowErrors.FlowNotFound, "The flow is another Langflow user's."),
            HttpStatusCode.Forbidden when ErrorText.Parse(head)?.Get("detail")?.Text("code") == SwitchedOff =>
                new LangflowUnusableException(LangflowErrors.Unavailable, "The workflows API is switched off in Langflow."),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new LangflowUnusableException(
                LangflowErrors.AuthFailed, "Langflow refused the credential."),
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity or HttpStatusCode.InternalServerError
                when complaint is not null => new AgentRuntimeException(LangflowErrors.FlowFailed, complaint),
            var status => LangflowUnusableException.OfStatus(status),
        };
    }

    /// <summary>The start of a body, empty where it cannot be read.</summary>
    public static async Task<byte[]> HeadAsync(HttpResponseMessage response, CancellationToken token)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(token);
            var head = new byte[LongestComplaint];
            var length = await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, token);
            return head[..length];
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return [];
        }
    }

    private static bool IsPage(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType?.Equals("text/html", StringComparison.OrdinalIgnoreCase) == true;
}
