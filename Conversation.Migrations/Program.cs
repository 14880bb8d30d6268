using System.CommandLine;
using Conversation.Migrations.Cli;

var line = ManageCommand.Build().Parse(args);
// After Ctrl+C a private server has to stop; by default the process would be ended after two seconds.
var exitCode = await line.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
return line.Errors.Count == 0 ? exitCode : ExitCodes.Usage;
