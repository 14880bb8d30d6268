using Conversation.Data.Postgres;

namespace Conversation.Api.Background;

/// <summary>For questions that must be answered sooner or later: an outage of the database only delays them.</summary>
internal static class Outage
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static async Task<T> WaitOutAsync<T>(Func<Task<T>> ask, TimeProvider time, CancellationToken token)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (DatabaseUnavailableException)
            {
                await Task.Delay(Pause, time, token);
            }
        }
    }
}
