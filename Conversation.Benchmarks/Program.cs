using System.Globalization;
using Conversation.Benchmarks;
using Conversation.Benchmarks.Report;

return args switch
{
    ["bare", var connectionString, var url] => await BareService.RunAsync(connectionString, url),
    ["fake-langflow", var url] => await LangflowLoad.ServeAsync(url),
    ["soak", var minutes] => await Soak.RunAsync(TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture))),
    ["report"] => await BenchmarkReport.AgainAsync(),
    ["reliability"] => await ReliabilityReport.WriteAsync(),
    [] or [Suite.Everything, ..] => await Suite.RunAsync(args),
    [var part, ..] when Suite.Parts.ContainsKey(part) => await Suite.RunAsync(args),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        $"Usage: dotnet run -c Release --project Conversation.Benchmarks [-- all|{string.Join('|', Suite.Parts.Keys)} [seconds] | report | soak minutes | reliability]");
    return 2;
}
