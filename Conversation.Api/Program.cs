using Conversation.Api.Hosting;

return await Startup.RunAsync(args);
