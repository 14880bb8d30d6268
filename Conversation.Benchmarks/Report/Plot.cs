using System.Globalization;
using System.Text;

namespace Conversation.Benchmarks.Report;

/// <summary>A line over a number that grows tenfold from point to point, as SVG; the vertical axis begins at zero.</summary>
internal static class Plot
{
    private const int Width = 640;
    private const int Height = 320;
    private const int Left = 80;
    private const int Right = 24;
    private const int Top = 40;
    private const int Bottom = 48;

    public static string Draw(string title, string unit, IReadOnlyList<(double X, double Y)> points)
    {
        var highest = Math.Max(points.Max(point => point.Y) * 1.15, double.Epsilon);
        var (first, last) = (Math.Log10(points[0].X), Math.Log10(points[^1].X));
        double X(double x) => Left + ((Width - Left - Right) * (Math.Log10(x) - first) / Math.Max(last - first, 1));
        double Y(double y) => Height - Bottom - ((Height - Top - Bottom) * y / highest);

        var svg = new StringBuilder();
        Line(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="12">""");
        Line(svg, $"""<rect width="{Width}" height="{Height}" fill="white"/>""");
        Line(svg, $"""<text x="{Left}" y="22" font-size="14">{title}</text>""");
        for (var i = 0; i <= 4; i++)
        {
            var value = highest * i / 4;
            Line(svg, $"""<line x1="{Left}" x2="{Width - Right}" y1="{Y(value):F1}" y2="{Y(value):F1}" stroke="#ddd"/>""");
            Line(svg, $"""<text x="{Left - 8}" y="{Y(value) + 4:F1}" text-anchor="end">{value:G3} {unit}</text>""");
        }

        foreach (var (x, _) in points)
        {
            Line(svg, $"""<text x="{X(x):F1}" y="{Height - Bottom + 20}" text-anchor="middle">{x:N0}</text>""");
        }

        var path = string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.X):F1},{Y(point.Y):F1}")));
        Line(svg, $"""<polyline points="{path}" fill="none" stroke="#2563eb" stroke-width="2"/>""");
        foreach (var (x, y) in points)
        {
            Line(svg, $"""<circle cx="{X(x):F1}" cy="{Y(y):F1}" r="4" fill="#2563eb"/>""");
            Line(svg, $"""<text x="{X(x):F1}" y="{Y(y) - 10:F1}" text-anchor="middle">{y:G3}</text>""");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Line(StringBuilder svg, FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
