using System.Net;
using Conversation.Api.Configuration;

namespace Conversation.Api.Machines;

/// <summary>
/// This service's own token, by which it asks its siblings: fetched from the auth service at need, kept until shortly before it
/// expires, fetched by one request however many wait for it.
/// </summary>
internal sealed partial class MachineTokens(
    ServiceSettings settings,
    TokenEndpoint endpoint,
    Func<ClientCredentials?> readAgain,
    TimeProvider time,
    ILogger<MachineTokens> logger)
{
    /// <summary>The auth service counts requests by the minute, and refuses bad credentials as slowly as it accepts good ones.</summary>
    private static readonly TimeSpan LimitPause = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LimitJitter = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long before its end a token is renewed, so that one refusal leaves time to ask again before it expires on somebody's way; of a
    /// short-lived one a fifth of its life has to do.
    /// </summary>
    private static readonly TimeSpan Margin = LimitPause + LimitJitter + TimeSpan.FromSeconds(30);

    /// <summary>Others that ask while the service is away are answered at once.</summary>
    private static readonly TimeSpan ShortPause = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private ClientCredentials? _credentials = ClientCredentials.Of(settings);
    private Held? _held;
    private Task? _refresh;
    private DateTimeOffset _notBefore = DateTimeOffset.MinValue;

    /// <summary>A token that is good for a while, or null: the auth service is not configured, not there, or does not know this service.</summary>
    /// <param name="token">Ends the caller's wait; what others wait for goes on.</param>
    public async Task<string?> GetAsync(CancellationToken token)
    {
        Task refresh;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (settings.AuthServiceUrl is null || (_held is { } held && held.RefreshAt > now))
            {
                return _held?.Token;
            }

            if (_refresh is null && now < _notBefore)
            {
                return Usable();
            }

            // On its own task, so that the first caller's cancellation is not everybody's.
            refresh = _refresh ??= Task.Run(RefreshAsync, CancellationToken.None);
        }

        await refresh.WaitAsync(token);
        lock (_lock)
        {
            return Usable();
        }
    }

    private string? Usable() => _held is { } held && held.Expires > time.GetUtcNow() ? held.Token : null;

    private async Task RefreshAsync()
    {
        var pause = ShortPause;
        Held? fetched = null;
        try
        {
            (fetched, pause) = await FetchAsync();
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            Log.Unreachable(logger, error.GetType().Name);
        }
        finally
        {
            lock (_lock)
            {
                _held = fetched ?? _held;
                _notBefore = fetched is null ? time.GetUtcNow() + pause : DateTimeOffset.MinValue;
                _refresh = null;
            }
        }
    }

    private async Task<(Held? Fetched, TimeSpan Pause)> FetchAsync()
    {
        var credentials = _credentials ?? readAgain();
        if (credentials is null)
        {
            Log.NoCredentials(logger);
            return (null, LimitPause);
        }

        var reply = await endpoint.AskAsync(credentials);
        if (reply.Status == HttpStatusCode.Unauthorized && readAgain() is { } current && current != credentials)
        {
            // The secret was rotated while this process ran.
            credentials = current;
            reply = await endpoint.AskAsync(credentials);
        }

        if (reply is { AccessToken: { } accessToken })
        {
            _credentials = credentials;
            return (Held.From(accessToken, reply.Lifetime, time.GetUtcNow()), TimeSpan.Zero);
        }

        Log.Refused(logger, credentials, (int)reply.Status, reply.Reason);
        // 500 is also how the service says that there were too many requests.
        return (null, LimitPause + (LimitJitter * Random.Shared.NextDouble()));
    }

    /// <summary>A token, when to look for the next one, and until when it will do.</summary>
    private sealed record Held(string Token, DateTimeOffset RefreshAt, DateTimeOffset Expires)
    {
        public static Held From(string token, TimeSpan lifetime, DateTimeOffset now)
        {
            var margin = Margin < lifetime / 5 ? Margin : lifetime / 5;
            return new Held(token, now + lifetime - margin, now + lifetime);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            720, LogLevel.Warning, "No token of this service's own: CONVERSATION_SERVICE_CLIENT_ID and _SECRET are not set. Run bootstrap.")]
        public static partial void NoCredentials(ILogger logger);

        [LoggerMessage(721, LogLevel.Warning, "No token of this service's own: the auth service does not answer ({Error}).")]
        public static partial void Unreachable(ILogger logger, string error);

        [LoggerMessage(722, LogLevel.Error, "No token of this service's own: the auth service refuses the client {Client} with {Status}: {Reason}")]
        public static partial void Refused(ILogger logger, ClientCredentials client, int status, string reason);
    }
}
