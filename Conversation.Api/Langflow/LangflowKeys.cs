using System.Net;
using Conversation.Api.AgentRuntimes;

namespace Conversation.Api.Langflow;

/// <summary>
/// The key that every call carries: the configured one, or one that is minted from <c>auto_login</c>, once, and kept for as long as
/// Langflow accepts it. (A bearer alone opens no run since 1.6, and every minted key stays in Langflow for ever.)
/// </summary>
internal sealed partial class LangflowKeys(LangflowHttp http, LangflowOptions options, TimeProvider time, ILogger<LangflowKeys> logger)
{
    private const string KeyName = "conversation-service";
    private const int Tries = 5;

    private static readonly TimeSpan Young = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _minting = new(1);
    private volatile string? _minted;
    private long _mintedAt;

    /// <exception cref="LangflowUnusableException">There is none to be had.</exception>
    public async ValueTask<string> GetAsync(CancellationToken token)
    {
        if ((options.ApiKey ?? _minted) is { } known)
        {
            return known;
        }

        await _minting.WaitAsync(token);
        try
        {
            return _minted ??= await MintAsync(token);
        }
        finally
        {
            _minting.Release();
        }
    }

    /// <summary>
    /// Langflow refused this key. True where another one may do better: one that is refused as soon as it was minted would only be
    /// followed by more of its kind.
    /// </summary>
    public bool Forget(string key)
    {
        if (options.ApiKey is not null)
        {
            return false;
        }

        if (_minted != key)
        {
            // Another caller has found that out already.
            return true;
        }

        if (time.GetElapsedTime(_mintedAt) <= Young)
        {
            return false;
        }

        _minted = null;
        return true;
    }

    private async Task<string> MintAsync(CancellationToken token)
    {
        try
        {
            var bearer = await LogInAsync(token);
            var minted = await AskForKeyAsync(bearer, token);
            _mintedAt = time.GetTimestamp();
            Log.Minted(logger);
            return minted;
        }
        catch (AgentRuntimeException error)
        {
            throw Refused(error.Message, error);
        }
        catch (LangflowUnusableException error) when (error.Code != LangflowErrors.AuthFailed)
        {
            throw new LangflowUnusableException(error.Code, error.Message, error)
            {
                // Clients know this word from the service that this one replaces, whatever kept it from a credential.
                Notice = error.Notice ?? LangflowNotices.AuthFailed,
            };
        }
    }

    /// <summary>Minting is not to be repeated, so the client sets it no time-out; it has one here, because runs wait for it.</summary>
    private async Task<string> AskForKeyAsync(string bearer, CancellationToken token)
    {
        using var patience = new CancellationTokenSource(options.Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(token, patience.Token);
        using var request = LangflowHttp.Request(HttpMethod.Post, "api/v1/api_key/", key: null, new { name = KeyName });
        request.Headers.Authorization = new("Bearer", bearer);
        try
        {
            return (await http.ReadAsync(request, either.Token)).Text("api_key") ?? throw Refused("Langflow minted no key.");
        }
        catch (OperationCanceledException error) when (!token.IsCancellationRequested)
        {
            throw new LangflowUnusableException(LangflowErrors.Unavailable, "Langflow does not answer.", error);
        }
    }

    private async Task<string> LogInAsync(CancellationToken token)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = LangflowHttp.Request(HttpMethod.Get, "api/v1/auto_login", key: null);
            using var response = await http.SendRawAsync(request, token);
            if (LangflowHttp.IsSuccess(response))
            {
                var reply = ErrorText.Parse(await LangflowHttp.HeadAsync(response, token));
                return reply?.Text("access_token") ?? throw Refused("Langflow's automatic login gave no token.");
            }

            var complaint = ErrorText.Parse(await LangflowHttp.HeadAsync(response, token))?.Text("detail");
            if (response.StatusCode >= HttpStatusCode.InternalServerError)
            {
                throw new LangflowUnusableException(
                    LangflowErrors.Unavailable, $"Langflow answered with status {(int)response.StatusCode}.");
            }

            // A text for a detail: the server is starting and has no user yet. An object: there is no automatic login here.
            if (response.StatusCode != HttpStatusCode.BadRequest || complaint is null || attempt == Tries)
            {
                throw Refused("Langflow has no automatic login, and LANGFLOW_API_KEY is not set.");
            }

            await Task.Delay(options.RetryPause * attempt, time, token);
        }
    }

    private static LangflowUnusableException Refused(string detail, Exception? cause = null) =>
        new(LangflowErrors.AuthFailed, detail, cause);

    private static partial class Log
    {
        [LoggerMessage(800, LogLevel.Information, "A key was minted in Langflow by automatic login; it is kept until Langflow refuses it.")]
        public static partial void Minted(ILogger logger);
    }
}
