using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Api.Auth;

/// <summary>
/// Keys that an issuer publishes as JWKS documents (RFC 7517): fetched at need, kept, and fetched again when they are old or a token's key
/// is not among them. The library's own manager, in place of which this stands, would take a withdrawn key for good for half a day, let
/// junk keep new keys out for five minutes, and let requests queue for an issuer that does not answer.
/// </summary>
internal sealed class KeySet : BaseConfigurationManager, IConfigurationManager<OpenIdConnectConfiguration>
{
    /// <summary>How long keys are taken for good without another look, while the issuer answers.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>Between two fetches because of tokens that do not fit, or of failures: whoever sends junk causes no more.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>Between two fetches while there is no key at all.</summary>
    public static readonly TimeSpan PauseWithoutKeys = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestFetch = TimeSpan.FromSeconds(5);

    /// <summary>Who has keys waits no longer than this for newer ones.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly TokenAlgorithm _algorithm;
    private readonly TimeProvider _time;
    private readonly HttpDocumentRetriever _retriever;
    private readonly Lock _gate = new();
    private volatile OpenIdConnectConfiguration? _keys;
    private Task<OpenIdConnectConfiguration>? _fetch;
    private long _lookedAt;
    private bool _isAskedFor;

    public KeySet(IReadOnlyList<Uri> addresses, TokenAlgorithm algorithm, TimeProvider time)
    {
        Addresses = addresses;
        _algorithm = algorithm;
        _time = time;
        // Which addresses may be without TLS is decided when the settings are read.
        _retriever = new HttpDocumentRetriever(new HttpClient { Timeout = LongestFetch }) { RequireHttps = false };
        // A withdrawn key would verify for another hour.
        UseLastKnownGoodConfiguration = false;
    }

    public IReadOnlyList<Uri> Addresses { get; }

    /// <summary>True while no key could be fetched yet: a token that does not fit may still be a good one.</summary>
    public bool IsUnavailable => Volatile.Read(ref _lookedAt) != 0 && _keys is null;

    /// <summary>The keys: those that are kept, or, where it is time, new ones. All who ask meanwhile wait for the same fetch.</summary>
    /// <exception cref="IOException">None could be fetched yet, now or in the last second.</exception>
    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        var kept = _keys;
        var fetch = Fetch();
        try
        {
            return await (kept is null ? fetch.WaitAsync(cancel) : fetch.WaitAsync(LongestWait, _time, cancel));
        }
        catch (Exception) when (kept is not null && !cancel.IsCancellationRequested)
        {
            // An issuer that is away takes no key back.
            return kept;
        }
    }

    public override async Task<BaseConfiguration> GetBaseConfigurationAsync(CancellationToken cancel) => await GetConfigurationAsync(cancel);

    /// <summary>A token did not fit: whoever asks next, which is the same request, has the keys fetched anew, if that is not too often.</summary>
    public override void RequestRefresh()
    {
        lock (_gate)
        {
            _isAskedFor |= _time.GetElapsedTime(_lookedAt) >= Pause;
        }
    }

    /// <returns>The fetch that counts: the last one, running or ended, or one that begins now.</returns>
    private Task<OpenIdConnectConfiguration> Fetch()
    {
        lock (_gate)
        {
            if (_fetch is null || (_fetch.IsCompleted && _time.GetElapsedTime(_lookedAt) >= Patience(_fetch)))
            {
                _fetch = Task.Run(FetchAsync);
            }

            return _fetch;
        }
    }

    private TimeSpan Patience(Task last) =>
        _keys is null ? PauseWithoutKeys
        : _isAskedFor || !last.IsCompletedSuccessfully ? Pause
        : Lifetime;

    /// <summary>Nobody who goes away ends it: others wait for it as well.</summary>
    private async Task<OpenIdConnectConfiguration> FetchAsync()
    {
        try
        {
            return _keys = await ReadAsync();
        }
        finally
        {
            lock (_gate)
            {
                Volatile.Write(ref _lookedAt, _time.GetTimestamp());
                _isAskedFor = false;
            }
        }
    }

    private async Task<OpenIdConnectConfiguration> ReadAsync()
    {
        var read = new OpenIdConnectConfiguration();
        foreach (var address in Addresses)
        {
            var document = new JsonWebKeySet(await _retriever.GetDocumentAsync(address.ToString(), CancellationToken.None));
            // A published secret is no key, and one of another type could only be taken for what it is not.
            foreach (var key in document.Keys.Where(key => key.Kty == _algorithm.KeyType && key.Use is null or "" or "sig"))
            {
                read.SigningKeys.Add(key);
            }
        }

        return read;
    }
}
