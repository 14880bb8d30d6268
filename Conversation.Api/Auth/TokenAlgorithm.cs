using System.Globalization;

namespace Conversation.Api.Auth;

/// <summary>One of JWA's algorithms of signatures (RFC 7518, section 3.1): a family and the length of its hash.</summary>
/// <param name="Name">As tokens name it.</param>
internal sealed record TokenAlgorithm(string Name)
{
    private static readonly string[] Families = ["HS", "RS", "ES", "PS"];
    private static readonly string[] Lengths = ["256", "384", "512"];

    /// <summary>Verified by a secret that both sides know.</summary>
    public bool IsSymmetric => Name.StartsWith("HS", StringComparison.Ordinal);

    /// <summary>Verified by the public half of a pair on an elliptic curve.</summary>
    public bool IsElliptic => Name.StartsWith("ES", StringComparison.Ordinal);

    /// <summary>HMAC: the least length of a secret, in bytes (RFC 7518, section 3.2).</summary>
    public int LeastSecretBytes => Bits / 8;

    /// <summary>Elliptic: the size of its one curve, in bits; ES512 is P-521 (RFC 7518, section 3.4).</summary>
    public int CurveBits => Bits == 512 ? 521 : Bits;

    /// <summary>What a JWKS document calls this kind of key.</summary>
    public string KeyType => IsElliptic ? "EC" : "RSA";

    private int Bits => int.Parse(Name.AsSpan(2), CultureInfo.InvariantCulture);

    /// <exception cref="SettingsException">It is none of them.</exception>
    public static TokenAlgorithm Parse(string variable, string name)
    {
        var upper = name.Trim().ToUpperInvariant();
        return upper.Length == 5 && Families.Contains(upper[..2]) && Lengths.Contains(upper[2..])
            ? new TokenAlgorithm(upper)
            : throw new SettingsException(variable, "must be HS256, HS384 or HS512, or the same with RS, ES or PS");
    }
}
