using System.Security.Cryptography;
using Conversation.Api.Auth;
using Conversation.Tests.Infrastructure;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Tests.Auth;

/// <summary>Keys that come and go at their issuer, and an issuer that does.</summary>
[TestFixture]
internal sealed class KeySetTests
{
    private const string Algorithm = "RS256";

    private readonly RsaSecurityKey _old = new(RSA.Create(2048)) { KeyId = "old" };
    private readonly RsaSecurityKey _fresh = new(RSA.Create(2048)) { KeyId = "fresh" };
    private readonly RsaSecurityKey _junk = new(RSA.Create(2048)) { KeyId = "junk" };
    private FakeKeySet _issuer = null!;
    private ShiftedTime _time = null!;
    private KeySet _set = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _issuer = await FakeKeySet.StartAsync();
        _time = new ShiftedTime();
        _set = new KeySet([new Uri(_issuer.Address)], TokenAlgorithm.Parse("", Algorithm), _time);
        Publish(_old);
    }

    [TearDown]
    public async Task StopAsync() => await _issuer.DisposeAsync();

    [OneTimeTearDown]
    public void Dispose()
    {
        foreach (var key in (RsaSecurityKey[])[_old, _fresh, _junk])
        {
            key.Rsa.Dispose();
        }
    }

    [Test]
    public async Task Key_JustPublished_VerifiesItsFirstToken()
    {
        var before = await VerifiesAsync(_old);
        _time.Forward(KeySet.Pause);
        Publish(_fresh, _old);

        Assert.That((before, await VerifiesAsync(_fresh)), Is.EqualTo((true, true)));
    }

    [Test]
    public async Task Key_Withdrawn_VerifiesForMinutesOnly()
    {
        var before = await VerifiesAsync(_old);
        Publish(_fresh);
        var kept = await VerifiesAsync(_old);
        _time.Forward(KeySet.Lifetime);
        var after = await VerifiesAsync(_old);

        Assert.That((before, kept, after), Is.EqualTo((true, true, false)));
        Assert.That(KeySet.Lifetime, Is.LessThanOrEqualTo(TimeSpan.FromMinutes(5)), "As the README says, with what is remembered of tokens.");
    }

    [Test]
    public async Task Junk_InFrontOfANewKey_HoldsItUpForSecondsAndAsksOnce()
    {
        await VerifiesAsync(_old);
        _time.Forward(KeySet.Pause);
        var asked = _issuer.Requests;
        for (var i = 0; i < 20; i++)
        {
            await VerifiesAsync(_junk);
        }

        asked = _issuer.Requests - asked;
        Publish(_fresh, _old);
        var heldUp = await VerifiesAsync(_fresh);
        _time.Forward(KeySet.Pause);

        Assert.That((asked, heldUp, await VerifiesAsync(_fresh)), Is.EqualTo((1, false, true)));
        Assert.That(KeySet.Pause, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(10)), "As the README says.");
    }

    [Test]
    public async Task Issuer_Away_TakesNoKeyBack()
    {
        await VerifiesAsync(_old);
        _issuer.IsDown = true;
        _time.Forward(KeySet.Lifetime);

        Assert.That((await VerifiesAsync(_old), _set.IsUnavailable), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task Issuer_Slow_HoldsNobodyUpWhoHasKeys()
    {
        await VerifiesAsync(_old);
        _issuer.Answering = new TaskCompletionSource().Task;
        _time.Forward(KeySet.Lifetime);

        Assert.That(await VerifiesAsync(_old).OrTimeout(), Is.True);
    }

    [Test]
    public async Task Issuer_AwayFromTheStart_IsAskedAgainAfterASecond()
    {
        _issuer.IsDown = true;
        var first = await AskedByAsync(_junk);
        var atOnce = await AskedByAsync(_junk);
        var unavailable = _set.IsUnavailable;
        _time.Forward(KeySet.PauseWithoutKeys);
        _issuer.IsDown = false;
        var later = await VerifiesAsync(_old);

        Assert.That((first > 0, atOnce, unavailable, later, _set.IsUnavailable), Is.EqualTo((true, 0, true, true, false)));
    }

    [Test]
    public async Task Issuer_NotAnsweringAtTheStart_IsWaitedForByAllAtOnce()
    {
        var answering = new TaskCompletionSource();
        _issuer.Answering = answering.Task;
        var waiting = Enumerable.Range(0, 20).Select(_ => VerifiesAsync(_old)).ToList();
        answering.SetResult();

        Assert.That(await Task.WhenAll(waiting).OrTimeout(), Is.All.True);
        Assert.That(_issuer.Requests, Is.EqualTo(1));
    }

    private void Publish(params RsaSecurityKey[] keys) => _issuer.Keys = [.. keys.Select(Public)];

    private static JsonWebKey Public(RsaSecurityKey key) => JsonWebKeyConverter.ConvertFromRSASecurityKey(
        new RsaSecurityKey(key.Rsa.ExportParameters(includePrivateParameters: false)) { KeyId = key.KeyId });

    private async Task<int> AskedByAsync(RsaSecurityKey key)
    {
        var before = _issuer.Requests;
        Assert.That(await VerifiesAsync(key), Is.False);
        return _issuer.Requests - before;
    }

    /// <summary>As the bearer schemes and the sockets do it.</summary>
    private async Task<bool> VerifiesAsync(RsaSecurityKey key)
    {
        var token = new JsonWebTokenHandler().CreateToken(RawTokens.UserPayload, new SigningCredentials(key, Algorithm));
        var parameters = new TokenValidationParameters
        {
            ConfigurationManager = _set,
            ValidAlgorithms = [Algorithm],
            ValidateIssuer = false,
            ValidateAudience = false,
            TryAllIssuerSigningKeys = true,
        };
        return (await new JsonWebTokenHandler().ValidateTokenAsync(token, parameters)).IsValid;
    }
}
