using System.Globalization;
using System.Text.RegularExpressions;

namespace Conversation.Tests.Infrastructure;

/// <summary>A scrape, parsed by the rules of the text format (prometheus.io, exposition formats 0.0.4); any other line is a fault.</summary>
internal sealed partial class PrometheusText
{
    private readonly Dictionary<string, string> _types = [];
    private readonly List<(string Name, Dictionary<string, string> Labels, double Value)> _samples = [];

    public IReadOnlyDictionary<string, string> Types => _types;

    public static async Task<PrometheusText> ScrapeAsync(Uri address)
    {
        using var http = new HttpClient { Timeout = Patience.Limit };
        return Parse(await http.GetStringAsync(new Uri(address, "/metrics")));
    }

    public static PrometheusText Parse(string text)
    {
        var parsed = new PrometheusText();
        foreach (var line in text.Split('\n').Where(line => line.Length > 0))
        {
            if (TypeLine().Match(line) is { Success: true } type)
            {
                parsed._types[type.Groups[1].Value] = type.Groups[2].Value;
            }
            else if (!line.StartsWith("# HELP ", StringComparison.Ordinal) && !line.StartsWith("# UNIT ", StringComparison.Ordinal) && line != "# EOF")
            {
                parsed.Add(line);
            }
        }

        return parsed;
    }

    /// <summary>The sum of the samples of a name whose labels fit.</summary>
    public double Sum(string name, params (string Label, string Value)[] labels) => _samples
        .Where(sample => sample.Name == name && labels.All(label => sample.Labels.GetValueOrDefault(label.Label) == label.Value))
        .Sum(sample => sample.Value);

    /// <summary>The samples of a name.</summary>
    public IEnumerable<double> Values(string name) => _samples.Where(sample => sample.Name == name).Select(sample => sample.Value);

    /// <summary>The values of a label of a name's samples.</summary>
    public IEnumerable<string> Labels(string name, string label) =>
        _samples.Where(sample => sample.Name == name).Select(sample => sample.Labels.GetValueOrDefault(label, "")).Distinct();

    private void Add(string line)
    {
        var match = SampleLine().Match(line);
        Assert.That(match.Success, $"This is no sample: {line}");
        var labels = LabelPair().Matches(match.Groups[2].Value).ToDictionary(pair => pair.Groups[1].Value, pair => pair.Groups[2].Value);
        var value = match.Groups[3].Value switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            var number => double.Parse(number, CultureInfo.InvariantCulture),
        };
        _samples.Add((match.Groups[1].Value, labels, value));
    }

    [GeneratedRegex(@"^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$")]
    private static partial Regex SampleLine();

    [GeneratedRegex("""([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?""")]
    private static partial Regex LabelPair();
}
