using System.Text.Json;

namespace Conversation.Tests.Langflow;

/// <summary>Langflow's events as a version writes them: ASCII JSON, one object a line.</summary>
internal sealed class FakeEvents(LangflowProfile profile, string session)
{
    public string User(string text) => Message("user-1", text, sender: "User");

    public string Message(
        string id, string text, string sender = "Machine", bool partial = false, object[]? tools = null, bool error = false, object? usage = null)
    {
        var message = new Dictionary<string, object?>
        {
            ["timestamp"] = "2025-03-03T17:20:18",
            ["sender"] = sender,
            ["sender_name"] = sender == "User" ? "User" : "AI",
            ["session_id"] = session,
            ["text"] = text,
            ["files"] = Array.Empty<object>(),
            ["error"] = error,
            ["edit"] = false,
            ["properties"] = new { state = partial ? "partial" : "complete", source = new { id = (string?)null }, usage },
            ["category"] = error ? "error" : "message",
            ["content_blocks"] = tools is null ? Array.Empty<object>() : [new { title = "Agent Steps", contents = tools, allow_markdown = true }],
            ["id"] = id,
            ["flow_id"] = FakeLangflow.FirstFlow,
        };
        if (profile.NestsData)
        {
            message["data"] = new Dictionary<string, object?>(message);
        }

        return Event("add_message", message);
    }

    public string Token(string id, string chunk) => profile.StampsTokens
        ? Event("token", new { chunk, id, timestamp = "2025-03-03 17:20:18 UTC" })
        : Event("token", new { chunk, id });

    /// <summary>The end, with one output for each text; <paramref name="padding"/> makes it long.</summary>
    public string End(string padding, params (string Id, string Text)[] outputs) => Event("end", new { result = Result(padding, outputs) });

    public string End(params (string Id, string Text)[] outputs) => End("", outputs);

    public object Result(string padding, params (string Id, string Text)[] outputs) => new
    {
        session_id = session,
        outputs = new[]
        {
            new { inputs = new { input_value = "hi" }, outputs = outputs.Select(output => Output(padding, output.Id, output.Text)).ToArray() },
        },
    };

    /// <summary>The first shape of an error: a message that is one.</summary>
    public static string ErrorMessage(string text) => Event("error", new
    {
        text,
        error = true,
        category = "error",
        sender = "OpenAI",
        id = "err-1",
        content_blocks = new[]
        {
            new
            {
                title = "Error",
                contents = new[] { new { type = "error", component = "OpenAI", reason = "**AuthenticationError**", traceback = "Traceback (most recent call last): s3cret" } },
            },
        },
    });

    /// <summary>The second shape: a text.</summary>
    public static string ErrorText(string error) => Event("error", new { error });

    public static object Tool(string name, object input, object? output = null, string? error = null) => new
    {
        type = "tool_use",
        name,
        tool_input = input,
        output,
        error,
        duration = 12,
        header = new { title = output is null ? $"Accessing **{name}**" : $"Executed **{name}**", icon = "Hammer" },
    };

    public static string Event(string name, object data) => JsonSerializer.Serialize(new { @event = name, data });

    private object Output(string padding, string id, string text) => new
    {
        results = new
        {
            message = new
            {
                text_key = "text",
                data = new { text, sender = "Machine", session_id = session, id, error = false },
                text,
                sender = "Machine",
            },
        },
        artifacts = new { message = text.Replace("\n", "\n\n", StringComparison.Ordinal), sender = "Machine" },
        outputs = new { message = new { message = text, type = "text" } },
        messages = new[] { new { message = text.Replace("\n", "\n\n", StringComparison.Ordinal), component_id = $"ChatOutput-{id}" } },
        logs = new { message = padding },
        component_display_name = "Chat Output",
        component_id = $"ChatOutput-{id}",
    };
}
