using Conversation.Benchmarks;

return args switch
{
    ["bare", var connectionString, var url] => await BareService.RunAsync(connectionString, url),
    ["post", ..] or [] => await Suite.RunAsync(args),
    ["followers", ..] or ["list", ..] => await Suite.RunAsync(args),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Usage: dotnet run -c Release --project Conversation.Benchmarks [-- post|list|followers [seconds]]");
    return 2;
}
