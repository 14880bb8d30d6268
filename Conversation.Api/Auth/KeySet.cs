using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Api.Auth;

/// <summary>Keys that an issuer publishes as JWKS documents (RFC 7517): fetched at need, kept, and fetched again when they change.</summary>
internal sealed class KeySet : IConfigurationRetriever<OpenIdConnectConfiguration>
{
    private static readonly TimeSpan LongestFetch = TimeSpan.FromSeconds(5);

    private readonly TokenAlgorithm _algorithm;
    private volatile bool _fetched;
    private volatile bool _failed;

    public KeySet(IReadOnlyList<Uri> addresses, TokenAlgorithm algorithm)
    {
        Addresses = addresses;
        _algorithm = algorithm;
        Manager = new ConfigurationManager<OpenIdConnectConfiguration>(
            addresses[0].ToString(),
            this,
            // Which addresses may be without TLS is decided when the settings are read.
            new HttpDocumentRetriever(new HttpClient { Timeout = LongestFetch }) { RequireHttps = false });
    }

    public IReadOnlyList<Uri> Addresses { get; }

    public ConfigurationManager<OpenIdConnectConfiguration> Manager { get; }

    /// <summary>True while no key could be fetched yet: a token that does not fit may still be a good one.</summary>
    public bool IsUnavailable => _failed && !_fetched;

    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(string address, IDocumentRetriever retriever, CancellationToken cancel)
    {
        try
        {
            var configuration = new OpenIdConnectConfiguration();
            foreach (var url in Addresses)
            {
                var document = new JsonWebKeySet(await retriever.GetDocumentAsync(url.ToString(), cancel));
                // A published secret is no key, and one of another type could only be taken for what it is not.
                foreach (var key in document.Keys.Where(key => key.Kty == _algorithm.KeyType && key.Use is null or "" or "sig"))
                {
                    configuration.SigningKeys.Add(key);
                }
            }

            _fetched = true;
            return configuration;
        }
        catch
        {
            _failed = true;
            throw;
        }
    }
}
