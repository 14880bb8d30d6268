using Conversation.Api.Limits;
using Conversation.Api.Transfer;
using Conversation.Data.Access;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Transfer;

/// <summary>Files of slow clients take their place on the disk: there are only so many.</summary>
[TestFixture]
internal sealed class ImportBudgetTests : ConversationFixture
{
    private static readonly string File = TransferFile.Of("one");

    [Test]
    public async Task Import_BesideTwoOfTheSameCallers_IsToldToWait()
    {
        var user = Guid.CreateVersion7();
        using var client = Host.AsUser(user);
        var import = Host.Services.GetRequiredService<ConversationImport>();
        var caller = new Caller($"user:{user}", user, user);
        using var first = import.Begin(caller);
        using (import.Begin(caller))
        {
            using var third = await client.PostFileAsync(File);
            await ApiClient.ReadAsync(third, 429);
            Assert.That(third.Headers.RetryAfter?.Delta, Is.GreaterThan(TimeSpan.Zero));
            await Client.ImportAsync(File);
        }

        await client.ImportAsync(File);
        using var refused = await client.PostFileAsync("null");
        Assert.That((int)refused.StatusCode, Is.EqualTo(422));
        await client.ImportAsync(File);
    }

    [Test]
    public void Take_BesideSixteenOfAll_IsRefused()
    {
        var budget = new ImportBudget();
        var taken = Enumerable.Range(0, 16).Select(i => budget.Take($"user:{i}")).ToArray();

        Assert.Throws<TooManyRequestsException>(() => budget.Take("user:16"));
        taken[3].Dispose();
        budget.Take("user:16").Dispose();
    }
}
