using Conversation.Api.Auth;
using Conversation.Api.Configuration;
using Microsoft.Extensions.FileProviders;

namespace Conversation.Api.Spa;

/// <summary>What the chat page must know before its first request.</summary>
/// <param name="Root">The path before every route of the API.</param>
/// <param name="Development">True where the service hands out tokens.</param>
/// <param name="Libraries">True where the build could bring the page's libraries from npm.</param>
internal sealed record PageSettings(string Root, bool Development, bool Libraries)
{
    private static readonly string[] Needed = ["lib/signalr.js", "lib/markdown-it.js"];

    public static PageSettings Of(ServiceSettings settings, TokenKeys keys, IFileProvider files) =>
        new(settings.RootPath, keys.HandsOut, Array.TrueForAll(Needed, file => files.GetFileInfo(file).Exists));
}
