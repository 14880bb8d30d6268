using Conversation.Api.AgentRuntimes;
using Conversation.Data.Runs;

namespace Conversation.Api.Langflow;

/// <summary>
/// <c>POST /api/v1/run/{flow}?stream=true</c>, which every 1.x server has. It knows no job and no repeat: a connection that is lost is
/// an answer that is lost, and cutting it is the only way to stop the flow.
/// </summary>
internal sealed class RunApi(LangflowHttp http, LangflowOptions options, ILogger<RunApi> logger) : ILangflowApi
{
    public async Task<ILangflowAnswer> OpenAsync(LangflowAsk ask, CancellationToken token)
    {
        using var request = LangflowHttp.Request(
            HttpMethod.Post,
            $"api/v1/run/{ask.Flow}?stream=true",
            ask.Key,
            // Flat, and only fields of every version: a field of the wrong type runs the flow without any input from 1.6.4 on.
            new
            {
                input_value = ask.Context.Question,
                input_type = "chat",
                output_type = "chat",
                session_id = ask.Context.SessionId,
            });
        var response = await http.SendAsync(request, token);
        return new Answer(await EventStream.OpenAsync(response, options.LongestLine, lastId: null, isFirst: true, logger, token));
    }

    private sealed class Answer(EventStream events) : ILangflowAnswer
    {
        private readonly AnswerAccumulator _answer = new();

        public async Task<bool> NextAsync(List<AgentOutput> said, CancellationToken token)
        {
            if (!await events.NextAsync(_answer, said, token) || _answer.HasFailed)
            {
                throw Failure();
            }

            if (_answer.HasEnded)
            {
                _answer.Finish(text: null, said);
            }

            return !_answer.HasEnded;
        }

        public Task<string> StopAsync() => Task.FromResult(CancelOutcome.Unconfirmed);

        public ValueTask DisposeAsync() => events.DisposeAsync();

        /// <summary>Until 1.7 the silent end is how every failure of a flow looks.</summary>
        private AgentRuntimeException Failure()
        {
            if (_answer.Failure is null && events.Broken is { } broken)
            {
                return new AgentRuntimeException(
                    LangflowErrors.Unavailable, "The connection to Langflow was lost in the middle of the answer.", broken);
            }

            return new AgentRuntimeException(LangflowErrors.FlowFailed, _answer.Failure ?? ErrorText.Clean(null));
        }
    }
}
