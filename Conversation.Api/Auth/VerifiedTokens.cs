using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Caching.Memory;

namespace Conversation.Api.Auth;

/// <summary>Tokens that were verified and have not expired, by their hash: the tokens themselves are not kept.</summary>
internal sealed class VerifiedTokens(TimeProvider time) : IDisposable
{
    /// <summary>Some 10 MB at the most; beyond it tokens are verified anew.</summary>
    private const int Capacity = 10_000;

    /// <summary>With <see cref="KeySet.Lifetime"/> the longest that a token outlives the publication of the key that signed it.</summary>
    private static readonly TimeSpan LongestMemory = TimeSpan.FromMinutes(10);

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Capacity });

    /// <summary>What was found of a token.</summary>
    public AuthenticateResult? Find(string token) =>
        _cache.TryGetValue<Verified>(Hash(token), out var known) && known!.Expires > time.GetUtcNow() ? known.Result : null;

    public void Remember(string token, AuthenticateResult result, DateTimeOffset expires)
    {
        var left = expires - time.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            _cache.Set(Hash(token), new Verified(result, expires), new MemoryCacheEntryOptions
            {
                Size = 1,
                AbsoluteExpirationRelativeToNow = left < LongestMemory ? left : LongestMemory,
            });
        }
    }

    public void Dispose() => _cache.Dispose();

    private static string Hash(string token) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private sealed record Verified(AuthenticateResult Result, DateTimeOffset Expires);
}
