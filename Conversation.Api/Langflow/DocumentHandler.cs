using Polly.Timeout;

namespace Conversation.Api.Langflow;

/// <summary>
/// Reads replies that are documents before they are handed on, in limited time, and within what repeats calls and counts failures: a body
/// that does not come is a reply that does not come. Streams are left alone: they may be silent for as long as their run may be.
/// </summary>
internal sealed class DocumentHandler(LangflowOptions options, TimeProvider time) : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<bool> Wanted = new("langflow-document");

    /// <summary>Says that the reply is to be a document.</summary>
    public static void Want(HttpRequestMessage request) => request.Options.Set(Wanted, true);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        var isSuccess = LangflowHttp.IsSuccess(response);
        if (isSuccess && !request.Options.TryGetValue(Wanted, out _))
        {
            return response;
        }

        using var patience = new CancellationTokenSource(options.Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await (isSuccess ? response.Content.LoadIntoBufferAsync(either.Token) : KeepHeadAsync(response, either.Token));
            return response;
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            response.Dispose();
            throw new TimeoutRejectedException("The body of Langflow's reply did not come in time.", options.Patience, error);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>A complaint is a document whatever was asked for, and no more of it is kept than is looked at.</summary>
    private static async Task KeepHeadAsync(HttpResponseMessage response, CancellationToken token)
    {
        using var whole = response.Content;
        response.Content = new ByteArrayContent(await LangflowHttp.HeadAsync(response, token))
        {
            Headers = { ContentType = whole.Headers.ContentType },
        };
    }
}
