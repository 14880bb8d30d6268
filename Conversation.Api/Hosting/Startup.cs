using Conversation.Api.Configuration;
using Conversation.Data.EmbeddedPostgres;
using Microsoft.Extensions.Configuration.Memory;

namespace Conversation.Api.Hosting;

/// <summary>Runs the service from its start to its end. What can be mended by the operator is said in one line, not in a trace.</summary>
internal static class Startup
{
    private const string DefaultUrl = "http://localhost:8005";

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var builder = WebApplication.CreateBuilder(args);
            var file = EnvFile.Open();
            // First in the list: whatever else says something counts more.
            builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = file.Values! });
            var settings = SettingsReader.Read(builder.Configuration, file);
            if (string.IsNullOrEmpty(builder.Configuration["urls"]))
            {
                builder.WebHost.UseUrls(DefaultUrl);
            }

            await using var database = await ServiceDatabase.StartAsync(settings, builder.Environment.ContentRootPath, CancellationToken.None);
            await using var app = builder.AddConversation(settings, database).Build();
            await app.UseConversation().RunAsync();
            return 0;
        }
        catch (Exception error) when (error is SettingsException or EmbeddedPostgresException or FormatException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }
}
