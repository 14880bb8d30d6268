using System.Security.Cryptography;
using Conversation.Api.Auth;
using Conversation.Api.Configuration;
using Conversation.Migrations.Configuration;

namespace Conversation.Tests.Auth;

/// <summary>Which keys may be configured, and what is said of those that may not.</summary>
[TestFixture]
internal sealed class TokenKeysTests
{
    private static readonly string Rsa2048 = PublicRsa(2048);
    private static readonly string P256 = PublicCurve(ECCurve.NamedCurves.nistP256);

    [TestCase("HS256", 32)]
    [TestCase("HS384", 48)]
    [TestCase("HS512", 64)]
    public void Secret_Short_WarnsInDevelopmentAndStopsProduction(string algorithm, int bytes)
    {
        var settings = Production() with { UserJwtAlgorithm = algorithm, UserJwtSecretKey = new string('k', bytes - 1) };

        var error = Assert.Throws<SettingsException>(() => TokenKeys.From(settings, folder: null));
        var keys = TokenKeys.From(settings with { Environment = "development" }, folder: null);
        var enough = TokenKeys.From(settings with { UserJwtSecretKey = new string('k', bytes) }, folder: null);

        Assert.Multiple(() =>
        {
            Assert.That(error!.Message, Does.StartWith("CONVERSATION_SERVICE_USER_JWT_SECRET_KEY").And.Contain($"openssl rand -hex {bytes}"));
            Assert.That(keys.Warnings, Has.One.Contains("USER_JWT_SECRET_KEY"));
            Assert.That(enough.Warnings, Is.Empty);
        });
    }

    /// <summary>As a full disk or a cut of power may leave the file of the keys that were made.</summary>
    [TestCase("")]
    [TestCase("[\"0123")]
    [TestCase("[\"0123\"]")]
    public void Made_OfAFileThatIsTorn_AreMadeAnewAndKept(string torn)
    {
        var folder = Directory.CreateTempSubdirectory("conversation-keys-");
        var file = Path.Combine(folder.FullName, "development-keys.json");
        try
        {
            File.WriteAllText(file, torn);
            var settings = Production() with { Environment = "development", UserJwtSecretKey = null, M2mJwtSecretKey = null };
            TokenKeys.From(settings, folder.FullName);
            var made = File.ReadAllText(file);
            TokenKeys.From(settings, folder.FullName);

            Assert.That(made, Does.Match("^\\[\"[0-9a-f]{64}\",\"[0-9a-f]{64}\"\\]$"));
            Assert.That(File.ReadAllText(file), Is.EqualTo(made));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public void Secret_OfBothKinds_WarnsInDevelopmentAndStopsProduction()
    {
        var settings = Production() with { M2mJwtSecretKey = Production().UserJwtSecretKey };

        var error = Assert.Throws<SettingsException>(() => TokenKeys.From(settings, folder: null));
        var keys = TokenKeys.From(settings with { Environment = "development" }, folder: null);

        Assert.That(error!.Message, Does.Contain("M2M_JWT_SECRET_KEY").And.Contain("its own").And.Not.Contain(settings.M2mJwtSecretKey!));
        Assert.That(keys.Warnings, Has.One.Contains("M2M_JWT_SECRET_KEY"));
    }

    [Test]
    public void Secret_SharedOnlyByAnOldKey_StopsProductionToo()
    {
        var settings = Production() with { M2mJwtSecretKey = $"""["{new string('n', 64)}","{Production().UserJwtSecretKey}"]""" };
        Assert.Throws<SettingsException>(() => TokenKeys.From(settings, folder: null));
    }

    [Test]
    public void Pair_OfBothKinds_IsRefusedUnlessIssuerOrAudienceDiffer()
    {
        var same = Production() with
        {
            UserJwtAlgorithm = "RS256",
            UserJwtSecretKey = Rsa2048,
            UserJwtIssuer = "i",
            UserJwtAudience = "a",
            M2mJwtAlgorithm = "RS256",
            M2mJwtSecretKey = Rsa2048,
            M2mJwtIssuer = "i",
            M2mJwtAudience = "a",
        };

        Assert.Throws<SettingsException>(() => TokenKeys.From(same, folder: null));
        Assert.That(() => TokenKeys.From(same with { M2mJwtAudience = "b" }, folder: null), Throws.Nothing);
    }

    [TestCase("HS999")]
    [TestCase("none")]
    [TestCase("RSA")]
    public void Algorithm_Unknown_IsRefused(string algorithm)
    {
        var error = Assert.Throws<SettingsException>(() => TokenKeys.From(Production() with { UserJwtAlgorithm = algorithm }, folder: null));
        Assert.That(error!.Message, Does.StartWith("CONVERSATION_SERVICE_USER_JWT_ALGORITHM"));
    }

    [Test]
    public void Pem_AsASecret_IsRefusedEverywhere()
    {
        // Else everyone who knows the public key could sign.
        var settings = Production() with { Environment = "development", UserJwtSecretKey = Rsa2048 };
        var error = Assert.Throws<SettingsException>(() => TokenKeys.From(settings, folder: null));
        Assert.That(error!.Message, Does.Contain("PEM").And.Contain("HS256"));
    }

    [Test]
    public void Key_NotOfTheAlgorithm_IsRefused() => Assert.Multiple(() =>
    {
        Assert.Throws<SettingsException>(() => Read("RS256", "secret"), "a secret");
        Assert.Throws<SettingsException>(() => Read("RS256", P256), "a curve");
        Assert.Throws<SettingsException>(() => Read("ES256", Rsa2048), "no curve");
        Assert.Throws<SettingsException>(() => Read("ES384", P256), "another curve");
        Assert.Throws<SettingsException>(() => Read("RS256", PublicRsa(1024)), "too few bits");
        Assert.Throws<SettingsException>(() => Read("RS256", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), "broken");
        Assert.Throws<SettingsException>(() => Read("RS256", "http://keys.example.com/jwks.json"), "without TLS");
    });

    [Test]
    public void Key_Private_IsRefusedInProduction()
    {
        using var rsa = RSA.Create(2048);
        Assert.Throws<SettingsException>(() => Read("RS256", rsa.ExportPkcs8PrivateKeyPem()));
    }

    [Test]
    public void Keys_InOneTextOrAList_AreAllRead() => Assert.Multiple(() =>
    {
        Assert.That(Read("RS256", $"{Rsa2048}\n{PublicRsa(2048)}").User.Keys, Has.Count.EqualTo(2));
        Assert.That(Read("RS256", Rsa2048.Replace("\n", "\\n", StringComparison.Ordinal)).User.Keys, Has.Count.EqualTo(1));
        Assert.That(Read("HS256", $"""["{new string('a', 32)}","{new string('b', 32)}"]""").User.Keys, Has.Count.EqualTo(2));
        Assert.That(Read("HS256", "[a secret that begins with a bracket").User.Keys, Has.Count.EqualTo(1));
        Assert.That(Read("PS512", "https://keys.example.com/jwks.json").User.Set!.Addresses, Has.Count.EqualTo(1));
    });

    /// <summary>Several nodes, each with a key of its own, would refuse each other's tokens.</summary>
    [Test]
    public void Key_RandomAndNotKept_IsWarnedOf()
    {
        var folder = Directory.CreateTempSubdirectory();
        var settings = Production() with { Environment = "testing", M2mJwtSecretKey = null };

        var passing = TokenKeys.From(settings, folder: null);
        var kept = TokenKeys.From(settings, folder.FullName);
        folder.Delete(recursive: true);

        Assert.Multiple(() =>
        {
            Assert.That(passing.Warnings.Single(), Does.StartWith("CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY is not set").And.Not.Contain("\n"));
            Assert.That(kept.Warnings, Is.Empty);
        });
    }

    [Test]
    public void Key_ConfiguredInDevelopment_IsWarnedOfAsSigningForAnyone()
    {
        var settings = Production() with { Environment = "development" };
        var verifying = settings with { UserJwtAlgorithm = "RS256", UserJwtSecretKey = Rsa2048 };

        Assert.Multiple(() =>
        {
            Assert.That(TokenKeys.From(settings, folder: null).Warnings.Single(), Does.Contain("/dev/token").And.Not.Contain("\n"));
            Assert.That(TokenKeys.From(settings with { Environment = "testing" }, folder: null).Warnings, Is.Empty);
            Assert.That(TokenKeys.From(verifying, folder: null).Warnings, Is.Empty);
            Assert.That(TokenKeys.From(settings with { UserJwtSecretKey = null }, folder: null).Warnings, Has.None.Contains("/dev/token"));
        });
    }

    [TestCase("UserJwtSecretKey")]
    [TestCase("M2mJwtSecretKey")]
    public void Key_Missing_StopsProduction(string property)
    {
        var settings = property[0] == 'U' ? Production() with { UserJwtSecretKey = null } : Production() with { M2mJwtSecretKey = null };
        Assert.Throws<SettingsException>(() => TokenKeys.From(settings, folder: null));
    }

    /// <summary>Everyone knows it, also beside a key of one's own.</summary>
    [TestCase("development-only-user-key-known-to-everyone-0123456789abcdef0123")]
    [TestCase("""["uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu","development-only-user-key-known-to-everyone-0123456789abcdef0123"]""")]
    public void Key_OfTheExample_StopsProduction(string key) => Assert.Throws<SettingsException>(() => Read("HS256", key));

    private static TokenKeys Read(string algorithm, string key) =>
        TokenKeys.From(Production() with { UserJwtAlgorithm = algorithm, UserJwtSecretKey = key }, folder: null);

    private static ServiceSettings Production() => new()
    {
        Environment = "production",
        UserJwtSecretKey = new string('u', 64),
        M2mJwtSecretKey = new string('m', 64),
    };

    private static string PublicRsa(int bits)
    {
        using var rsa = RSA.Create(bits);
        return rsa.ExportSubjectPublicKeyInfoPem();
    }

    private static string PublicCurve(ECCurve curve)
    {
        using var key = ECDsa.Create(curve);
        return key.ExportSubjectPublicKeyInfoPem();
    }
}
