using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Docs;

/// <summary>The request file walks the whole API, and every request of it works.</summary>
[TestFixture]
internal sealed partial class RequestFileTests
{
    private readonly Dictionary<string, JsonElement> _answers = [];

    [Test]
    public async Task Requests_InTheirOrder_AllWorkAndReachEveryOperation()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.As(token: null!);
        var operations = (await client.GetAsync("/openapi.json")).GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"))
            .ToHashSet();
        var file = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "Conversation.Api", "Conversation.Api.http"));
        foreach (var part in file.Split("\n### ")[1..])
        {
            var request = Request().Match(part);
            Assert.That(request.Success, part);
            var path = Fill(request.Groups["address"].Value).Replace("{{api}}", ApiClient.Root, StringComparison.Ordinal);
            using var response = await SendAsync(client, request, path);
            var text = await response.Content.ReadAsStringAsync();
            Assert.That((int)response.StatusCode, Is.LessThan(300), $"{part}\n{text}");
            if (request.Groups["name"] is { Success: true } name)
            {
                _answers[name.Value] = JsonElement.Parse(text);
            }

            operations.RemoveWhere(operation => Matches(operation, $"{request.Groups["method"].Value} {path.Split('?')[0]}"));
        }

        Assert.That(operations, Is.EqualTo(new[] { $"GET {ApiClient.Root}/health/live" }), "Operations that the file does not show.");
    }

    /// <summary>A cancelled run ends a moment later; until then its message cannot be answered again: 409.</summary>
    private async Task<HttpResponseMessage> SendAsync(ApiClient client, Match request, string path)
    {
        for (var patience = Patience.Token; ; patience.ThrowIfCancellationRequested())
        {
            using var message = new HttpRequestMessage(new HttpMethod(request.Groups["method"].Value), path);
            foreach (Match header in Header().Matches(request.Groups["headers"].Value))
            {
                message.Headers.TryAddWithoutValidation(header.Groups[1].Value, Fill(header.Groups[2].Value));
            }

            if (request.Groups["body"].Value.Trim() is { Length: > 0 } body)
            {
                message.Content = new StringContent(Fill(body), Encoding.UTF8, ContentType().Match(request.Groups["headers"].Value).Groups[1].Value);
            }

            var response = await client.Http.SendAsync(message, patience);
            if (response.StatusCode != HttpStatusCode.Conflict)
            {
                return response;
            }

            response.Dispose();
        }
    }

    private string Fill(string text) =>
        Variable().Replace(text, match => _answers[match.Groups[1].Value].GetProperty(match.Groups[2].Value).ToString());

    private static bool Matches(string operation, string request) =>
        Regex.IsMatch(request.TrimEnd('/'), $"^{Regex.Replace(operation.TrimEnd('/'), @"\{\w+\}", "[^/]+")}$");

    [GeneratedRegex(@"^[^\n]*\n(?:# @name (?<name>\w+)\n)?(?<method>[A-Z]+) (?<address>\S+)\n?(?<headers>(?:[\w-]+: [^\n]*\n?)*)(?<body>.*)$", RegexOptions.Singleline)]
    private static partial Regex Request();

    [GeneratedRegex(@"^([\w-]+): ([^\n]*)$", RegexOptions.Multiline)]
    private static partial Regex Header();

    [GeneratedRegex(@"^Content-Type: (\S+)", RegexOptions.Multiline)]
    private static partial Regex ContentType();

    [GeneratedRegex(@"\{\{(\w+)\.response\.body\.\$\.(\w+)\}\}")]
    private static partial Regex Variable();
}
