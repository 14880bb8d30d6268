using System.Net;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Configuration;
using Conversation.Api.Machines;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Conversation.Api.Langflow;

internal static class LangflowRegistration
{
    /// <summary>Before the runtimes, because it says which one is the default. Adds nothing without LANGFLOW_RUNTIME_URL.</summary>
    public static IServiceCollection AddLangflow(this IServiceCollection services, ServiceSettings settings)
    {
        if (settings.LangflowApi is not (LangflowApis.Auto or LangflowApis.Run or LangflowApis.Workflows))
        {
            throw new SettingsException("CONVERSATION_SERVICE_LANGFLOW_API", "must be auto, run or workflows");
        }

        if (settings.LangflowRuntimeUrl is not { } url)
        {
            return services;
        }

        services.TryAddSingleton(new LangflowOptions
        {
            Address = Root(url),
            ApiKey = Key(settings.LangflowApiKey),
            DefaultFlow = Flow(settings.DefaultFlowId),
            Provisioner = settings.AgentRuntimeServiceUrl is { } service ? Provision(service) : null,
            Api = settings.LangflowApi,
            Simulate = !settings.IsProduction,
        });
        services.TryAddSingleton(new AgentRuntimeOptions { Default = LangflowRuntime.RuntimeName });
        services.TryAddSingleton<CircuitBreakerStateProvider>();
        services.TryAddSingleton<MachineTokenSource>(
            provider => provider.GetService<MachineTokens>() is { } tokens ? tokens.GetAsync : static _ => Task.FromResult<string?>(null));
        if (services.All(service => service.ServiceType != typeof(LangflowHttp)))
        {
            services.AddClients();
        }

        services.TryAddSingleton<LangflowHttp>();
        services.TryAddSingleton<LangflowKeys>();
        services.TryAddSingleton<LangflowState>();
        services.TryAddSingleton<FlowProvisioner>();
        services.TryAddSingleton<FlowChooser>();
        services.TryAddSingleton<WorkflowJobs>();
        services.TryAddSingleton<RunApi>();
        services.TryAddSingleton<WorkflowsApi>();
        services.TryAddSingleton<ApiChoice>();
        services.TryAddSingleton<LangflowOpener>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAgentRuntime, LangflowRuntime>(provider => new LangflowRuntime(
            provider.GetRequiredService<LangflowOpener>(),
            provider.GetRequiredService<LangflowState>(),
            provider.GetRequiredService<LangflowOptions>(),
            ActivatorUtilities.CreateInstance<SimulatedRuntime>(provider))));
        return services;
    }

    /// <summary>The factory's own logs are left out: they would write every address, and headers at their lowest level.</summary>
    private static void AddClients(this IServiceCollection services)
    {
        var client = services.AddHttpClient(LangflowHttp.ClientName)
            .RemoveAllLoggers()
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .ConfigureHttpClient((provider, client) =>
            {
                client.BaseAddress = provider.GetRequiredService<LangflowOptions>().Address;
                // A flow may think for minutes; runs have time-outs of their own.
                client.Timeout = Timeout.InfiniteTimeSpan;
            })
            .UseSocketsHttpHandler((handler, _) => Configure(handler));
        client.AddResilienceHandler(LangflowHttp.ClientName, (pipeline, context) => Configure(
            pipeline,
            context.ServiceProvider.GetRequiredService<LangflowOptions>(),
            context.ServiceProvider.GetRequiredService<CircuitBreakerStateProvider>(),
            context.ServiceProvider.GetRequiredService<TimeProvider>()));
        // Within the other one, so that a body that does not come is tried again, and counts.
        client.AddHttpMessageHandler(provider => new DocumentHandler(
            provider.GetRequiredService<LangflowOptions>(), provider.GetRequiredService<TimeProvider>()));
        services.AddHttpClient(FlowProvisioner.ClientName)
            .RemoveAllLoggers()
            .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan)
            .UseSocketsHttpHandler((handler, _) => Configure(handler));
    }

    private static void Configure(SocketsHttpHandler handler)
    {
        // auto_login sets a cookie by which every later call would be logged in; a redirect would lose the credential.
        handler.UseCookies = false;
        handler.AllowAutoRedirect = false;
        // The list of flows is compressed whether that was asked for or not.
        handler.AutomaticDecompression = DecompressionMethods.GZip;
        handler.ConnectTimeout = TimeSpan.FromSeconds(5);
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
        // A stream that is let go of is cut at once: that is what stops the flow.
        handler.MaxResponseDrainSize = 0;
    }

    /// <summary>Only what may be repeated is repeated: a run that was begun twice would answer twice.</summary>
    private static void Configure(
        ResiliencePipelineBuilder<HttpResponseMessage> pipeline,
        LangflowOptions options,
        CircuitBreakerStateProvider state,
        TimeProvider time)
    {
        pipeline.TimeProvider = time;
        pipeline.AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
        {
            ShouldHandle = Failed,
            FailureRatio = 0.5,
            MinimumThroughput = options.BreakAfter,
            SamplingDuration = TimeSpan.FromSeconds(30),
            BreakDuration = options.BreakFor,
            StateProvider = state,
        });
        var retry = new HttpRetryStrategyOptions
        {
            ShouldHandle = args => Failed(args.Outcome),
            MaxRetryAttempts = 2,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.RetryPause,
            // A proxy may ask for an hour, and whoever waits here is a person.
            ShouldRetryAfterHeader = false,
        };
        retry.DisableForUnsafeHttpMethods();
        pipeline.AddRetry(retry);
        pipeline.AddTimeout(new TimeoutStrategyOptions
        {
            TimeoutGenerator = args => ValueTask.FromResult(
                args.Context.GetRequestMessage() is { } request && LangflowHttp.IsLimited(request)
                    ? options.Patience
                    : Timeout.InfiniteTimeSpan),
        });
    }

    private static ValueTask<bool> Failed(CircuitBreakerPredicateArguments<HttpResponseMessage> args) => Failed(args.Outcome);

    /// <summary>No answer, or one from a proxy that has none. A status of 500 is a flow's own failure.</summary>
    private static ValueTask<bool> Failed(Outcome<HttpResponseMessage> outcome) => ValueTask.FromResult(
        outcome.Exception is HttpRequestException or TimeoutRejectedException
        || outcome.Result?.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout);

    /// <summary>A secret from a file ends in a line break, and one that no header can hold would fail every run.</summary>
    private static string? Key(string? given) => given?.Trim() switch
    {
        null or "" => null,
        var key when key.All(sign => sign is >= ' ' and <= '~') => key,
        _ => throw new SettingsException("LANGFLOW_API_KEY", "must be one line of printable ASCII, as Langflow shows its keys"),
    };

    private static string? Flow(string? given) => given?.Trim() switch
    {
        null or "" => null,
        var flow when LangflowOpener.IsFlowName(flow) => flow,
        _ => throw new SettingsException(
            "CONVERSATION_SERVICE_DEFAULT_FLOW_ID", "must be a flow's id, or the name of its endpoint: letters, digits, - and _ only"),
    };

    private static Uri Root(Uri url) => new($"{Without(Without(url.AbsoluteUri.TrimEnd('/'), "/api/v1"), "/api")}/");

    /// <summary>That service's address is given with and without its root path.</summary>
    private static Uri Provision(Uri service)
    {
        var root = service.AbsoluteUri.TrimEnd('/');
        var path = root.EndsWith("/api", StringComparison.Ordinal) || root.EndsWith("/api/v1", StringComparison.Ordinal)
            ? "/agents/provision"
            : "/api/v1/agents/provision";
        return new Uri(root + path);
    }

    private static string Without(string url, string end) => url.EndsWith(end, StringComparison.Ordinal) ? url[..^end.Length] : url;
}
