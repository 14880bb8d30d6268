using Conversation.Api.Auth;
using Conversation.Api.Configuration;
using Conversation.Api.Wire;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApplicationModels;
using Microsoft.AspNetCore.Mvc.Formatters;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.ModelBinding.Metadata;

namespace Conversation.Api.Hosting;

internal static class ApiControllers
{
    public static IServiceCollection AddApiControllers(this IServiceCollection services, ServiceSettings settings)
    {
        services
            .AddControllers(mvc =>
            {
                mvc.Conventions.Add(new RootPathConvention(settings.RootPath));
                mvc.SuppressAsyncSuffixInActionNames = false;
                OnlyJson(mvc);
                NoForms(mvc);
                RepeatNoValues(mvc.ModelBindingMessageProvider);
            })
            .AddJsonOptions(json => WireJson.Configure(json.JsonSerializerOptions));
        services.AddOptions<MvcOptions>().Configure<TokenKeys>(
            (mvc, keys) => mvc.Conventions.Add(new DevelopmentOnlyConvention(keys)));
        return services;
    }

    private static void OnlyJson(MvcOptions mvc)
    {
        mvc.OutputFormatters.RemoveType<StringOutputFormatter>();
        foreach (var formatter in mvc.OutputFormatters.OfType<SystemTextJsonOutputFormatter>())
        {
            formatter.SupportedMediaTypes.Remove("text/json");
        }

        foreach (var formatter in mvc.InputFormatters.OfType<SystemTextJsonInputFormatter>())
        {
            formatter.SupportedMediaTypes.Remove("text/json");
        }
    }

    /// <summary>Nothing here is a form, and to ask of each request three times whether it is one takes 2 % of what a POST costs the service.</summary>
    private static void NoForms(MvcOptions mvc)
    {
        mvc.ValueProviderFactories.RemoveType<FormValueProviderFactory>();
        mvc.ValueProviderFactories.RemoveType<JQueryFormValueProviderFactory>();
        mvc.ValueProviderFactories.RemoveType<FormFileValueProviderFactory>();
    }

    /// <summary>What was sent may be secret: a token in the wrong place, say.</summary>
    private static void RepeatNoValues(DefaultModelBindingMessageProvider messages)
    {
        messages.SetAttemptedValueIsInvalidAccessor((_, _) => "The value is not valid.");
        messages.SetNonPropertyAttemptedValueIsInvalidAccessor(_ => "The value is not valid.");
        messages.SetValueIsInvalidAccessor(_ => "The value is not valid.");
    }

    /// <summary>Puts CONVERSATION_SERVICE_ROOT_PATH before every controller's route.</summary>
    private sealed class RootPathConvention(string root) : IApplicationModelConvention
    {
        public void Apply(ApplicationModel application)
        {
            var prefix = new AttributeRouteModel(new RouteAttribute(root.TrimStart('/')));
            foreach (var selector in application.Controllers.SelectMany(Selectors))
            {
                selector.AttributeRouteModel = AttributeRouteModel.CombineAttributeRouteModel(prefix, selector.AttributeRouteModel);
            }
        }

        private static IEnumerable<SelectorModel> Selectors(ControllerModel controller) =>
            controller.Selectors.Any(selector => selector.AttributeRouteModel is not null)
                ? controller.Selectors
                : controller.Actions.SelectMany(action => action.Selectors);
    }
}
