using System.Net;
using Conversation.Migrations.Configuration;

namespace Conversation.Migrations.Bootstrap;

/// <summary>The admin at the auth service: logged in when first needed, and again when the session has expired.</summary>
internal sealed class AdminSession(AuthServiceClient service, OperatorSettings settings, BootstrapClock clock, Action<string> progress)
{
    private static readonly TimeSpan ShortPause = TimeSpan.FromSeconds(1);

    /// <summary>The limits are counted by the minute.</summary>
    private static readonly TimeSpan LimitPause = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LimitJitter = TimeSpan.FromSeconds(5);

    private string? _token;

    /// <summary>
    /// Asks with the admin's token. An expired session is renewed and the request sent again; a limit is waited for; other passing
    /// failures are the caller's, who knows what they mean for what was asked.
    /// </summary>
    /// <exception cref="BootstrapException">The account may not do this, or the time is over.</exception>
    public async Task<AuthServiceReply> AskAsync(Func<string, Task<AuthServiceReply>> ask, CancellationToken token)
    {
        var renewed = false;
        while (true)
        {
            var reply = await ask(_token ??= await LoginAsync(token));
            switch (reply.Status)
            {
                case HttpStatusCode.Unauthorized when !renewed:
                    renewed = true;
                    _token = null;
                    break;
                case HttpStatusCode.Unauthorized:
                    throw new BootstrapException($"The auth service refuses the session that it has just opened: {reply.Detail}.");
                case HttpStatusCode.Forbidden:
                    throw new BootstrapException(
                        $"{settings.InitialAdminEmail} (INITIAL_ADMIN_EMAIL) is no admin of the auth service: {reply.Detail}.");
                case HttpStatusCode.TooManyRequests:
                    await WaitForLimitAsync(reply, token);
                    break;
                default:
                    return reply;
            }
        }
    }

    private async Task<string> LoginAsync(CancellationToken token)
    {
        while (true)
        {
            var reply = await service.LoginAsync(settings.InitialAdminEmail, settings.InitialAdminPassword, token);
            if (reply.Status == HttpStatusCode.OK && reply.Text("access_token") is { Length: > 0 } session)
            {
                return session;
            }

            if (reply.Status == HttpStatusCode.Unauthorized)
            {
                throw new BootstrapException(
                    $"The auth service does not let {settings.InitialAdminEmail} in ({reply.Detail}): "
                    + "set INITIAL_ADMIN_EMAIL and INITIAL_ADMIN_PASSWORD to its admin's.");
            }

            if (!reply.IsTransient)
            {
                throw new BootstrapException($"The auth service answers the login with {reply.Describe()}.");
            }

            if (reply.IsLimited)
            {
                await WaitForLimitAsync(reply, token);
            }
            else if (!await clock.PauseAsync(ShortPause * 2, token))
            {
                throw TimeIsOver(reply);
            }
        }
    }

    private async Task WaitForLimitAsync(AuthServiceReply reply, CancellationToken token)
    {
        var pause = LimitPause + (LimitJitter * Random.Shared.NextDouble());
        if (pause < clock.Left)
        {
            progress("The auth service asks for patience: waiting for a minute.");
        }

        if (!await clock.PauseAsync(pause, token))
        {
            throw TimeIsOver(reply);
        }
    }

    private static BootstrapException TimeIsOver(AuthServiceReply reply) => new(
        $"The auth service answers with {reply.Describe()}, and the time for waiting is over: try again in a minute.");
}
