using System.Globalization;

namespace Conversation.Benchmarks.Report;

/// <summary>A figure that the design wants (section 11), and how to find in the results whether it was reached.</summary>
/// <param name="What">The work.</param>
/// <param name="Reach">What is wanted, in words.</param>
/// <param name="Check">What was measured, beside its yardstick, and whether it is enough; null where it was not measured.</param>
internal sealed record Goal(string What, string Reach, Func<Results, (string Measured, bool Reached)?> Check)
{
    public static IReadOnlyList<Goal> All { get; } =
    [
        new(PostLoad.What, "twice the rate of bare Kestrel's insert per request", results => Compare(
            results, PostLoad.What, (own, bare) => (Text($"{own.PerSecond:F0} a second; bare {bare.PerSecond:F0}"), own.PerSecond >= 2 * bare.PerSecond))),
        new(PostLoad.What, "at most 260 us of CPU, service and PostgreSQL", results => Compare(
            results, PostLoad.What, (own, bare) => (Text($"{own.Cpu:F0} us; bare {bare.Cpu:F0} us"), own.Cpu <= 260))),
        new(PostLoad.What, "p99 under 20 ms", results => Compare(
            results, PostLoad.What, (own, bare) => (Text($"{own.P99:F1} ms; bare {bare.P99:F1} ms"), own.P99 < 20))),
        new(ListLoad.What(10_000), "at least bare Kestrel's rate", results => Compare(
            results,
            ListLoad.What(10_000),
            (own, bare) => (Text($"{own.PerSecond:F0} a second, {own.Cpu:F0} us; bare {bare.PerSecond:F0}, {bare.Cpu:F0} us"), own.PerSecond >= bare.PerSecond))),
        new(ListLoad.What(1_000_000, isKept: false), "the same time within 20 %", results =>
            results.Find(ListLoad.What(10_000, isKept: false), Subject.Service) is { } few
                && results.Find(ListLoad.What(1_000_000, isKept: false), Subject.Service) is { } many
                ? (Text($"p50 {many.P50:F2} ms after {few.P50:F2} ms"), many.P50 <= 1.2 * few.P50)
                : null),
        Frames(1000, 20, p99: 40, cpu: 15),
        Frames(100, 100, p99: 25, cpu: 20),
        new(RunsLoad.What(200), "p50 under 1.4 ms, p99 under 8 ms, all in order", results => results.Find(RunsLoad.What(200), Subject.Service) is { } own
            ? (Text($"p50 {own.P50:F2} ms, p99 {own.P99:F2} ms"), own.P50 < 1.4 && own.P99 < 8)
            : null),
        new(RunsLoad.What(200), "at most 80 us of CPU a chunk, checkpoints included", results => results.Find(RunsLoad.What(200), Subject.Service) is { } own
            ? (Text($"{own.Cpu:F0} us"), own.Cpu <= 80)
            : null),
        // An answer that is not whole, or not in order, ends the measuring itself: the row is there only where none was.
        new(LangflowLoad.What, "the same, with a step of 10 KB a second: p50 under 1.4 ms, p99 under 8 ms, at most 80 us", results =>
            results.Find(LangflowLoad.What, Subject.Service) is { } own
                ? (Text($"p50 {own.P50:F2} ms, p99 {own.P99:F2} ms, {own.Cpu:F0} us"), own.P50 < 1.4 && own.P99 < 8 && own.Cpu <= 80)
                : null),
        new(LangflowLoad.WhatBeside, "the others' p99 grows by at most 5 ms", results =>
            results.Find(LangflowLoad.What, Subject.Service) is { } alone && results.Find(LangflowLoad.WhatBeside, Subject.Service) is { } beside
                ? (Text($"{beside.P99 - alone.P99:F1} ms"), beside.P99 - alone.P99 <= 5)
                : null),
        new("one stalled follower of ten", "the other nine's p99 grows by at most 5 ms", results =>
            Growth(results, Subject.Service) is { } own && Growth(results, Subject.Bare) is { } bare
                ? (Text($"{own:F1} ms; plain SignalR group {bare:F0} ms"), own <= 5)
                : null),
        new(SecondNodeLoad.Events, "p50 under 50 ms", results => results.Find(SecondNodeLoad.Events, Subject.Service) is { } own
            ? (Text($"p50 {own.P50:F1} ms, p99 {own.P99:F1} ms"), own.P50 < 50)
            : null),
        new(SecondNodeLoad.Text, "steps of at most 150 ms", results => results.Find(SecondNodeLoad.Text, Subject.Service, SecondNodeLoad.Step) is { } step
            ? (Text($"the longest {step:F0} ms"), step <= 150)
            : null),
        Idle(IdleLoad.Sockets, kibibytes: 14),
        Idle(IdleLoad.Legacy, kibibytes: 14),
        Idle(IdleLoad.Hubs, kibibytes: 22),
        Silent(IdleLoad.Sockets, "idle, with a heartbeat every ten seconds: no more CPU than Node's"),
        Silent(IdleLoad.Legacy, "silent: no more CPU than Node's"),
        new(IdleLoad.Hubs, "silent: no more CPU than a bare hub's", results =>
            results.Find(IdleLoad.Hubs, Subject.Service, IdleLoad.Cpu) is { } own && results.Find(IdleLoad.Hubs, Subject.Bare, IdleLoad.Cpu) is { } bare
                ? (Text($"{own:F1} % of a core{Yardsticks(results, IdleLoad.Hubs, IdleLoad.Cpu, "%")}"), own <= bare)
                : null),
        new(StartLoad.What, "under 3 s", results => results.Find(StartLoad.What, Subject.Service, StartLoad.Quantity) is { } own
            ? (Text($"{own:F2} s"), own < 3)
            : null),
    ];

    private static Goal Frames(int followers, int perSecond, double p99, double cpu) => new(
        FollowersLoad.What(followers, perSecond), Text($"p99 under {p99} ms, at most {cpu} us of CPU a frame"), results => Compare(
            results,
            FollowersLoad.What(followers, perSecond),
            (own, bare) => (
                Text($"p99 {own.P99:F1} ms, {own.Cpu:F1} us; bare {bare.P99:F1} ms, {bare.Cpu:F1} us"), own.P99 < p99 && own.Cpu <= cpu)));

    private static Goal Idle(string what, double kibibytes) => new(what, Text($"at most {kibibytes} KiB each"), results =>
        results.Find(what, Subject.Service, IdleLoad.Memory) is { } own
            ? (Text($"{own:F1} KiB{Yardsticks(results, what, IdleLoad.Memory, "KiB")}"), own <= kibibytes)
            : null);

    private static Goal Silent(string what, string reach) => new(what, reach, results =>
        results.Find(what, Subject.Service, IdleLoad.Cpu) is { } own && results.Find(what, Subject.Node, IdleLoad.Cpu) is { } node
            ? (Text($"{own:F1} % of a core{Yardsticks(results, what, IdleLoad.Cpu, "%")}"), own <= node)
            : null);

    private static string Yardsticks(Results results, string what, string quantity, string unit) => string.Concat(
        new[] { (Subject.Bare, "bare"), (Subject.Node, "Node") }.Select(yardstick =>
            results.Find(what, yardstick.Item1, quantity) is { } value ? Text($"; {yardstick.Item2} {value:F1} {unit}") : ""));

    private static double? Growth(Results results, string subject) =>
        results.Find(GroupLoad.What(1), subject)?.P99 - results.Find(GroupLoad.What(0), subject)?.P99;

    private static (string, bool)? Compare(Results results, string what, Func<Figures, Figures, (string, bool)> compare) =>
        results.Find(what, Subject.Service) is { } own && results.Find(what, Subject.Bare) is { } bare ? compare(own, bare) : null;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
