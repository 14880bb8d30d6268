using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Conversation.Api.Errors;

/// <summary>What MVC found wrong while binding: 422 with an entry per field, as the legacy service answered.</summary>
internal static class InvalidRequest
{
    public static IActionResult Respond(ActionContext context)
    {
        var tooLarge = context.ModelState.Values
            .SelectMany(entry => entry.Errors)
            .Select(error => error.Exception)
            .OfType<BadHttpRequestException>()
            .FirstOrDefault();
        if (tooLarge is not null)
        {
            throw tooLarge;
        }

        var errors = context.ModelState
            .Where(entry => entry.Value is { ValidationState: ModelValidationState.Invalid })
            .ToDictionary(entry => FieldName(entry.Key), entry => entry.Value!.Errors.Select(Message).ToArray());
        // MVC adds that the body is required whenever it could not be read; the reason why it could not says more.
        if (errors.Count > 1)
        {
            errors.Remove("request");
        }

        var first = errors.First();
        throw new InvalidRequestException($"{first.Key}: {first.Value[0]}", errors);
    }

    private static string FieldName(string key)
    {
        var name = key.TrimStart('$', '.');
        return name.Length == 0 ? "body" : JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
    }

    private static string Message(ModelError error) =>
        error.Exception is JsonException json ? Readable(json.Message) : Readable(error.ErrorMessage);

    /// <summary>The reader's messages end in a path and position in its own notation; what stands before is for people.</summary>
    public static string Readable(string message)
    {
        if (message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
        {
            return "The value is of the wrong type.";
        }

        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        return end > 0 ? message[..end] : message;
    }
}
