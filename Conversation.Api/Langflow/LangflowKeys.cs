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

    private readonly Lock _lock = new();
    private Task<string>? _minting;
    private volatile string? _minted;
    private long _mintedAt;

    /// <param name="token">Ends the caller's wait; what others wait for goes on.</param>
    /// <exception cref="LangflowUnusableException">There is none to be had.</exception>
    public async ValueTask<string> GetAsync(CancellationToken token)
    {
        if ((options.ApiKey ?? _minted) is { } known)
        {
            return known;
        }

        Task<string> minting;
        lock (_lock)
        {
            if (_minted is { } minted)
            {
                return minted;
            }

            // One attempt for all that wait, so that they fail together and not one behind the other; on its own task, so that the first
            // caller's cancellation is not everybody's.
            minting = _minting ??= Task.Run(MintForAllAsync, CancellationToken.None);
        }

        return await minting.WaitAsync(token);
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

        lock (_lock)
        {
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
    }

    private async Task<string> MintForAllAsync()
    {
        string? minted = null;
        try
        {
            return minted = await MintAsync();
        }
        finally
        {
            lock (_lock)
            {
                _mintedAt = time.GetTimestamp();
                _minted = minted;
                _minting = null;
            }
        }
    }

    private async Task<string> MintAsync()
    {
        try
        {
            var minted = await AskForKeyAsync(await LogInAsync());
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

    private async Task<string> AskForKeyAsync(string bearer)
    {
        using var request = LangflowHttp.Request(HttpMethod.Post, "api/v1/api_key/", key: null, new { name = KeyName });
        request.Headers.Authorization = new("Bearer", bearer);
        // Runs wait for it.
        LangflowHttp.Limit(request);
        var reply = await http.ReadAsync(request, CancellationToken.None);
        return reply.Text("api_key") ?? throw Refused("Langflow minted no key.");
    }

    private async Task<string> LogInAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = LangflowHttp.Request(HttpMethod.Get, "api/v1/auto_login", key: null);
            using var response = await http.SendForDocumentAsync(request, CancellationToken.None);
            var reply = ErrorText.Parse(await LangflowHttp.HeadAsync(response, CancellationToken.None));
            if (LangflowHttp.IsSuccess(response))
            {
                return reply?.Text("access_token") ?? throw Refused("Langflow's automatic login gave no token.");
            }

            if (response.StatusCode >= HttpStatusCode.InternalServerError)
            {
                throw LangflowUnusableException.OfStatus(response.StatusCode);
            }

            // A text for a detail: the server is starting and has no user yet. An object: there is no automatic login here.
            if (response.StatusCode != HttpStatusCode.BadRequest || reply?.Text("detail") is null || attempt == Tries)
            {
                throw Refused("Langflow has no automatic login, and LANGFLOW_API_KEY is not set.");
            }

            await Task.Delay(options.RetryPause * attempt, time, CancellationToken.None);
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
