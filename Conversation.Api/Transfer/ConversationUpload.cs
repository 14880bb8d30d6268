using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Conversation.Api.Errors;

namespace Conversation.Api.Transfer;

/// <summary>
/// The lines of an export that came back, checked one by one. What breaks a rule is refused with the number of its line: 422.
/// </summary>
internal sealed class ConversationUpload(Stream body, CancellationToken token) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<TransferLine?> _lines = JsonSerializer
        .DeserializeAsyncEnumerable<TransferLine>(body, topLevelValues: true, TransferJson.Options, token)
        .GetAsyncEnumerator(token);

    private int _line;

    public ValueTask DisposeAsync() => _lines.DisposeAsync();

    public async Task<ConversationLine> ReadConversationAsync() =>
        await NextAsync() as ConversationLine ?? throw Invalid("must be of type conversation: it is the first line of an export");

    /// <summary>All messages; it ends with the end line, and is refused where that is not there.</summary>
    /// <param name="cancellation">Ends the reading.</param>
    public async IAsyncEnumerable<MessageLine> ReadMessagesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var count = 0L; ; count++)
        {
            cancellation.ThrowIfCancellationRequested();
            switch (await NextAsync())
            {
                case MessageLine message:
                    yield return message;
                    break;
                case EndLine { Messages: var said }:
                    if (said != count)
                    {
                        throw Invalid($"says that there are {said} messages, but {count} were read");
                    }

                    if (await NextAsync() is not null)
                    {
                        throw Invalid("follows the end");
                    }

                    yield break;
                case null:
                    throw Invalid("is not there, although the end was not read: the file was cut off");
                default:
                    throw Invalid("must be of type message or end");
            }
        }
    }

    /// <summary>A refusal of the line that was read last.</summary>
    public ServiceException Invalid(string rule) => ServiceException.Invalid($"line {_line}", rule);

    /// <summary>The next line, null after the last one.</summary>
    private async ValueTask<TransferLine?> NextAsync()
    {
        _line++;
        try
        {
            if (!await _lines.MoveNextAsync())
            {
                return null;
            }
        }
        catch (JsonException error)
        {
            // The reader is ahead of what it has handed out.
            _line = (int)(error.LineNumber ?? _line - 1) + 1;
            throw Invalid(InvalidRequest.Readable(error.Message));
        }

        var line = _lines.Current ?? throw Invalid("must be an object");
        var broken = new List<ValidationResult>();
        if (!Validator.TryValidateObject(line, new ValidationContext(line), broken, validateAllProperties: true))
        {
            var field = JsonNamingPolicy.SnakeCaseLower.ConvertName(broken[0].MemberNames.First());
            throw Invalid($"{field}: {broken[0].ErrorMessage}");
        }

        return line;
    }
}
