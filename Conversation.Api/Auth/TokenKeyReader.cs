using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Api.Auth;

/// <summary>Reads the keys of one kind from what its variable holds: secrets, PEM, addresses of JWKS documents, or a JSON list of them.</summary>
/// <param name="variable">Named in every complaint.</param>
/// <param name="algorithm">Which the keys must fit.</param>
/// <param name="isProduction">Whether weak keys stop the start.</param>
/// <param name="warn">Told of weak keys elsewhere.</param>
internal sealed class TokenKeyReader(string variable, TokenAlgorithm algorithm, bool isProduction, Action<string> warn)
{
    private const string PemBegin = "-----BEGIN";
    private const int LeastRsaBits = 2048;

    /// <summary>The keys and addresses in a value.</summary>
    /// <exception cref="SettingsException">One of them does not fit the algorithm.</exception>
    public (IReadOnlyList<SecurityKey> Keys, KeySet? Set) Read(string value)
    {
        var keys = new List<SecurityKey>();
        var addresses = new List<Uri>();
        foreach (var entry in Entries(value))
        {
            if (algorithm.IsSymmetric)
            {
                keys.Add(Secret(entry));
            }
            else if (entry.Contains(PemBegin, StringComparison.Ordinal))
            {
                keys.AddRange(FromPem(entry));
            }
            else
            {
                addresses.Add(Address(entry));
            }
        }

        return (keys, addresses.Count == 0 ? null : new KeySet(addresses, algorithm, TimeProvider.System));
    }

    private static IReadOnlyList<string> Entries(string value)
    {
        if (value.TrimStart().StartsWith('['))
        {
            try
            {
                if (JsonSerializer.Deserialize<string?[]>(value) is { Length: > 0 } list && list.All(entry => !string.IsNullOrEmpty(entry)))
                {
                    return list!;
                }
            }
            catch (JsonException)
            {
                // A secret may begin with a bracket too.
            }
        }

        return [value];
    }

    private SymmetricSecurityKey Secret(string text)
    {
        if (isProduction)
        {
            PublishedKeys.Refuse(variable, text);
        }

        if (text.Contains(PemBegin, StringComparison.Ordinal))
        {
            // Taken as a secret, a public key would let everyone who knows it sign.
            throw new SettingsException(variable, $"holds a PEM key, but its algorithm is {algorithm.Name}: set the algorithm that the key is for");
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length >= algorithm.LeastSecretBytes)
        {
            return new SymmetricSecurityKey(bytes);
        }

        var complaint = $"is too short for {algorithm.Name}, which needs {algorithm.LeastSecretBytes} bytes: "
            + $"make one by openssl rand -hex {algorithm.LeastSecretBytes}";
        if (isProduction)
        {
            throw new SettingsException(variable, complaint);
        }

        warn($"{variable} {complaint}. This stops a start in production.");
        // HMAC fills keys up with zeros itself (RFC 2104), so that this is the same key in a length that the library takes.
        Array.Resize(ref bytes, algorithm.LeastSecretBytes);
        return new SymmetricSecurityKey(bytes);
    }

    private List<SecurityKey> FromPem(string text)
    {
        // A variable's value often has its line ends written as \n.
        var pem = text.Replace("\\n", "\n", StringComparison.Ordinal);
        var keys = new List<SecurityKey>();
        var rest = pem.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            keys.Add(FromBlock(rest[fields.Location].ToString(), rest[fields.Label].ToString()));
            rest = rest[fields.Location.End..];
        }

        return keys.Count > 0 ? keys : throw Unreadable();
    }

    private SecurityKey FromBlock(string block, string label)
    {
        if (isProduction && label.Contains("PRIVATE", StringComparison.Ordinal))
        {
            throw new SettingsException(variable, "holds a private key: this service only verifies, give it the public key alone");
        }

        try
        {
            return algorithm.IsElliptic ? Elliptic(block, label) : Rsa(block, label);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw Unreadable();
        }
    }

    private RsaSecurityKey Rsa(string block, string label)
    {
        RSA? rsa;
        if (label == "CERTIFICATE")
        {
            using var certificate = X509Certificate2.CreateFromPem(block);
            rsa = certificate.GetRSAPublicKey() ?? throw Unreadable();
        }
        else
        {
            rsa = RSA.Create();
            rsa.ImportFromPem(block);
        }

        return rsa.KeySize >= LeastRsaBits
            ? new RsaSecurityKey(rsa)
            : throw new SettingsException(variable, $"holds an RSA key of {rsa.KeySize} bits: {LeastRsaBits} are the least");
    }

    private ECDsaSecurityKey Elliptic(string block, string label)
    {
        ECDsa? curve;
        if (label == "CERTIFICATE")
        {
            using var certificate = X509Certificate2.CreateFromPem(block);
            curve = certificate.GetECDsaPublicKey() ?? throw Unreadable();
        }
        else
        {
            curve = ECDsa.Create();
            curve.ImportFromPem(block);
        }

        return curve.KeySize == algorithm.CurveBits
            ? new ECDsaSecurityKey(curve)
            : throw new SettingsException(
                variable, $"holds a key on a curve of {curve.KeySize} bits, but {algorithm.Name} is for {algorithm.CurveBits}");
    }

    private Uri Address(string text)
    {
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw Unreadable();
        }

        return isProduction && url.Scheme != "https" && !url.IsLoopback
            ? throw new SettingsException(variable, "fetches keys without TLS, so that anyone on the way could put in others: use https")
            : url;
    }

    private SettingsException Unreadable() => new(
        variable, $"must be a public key as PEM, or the https address of a JWKS document, that fits {algorithm.Name}");
}
