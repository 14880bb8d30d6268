using Microsoft.AspNetCore.Connections;

namespace Conversation.Api.Hosting;

/// <summary>
/// Cuts off what is still connected some time after the service began to stop. Kestrel itself would wait for a client that does not
/// read until the whole time to stop is over, and leave the runs nothing of it.
/// </summary>
internal sealed class LateConnections : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _late = new();
    private readonly CancellationTokenRegistration _stopping;

    public LateConnections(IHostApplicationLifetime lifetime) =>
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(static late => ((CancellationTokenSource)late!).CancelAfter(Patience), _late);

    public ConnectionDelegate Watch(ConnectionDelegate next) => async connection =>
    {
        await using var cut = _late.Token.UnsafeRegister(static late => ((ConnectionContext)late!).Abort(), connection);
        await next(connection);
    };

    public void Dispose()
    {
        _stopping.Dispose();
        _late.Dispose();
    }
}
