using System.Runtime.CompilerServices;
using System.Text;
using Conversation.Api.Configuration;
using Conversation.Data.Access;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Data.Postgres;

namespace Conversation.Api.Transfer;

/// <summary>Stores a conversation that came as JSON lines: all of it, or, where a line is refused, nothing.</summary>
public sealed class ConversationImport : IDisposable
{
    /// <summary>Each of them holds a connection, and may hold a line as long as the whole body in memory.</summary>
    private const int AtOnce = 2;

    /// <summary>Why an answer ended that was still being made when it was exported.</summary>
    private const string Unfinished = "unfinished";

    private readonly SemaphoreSlim _places = new(AtOnce);
    private readonly ImportBudget _budget = new();

    private readonly ConversationImporter _importer;
    private readonly ServiceSettings _settings;
    private readonly TimeProvider _time;

    internal ConversationImport(ConversationImporter importer, ServiceSettings settings, TimeProvider time)
    {
        _importer = importer;
        _settings = settings;
        _time = time;
    }

    /// <summary>The longest file, in bytes.</summary>
    public long LongestFile => _settings.MaxImportBytes;

    /// <summary>A place for a file that begins to come in; dispose it in the end.</summary>
    /// <param name="caller">Whose it is.</param>
    /// <exception cref="Errors.ServiceException">429: too many are on their way.</exception>
    public IDisposable Begin(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return _budget.Take(caller.Principal);
    }

    /// <inheritdoc />
    public void Dispose() => _places.Dispose();

    /// <summary>Reads and stores it.</summary>
    /// <param name="owner">Whose it will be.</param>
    /// <param name="body">The lines; all of them are here already, so that no slow client holds a connection.</param>
    /// <param name="token">Ends it; nothing is stored.</param>
    public async Task<ConversationRow> ReadAsync(Guid? owner, Stream body, CancellationToken token)
    {
        await _places.WaitAsync(token);
        try
        {
            await using var upload = new ConversationUpload(body, token);
            var first = await upload.ReadConversationAsync();
            CheckSize(upload, "metadata_json", first.MetadataJson?.Text);
            var conversation = new ImportedConversation
            {
                Id = Ids.New(),
                OwnerId = owner,
                Title = first.Title,
                Metadata = first.MetadataJson?.Text,
                Status = first.Status ?? "pending",
                OnBusy = first.OnBusy ?? "enqueue",
                CreatedAt = Utc(first.CreatedAt) ?? Now,
            };
            return await _importer.ImportAsync(conversation, MessagesAsync(upload, token), token);
        }
        finally
        {
            _places.Release();
        }
    }

    private DateTime Now => _time.GetUtcNow().UtcDateTime;

    private async IAsyncEnumerable<ImportedMessage> MessagesAsync(
        ConversationUpload upload, [EnumeratorCancellation] CancellationToken token)
    {
        await foreach (var line in upload.ReadMessagesAsync(token))
        {
            CheckSize(upload, line);
            var wasStreaming = line.Status == MessageStatus.Streaming;
            var createdAt = Utc(line.CreatedAt) ?? Now;
            yield return new ImportedMessage
            {
                Role = line.Role!,
                Content = line.Content!,
                Metadata = line.MetadataJson?.Text,
                Status = wasStreaming ? MessageStatus.Interrupted : line.Status ?? MessageStatus.Stored,
                FinishReason = wasStreaming ? Unfinished : line.FinishReason,
                CreatedAt = createdAt,
                UpdatedAt = Utc(line.UpdatedAt) ?? createdAt,
            };
        }
    }

    /// <summary>Answers may be longer than what clients send.</summary>
    private void CheckSize(ConversationUpload upload, MessageLine line)
    {
        CheckSize(upload, "metadata_json", line.MetadataJson?.Text);
        if (line.Role != MessageRole.Assistant)
        {
            CheckSize(upload, "content", line.Content);
        }
        else if (line.Content!.Length > _settings.MaxAnswerChars)
        {
            throw upload.Invalid($"content: is longer than {_settings.MaxAnswerChars} UTF-16 code units, which is the limit");
        }
    }

    private void CheckSize(ConversationUpload upload, string field, string? text)
    {
        if (text is not null && Encoding.UTF8.GetByteCount(text) > _settings.MaxContentBytes)
        {
            throw upload.Invalid($"{field}: is longer than {_settings.MaxContentBytes} bytes of UTF-8, which is the limit");
        }
    }

    private static DateTime? Utc(DateTime? time) => time is { Kind: DateTimeKind.Unspecified } unspecified
        ? DateTime.SpecifyKind(unspecified, DateTimeKind.Utc)
        : time?.ToUniversalTime();
}
