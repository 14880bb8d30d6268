using Conversation.Migrations.Cli;

return await ManageCommand.Build().Parse(args).InvokeAsync();
