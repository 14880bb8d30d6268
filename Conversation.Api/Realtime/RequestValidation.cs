using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Conversation.Api.Errors;

namespace Conversation.Api.Realtime;

/// <summary>The rules that MVC checks by itself, for requests that come through other doors.</summary>
internal static class RequestValidation
{
    /// <exception cref="ServiceException">422, naming the first field that breaks a rule.</exception>
    public static void Check(object? request)
    {
        if (request is null)
        {
            throw ServiceException.Invalid("body", "is required");
        }

        var faults = new List<ValidationResult>();
        if (!Validator.TryValidateObject(request, new ValidationContext(request), faults, validateAllProperties: true))
        {
            var field = JsonNamingPolicy.SnakeCaseLower.ConvertName(faults[0].MemberNames.FirstOrDefault() ?? "body");
            throw ServiceException.Invalid(field, faults[0].ErrorMessage ?? "is invalid");
        }
    }
}
