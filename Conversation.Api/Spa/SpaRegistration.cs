using Conversation.Api.Auth;
using Conversation.Api.Configuration;

namespace Conversation.Api.Spa;

internal static class SpaRegistration
{
    /// <summary>The chat page: static files, what they need to know of this deployment, and what browsers may do with them.</summary>
    public static void UseSpa(this WebApplication app, ServiceSettings settings)
    {
        app.UseMiddleware<BrowserPolicyMiddleware>();
        var keys = app.Services.GetRequiredService<TokenKeys>();
        app.UseMiddleware<PageSettingsMiddleware>(PageSettings.Of(settings, keys, app.Environment.WebRootFileProvider));
        app.UseDefaultFiles();
        app.UseStaticFiles(new StaticFileOptions
        {
            // Modules of two versions must not meet: browsers ask each time, and are mostly told that nothing changed.
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache",
        });
    }
}
