using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.OpenApi;

/// <summary>Every bound that the document names is kept by the service: what it allows passes, what is just beyond is refused.</summary>
[TestFixture]
internal sealed class OpenApiBoundsTests : ConversationFixture
{
    private static readonly Dictionary<string, string> Bodies = new()
    {
        ["createConversation"] = """{"title":"x"}""",
        ["changeConversation"] = """{"title":"x"}""",
        ["sendMessage"] = """{"role":"system","content":"x"}""",
        ["editMessage"] = """{"content":"x"}""",
        ["repeatRun"] = "{}",
        ["createDevelopmentToken"] = "{}",
    };

    private JsonElement _document;
    private string _message = "";
    private string _run = "";

    [SetUp]
    public async Task ReadAsync()
    {
        _document = await Client.GetAsync("/openapi.json");
        var sent = await Client.SayAsync(ConversationId, "x");
        _message = (await Client.SendAsync(ConversationId, new { role = "system", content = "x" })).GetProperty("id").GetString()!;
        _run = sent.GetProperty("run_id").GetString()!;
    }

    [Test]
    public async Task Bounds_InTheDocument_AreKept()
    {
        var tried = 0;
        var faults = new List<string>();
        foreach (var (path, method, operation) in Operations())
        {
            foreach (var (what, change) in Violations(operation))
            {
                using var request = Request(path, method, operation, change);
                using var response = await Client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                tried++;
                if (response.StatusCode != HttpStatusCode.UnprocessableEntity)
                {
                    faults.Add($"{operation.GetProperty("operationId")}, {what}: {(int)response.StatusCode}");
                }
            }
        }

        Assert.Multiple(() =>
        {
            Assert.That(faults, Is.Empty);
            Assert.That(tried, Is.GreaterThan(40));
        });
    }

    [TestCase("limit=200&after=")]
    [TestCase("limit=1")]
    public async Task Limit_AtItsBounds_Passes(string query) => await Client.GetAsync($"/conversations/?{query}");

    [Test]
    public async Task Title_AtItsBound_Passes() =>
        await Client.CreateConversationAsync(new { title = new string('x', 255) });

    private IEnumerable<(string Path, string Method, JsonElement Operation)> Operations() =>
        from path in _document.GetProperty("paths").EnumerateObject()
        from method in path.Value.EnumerateObject()
        select (path.Name, method.Name, method.Value);

    private IEnumerable<(string What, Change Change)> Violations(JsonElement operation)
    {
        if (operation.TryGetProperty("parameters", out var parameters))
        {
            foreach (var parameter in parameters.EnumerateArray())
            {
                var name = parameter.GetProperty("name").GetString()!;
                foreach (var value in Beyond(parameter.GetProperty("schema")).Where(value => value is not null && value.ToString() != ""))
                {
                    yield return ($"{name}={Short(value)}", new Change(name, Parameter: value!.ToString()));
                }
            }
        }

        // Files have tests of their own.
        if (!operation.TryGetProperty("requestBody", out var body) || !body.GetProperty("content").TryGetProperty("application/json", out var json))
        {
            yield break;
        }

        var reference = json.GetProperty("schema").GetProperty("$ref").GetString()!;
        var schema = _document.GetProperty("components").GetProperty("schemas").GetProperty(reference.Split('/')[^1]);
        foreach (var property in schema.GetProperty("properties").EnumerateObject())
        {
            foreach (var value in Beyond(property.Value))
            {
                yield return ($"{property.Name}: {Short(value)}", new Change(property.Name, Field: value, SetsField: true));
            }
        }

        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Select(one => one.GetString()!))
            {
                yield return ($"without {name}", new Change(name, RemovesField: true));
            }
        }
    }

    /// <summary>Values that the schema forbids, each by a little.</summary>
    private static IEnumerable<JsonNode?> Beyond(JsonElement schema)
    {
        int? Bound(string name) => schema.TryGetProperty(name, out var bound) ? bound.GetInt32() : null;

        var type = schema.GetProperty("type").GetString();
        if (Bound("minimum") is { } minimum)
        {
            yield return minimum - 1;
        }

        if (Bound("maximum") is { } maximum)
        {
            yield return maximum + 1;
        }

        if (Bound("maxLength") is { } longest)
        {
            yield return new string('x', longest + 1);
        }

        if (Bound("minLength") is > 0)
        {
            yield return "";
        }

        if (schema.TryGetProperty("enum", out _) || schema.TryGetProperty("format", out _))
        {
            yield return "nonsense";
        }

        if (!schema.TryGetProperty("nullable", out _))
        {
            yield return null;
        }

        if (type == "object")
        {
            yield return new JsonArray();
        }
        else if (type != "string")
        {
            yield return "text";
        }
    }

    private HttpRequestMessage Request(string path, string method, JsonElement operation, Change change)
    {
        string Value(string name, string usual) => change.Name == name && change.Parameter is { } value ? Uri.EscapeDataString(value) : usual;

        var address = path
            .Replace("{conversationId}", Value("conversationId", ConversationId.ToString()), StringComparison.Ordinal)
            .Replace("{messageId}", Value("messageId", _message), StringComparison.Ordinal)
            .Replace("{runId}", Value("runId", _run), StringComparison.Ordinal);
        var place = operation.TryGetProperty("parameters", out var parameters)
            ? parameters.EnumerateArray().FirstOrDefault(one => one.GetProperty("name").GetString() == change.Name)
            : default;
        var isQuery = place.ValueKind == JsonValueKind.Object && place.GetProperty("in").GetString() == "query";
        var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), isQuery ? $"{address}?{change.Name}={Value(change.Name, "")}" : address);
        if (place.ValueKind == JsonValueKind.Object && place.GetProperty("in").GetString() == "header")
        {
            request.Headers.TryAddWithoutValidation(change.Name, change.Parameter);
        }

        if (Bodies.TryGetValue(operation.GetProperty("operationId").GetString()!, out var usual))
        {
            var body = JsonNode.Parse(usual)!.AsObject();
            if (change.SetsField)
            {
                body[change.Name] = change.Field?.DeepClone();
            }

            if (change.RemovesField)
            {
                body.Remove(change.Name);
            }

            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        return request;
    }

    private static string Short(JsonNode? value) => value?.ToString() is { } text ? text[..Math.Min(text.Length, 12)] : "null";

    private sealed record Change(string Name, string? Parameter = null, JsonNode? Field = null, bool SetsField = false, bool RemovesField = false);
}
