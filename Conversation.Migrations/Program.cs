using Conversation.Migrations.Cli;

var line = ManageCommand.Build().Parse(args);
var exitCode = await line.InvokeAsync();
return line.Errors.Count == 0 ? exitCode : ExitCodes.Usage;
