using System.Globalization;

namespace Conversation.Benchmarks;

/// <summary>Processor time of processes by the kernel's account (proc(5), /proc/pid/stat): a server with its children, ended ones included.</summary>
internal sealed class CpuMeter(int[] services, int postmaster)
{
    private const double TicksPerSecond = 100;

    public (double Service, double Postgres, double Driver) Read() =>
        (services.Sum(service => Times(service).Own), Tree(postmaster), Times(Environment.ProcessId).Own);

    private static double Tree(int root)
    {
        var (own, ended, _) = Times(root);
        return own + ended + Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var process) ? process : 0)
            .Where(process => process != 0 && Times(process).Parent == root)
            .Sum(process => Times(process).Own);
    }

    private static (double Own, double Ended, int Parent) Times(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            double Field(int index) => double.Parse(fields[index], CultureInfo.InvariantCulture) / TicksPerSecond;
            return (Field(11) + Field(12), Field(13) + Field(14), int.Parse(fields[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return default;
        }
    }
}
