using System.Net;
using Conversation.Api.Auth;
using Conversation.Api.Limits;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Limits;

/// <summary>Which addresses are one client's.</summary>
[TestFixture]
internal sealed class AddressBudgetTests
{
    [TestCase("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true, TestName = "Addresses_OfOneIPv6Network_ShareABudget")]
    [TestCase("2001:db8:1:2::1", "2001:db8:1:3::1", false, TestName = "Addresses_OfTwoIPv6Networks_ShareNone")]
    [TestCase("::ffff:192.0.2.1", "192.0.2.1", true, TestName = "Addresses_IPv4InTwoForms_ShareABudget")]
    [TestCase("::ffff:192.0.2.1", "::ffff:192.0.2.2", false, TestName = "Addresses_OfTwoMappedClients_ShareNone")]
    [TestCase("192.0.2.1", "192.0.2.2", false, TestName = "Addresses_OfTwoIPv4Clients_ShareNone")]
    public async Task Addresses_OneAfterTheOther_ShareABudgetOrNot(string first, string second, bool shared)
    {
        await using var budget = new RequestBudget(
            new LimitOptions { RequestsPerMinuteAndAddress = 1 }, new CallerResolver(ApiHost.Settings), new HubConnections(), TimeProvider.System);
        using var spent = budget.ByAddress!.AttemptAcquire(From(first));
        using var next = budget.ByAddress.AttemptAcquire(From(second));

        Assert.That((spent.IsAcquired, next.IsAcquired), Is.EqualTo((true, !shared)));
    }

    private static DefaultHttpContext From(string address) => new() { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
}
