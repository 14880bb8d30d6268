namespace Conversation.Tests.Infrastructure;

/// <summary>The one time-out of every await in a test: long, because it ends only what has gone wrong.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static Task<T> OrTimeout<T>(this Task<T> task) => task.WaitAsync(Limit, TimeProvider.System);

    public static Task OrTimeout(this Task task) => task.WaitAsync(Limit, TimeProvider.System);

    public static Task<T> OrTimeout<T>(this ValueTask<T> task) => task.AsTask().OrTimeout();

    /// <summary>A token that gives up when patience does.</summary>
    public static CancellationToken Token => new CancellationTokenSource(Limit).Token;
}
