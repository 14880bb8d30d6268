using System.Globalization;
using System.Reflection;
using Conversation.Api.Configuration;
using Conversation.Migrations.Configuration;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.Configuration;
using RangeAttribute = System.ComponentModel.DataAnnotations.RangeAttribute;

namespace Conversation.Tests.Configuration;

/// <summary>Every number has bounds: what is beyond them stops the start, and with what is at them the service works.</summary>
[TestFixture]
internal sealed class NumberBoundsTests
{
    private static readonly List<PropertyInfo> Numbers =
        [.. typeof(ServiceSettings).GetProperties().Where(property => property.PropertyType == typeof(int))];

    [Test]
    public void Numbers_AllHaveBounds() => Assert.Multiple(() =>
    {
        Assert.That(Numbers, Has.Count.GreaterThan(15));
        Assert.That(Numbers.Where(number => number.GetCustomAttribute<RangeAttribute>() is null).Select(number => number.Name), Is.Empty);
    });

    [TestCaseSource(nameof(Beyond))]
    public void Read_NumberBeyondItsBounds_NamesTheVariableAndTheBounds(string variable, string value)
    {
        var error = Assert.Throws<SettingsException>(() => Read(new() { [variable] = value }));

        Assert.That(error!.Message, Does.StartWith($"{variable} must be a whole number from ").And.Not.Contain("\n"));
    }

    /// <summary>Headers and messages of this test fit the least; nothing is waited for as long as the most.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task Service_WithEveryNumberAtABound_Answers(bool least)
    {
        var bounds = Numbers.ToDictionary(
            Name,
            number => Text(least ? Bounds(number).Minimum : number.Name == nameof(ServiceSettings.SimulatedPaceMs) ? 1 : Bounds(number).Maximum));
        var settings = Read(bounds) with
        {
            Environment = ServiceEnvironments.Development,
            UserJwtSecretKey = ApiHost.Settings.UserJwtSecretKey,
            UserJwtIssuer = ApiHost.Settings.UserJwtIssuer,
            UserJwtAudience = ApiHost.Settings.UserJwtAudience,
            LoggingLevel = "WARNING",
        };
        await using var host = await ApiHost.StartAsync(_ => settings);
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await V2Socket.ConnectAsync(client, conversation, position: null);

        await client.SayAsync(conversation, "x");

        var end = await socket.UntilAsync(frame => LegacyClient.TypeOf(frame) is "run.completed" or "run.failed");
        Assert.That(LegacyClient.TypeOf(end), Is.EqualTo("run.completed"), end.ToString());
    }

    private static IEnumerable<TestCaseData> Beyond()
    {
        foreach (var number in Numbers)
        {
            yield return new TestCaseData(Name(number), "-1");
            yield return new TestCaseData(Name(number), "9223372036854775807");
            if (Bounds(number).Minimum is > 0 and var least)
            {
                yield return new TestCaseData(Name(number), Text((int)least - 1));
            }

            if (Bounds(number).Maximum is < int.MaxValue and var most)
            {
                yield return new TestCaseData(Name(number), Text((int)most + 1));
            }
        }
    }

    private static string Name(PropertyInfo number) => number.GetCustomAttribute<VariableAttribute>()!.Name;

    private static RangeAttribute Bounds(PropertyInfo number) => number.GetCustomAttribute<RangeAttribute>()!;

    private static string Text(object number) => ((int)number).ToString(CultureInfo.InvariantCulture);

    private static ServiceSettings Read(Dictionary<string, string> values) => SettingsReader.Read(
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build());
}
