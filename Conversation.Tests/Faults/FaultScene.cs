using System.Diagnostics;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Faults;

/// <summary>
/// One row of the fault matrix: two processes on one database, conversations in which people talk at both and agents answer, followers at
/// every door, a fault, and then the question whether everybody has exactly what is stored.
/// </summary>
internal sealed class FaultScene : IAsyncDisposable
{
    private static readonly Door[] AllDoors = Enum.GetValues<Door>();
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Reading = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly FaultPlan _plan;
    private readonly ApiClient[] _clients;
    private readonly List<FaultMember> _members = [];
    private readonly List<ApiClient> _homes = [];
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _left = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Beat _beat;
    private readonly List<(TimeSpan From, TimeSpan To)> _faults = [];
    private TimeSpan _from;
    private Task[] _talking = [];
    private Task[] _seeing = [];
    private Task[] _watching = [];

    private FaultScene(FaultPlan plan, TwoNodes nodes, string connectionString)
    {
        _plan = plan;
        _beat = new Beat(_clock);
        Nodes = nodes;
        ConnectionString = connectionString;
        _clients = [nodes.Client(0), nodes.Client(1)];
    }

    public TwoNodes Nodes { get; }

    /// <summary>The database, by the direct way.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts the traffic, and waits until every follower of every conversation has seen text.</summary>
    /// <param name="plan">How much.</param>
    /// <param name="nodes">The processes; the scene owns them from now on.</param>
    /// <param name="connectionString">The database, by the direct way.</param>
    /// <param name="way">By which address a follower reaches a node, where it is not its own; each follower asks for both.</param>
    public static async Task<FaultScene> StartAsync(
        FaultPlan plan, TwoNodes nodes, string? connectionString = null, Func<int, Uri>? way = null)
    {
        new FaultRow(plan.Row, plan.Form).Forget();
        var scene = new FaultScene(plan, nodes, connectionString ?? nodes.ConnectionString);
        try
        {
            await scene.BeginAsync(way ?? (node => nodes.Nodes[node].Address));
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets the fault happen, as often as the plan wants it, and says what it did.</summary>
    /// <param name="fault">Happens; ends when everything is as before.</param>
    public Task<FaultRow> PlayAsync(Func<Task> fault) => JudgeAsync(async () =>
    {
        do
        {
            Begins();
            await fault();
            _faults.Add((_from, _clock.Elapsed));
            await AnswersGoOnAsync();
        }
        while (IsShort);
    });

    /// <summary>The same for a fault that has already begun, and lasts to the end.</summary>
    public Task<FaultRow> PlayAsync() => JudgeAsync(async () =>
    {
        do
        {
            await AnswersGoOnAsync();
        }
        while (IsShort);
    });

    /// <summary>The fault begins only now; what came before prepared it.</summary>
    public void Begins() => _from = _clock.Elapsed;

    /// <summary>Waits until a node works on runs: a fault that finds none there proves nothing.</summary>
    public async Task WorksAsync(int node)
    {
        for (var patience = Patience.Token;
            (await PrometheusText.ScrapeAsync(Nodes.Nodes[node].Address)).Sum("conversation_runs_active") == 0;
            patience.ThrowIfCancellationRequested())
        {
            await WaitAsync(Task.Delay(Glance, TimeProvider.System, CancellationToken.None));
        }
    }

    /// <summary>Lets everybody come to rest, and then ask one thing at one node, all at once: it has claimed all of their runs.</summary>
    public async Task AskAllAsync(int node)
    {
        _members.ForEach(member => member.Talker.Hold());
        while (!_members.All(member => member.Talker.IsQuiet))
        {
            await WaitAsync(Task.Delay(Glance, TimeProvider.System, CancellationToken.None));
        }

        await WaitAsync(Task.WhenAll(_members.Select(member => member.Talker.AskAtAsync(node))));
    }

    /// <summary>Waits until every conversation's run was claimed and its runtime thinks about its first word.</summary>
    public async Task ThinkAllAsync()
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var running = source.CreateCommand("SELECT count(*) FROM runs WHERE status = 'running'");
        for (var patience = Patience.Token; (long)(await running.ExecuteScalarAsync(patience))! < _members.Count;)
        {
            await WaitAsync(Task.Delay(Glance, TimeProvider.System, CancellationToken.None));
        }

        // Nobody outside can see that a runtime was given what it reads, which takes milliseconds; only that it has not spoken yet.
        await WaitAsync(Task.Delay(Reading, TimeProvider.System, CancellationToken.None));
        await using var said = source.CreateCommand("SELECT count(*) FROM messages WHERE status = 'streaming'");
        Assert.That(await said.ExecuteScalarAsync(Patience.Token), Is.Zero, "A first word came before the fault: the row proves nothing.");
    }

    /// <summary>Everybody talks on.</summary>
    public void Release() => _members.ForEach(member => member.Talker.Release());

    public async ValueTask DisposeAsync()
    {
        _over.TrySetResult();
        await _left.CancelAsync();
        await _beat.DisposeAsync();
        await Nodes.DisposeAsync();
        foreach (var client in _clients.Concat(_homes))
        {
            client.Dispose();
        }
    }

    private bool IsShort => _members.Sum(member => member.Talker.Runs) * (long)_plan.Pieces < _plan.Chunks;

    /// <summary>What goes wrong on the way is the row's outcome too: an older file of it would say that it passed.</summary>
    private async Task<FaultRow> JudgeAsync(Func<Task> play)
    {
        try
        {
            await play();
            return await EndAsync();
        }
        catch (Exception error)
        {
            await new FaultRow(_plan.Row, _plan.Form) { Faults = _faults.Count, Wrong = [error.Message] }.WriteAsync();
            throw;
        }
    }

    private async Task BeginAsync(Func<int, Uri> way)
    {
        for (var i = 0; i < _plan.Conversations; i++)
        {
            var conversation = await _clients[i % 2].CreateConversationAsync(new { metadata_json = _plan.Metadata(i) });
            var first = _plan.FollowersAt ?? i % 2;
            _members.Add(new FaultMember(conversation, i, _clients, () => Homes(first, 1 - first), AllDoors, _plan, _clock));
        }

        ApiClient[] Homes(params int[] order)
        {
            var homes = order.Select(node => new ApiClient(way(node), _clients[0].Token)).ToArray();
            _homes.AddRange(homes);
            return homes;
        }

        _seeing = [.. _members.SelectMany(member => member.Followers.Select(follower => follower.SeeAsync(IsEnd, _left.Token)))];
        _watching = [.. _members.Select(member => member.Legacy.WatchAsync(_left.Token))];
        _talking = [.. _members.SelectMany(member => member.Talker.Talk(_over.Task))];
        await WaitAsync(Task.WhenAll(_members.SelectMany(member => member.Followers).Select(follower => follower.Began.Task)));
    }

    /// <summary>After the fault every conversation gets two answers more.</summary>
    private async Task AnswersGoOnAsync()
    {
        var before = _members.Select(member => member.Talker.Runs).ToArray();
        var since = _clock.Elapsed;
        while (_members.Where((member, i) => member.Talker.Runs < before[i] + 2).Any())
        {
            Assert.That(_clock.Elapsed - since, Is.LessThan(Limit), "Answers do not go on.");
            await WaitAsync(Task.Delay(Glance, TimeProvider.System, CancellationToken.None));
        }
    }

    /// <summary>Waits, unless something has failed meanwhile, which everybody would wait for in vain.</summary>
    private async Task WaitAsync(Task task)
    {
        var failed = _talking.Concat(_seeing).FirstOrDefault(one => one.IsFaulted);
        if (failed is null)
        {
            var first = await Task.WhenAny([task, .. _talking, .. _seeing]).WaitAsync(Limit, TimeProvider.System);
            failed = first.IsFaulted ? first : null;
        }

        await (failed ?? task).WaitAsync(Limit, TimeProvider.System);
    }

    private async Task<FaultRow> EndAsync()
    {
        _over.SetResult();
        await Task.WhenAll(_talking).WaitAsync(Limit, TimeProvider.System);
        await Task.WhenAll(_members.Select(member => member.Talker.SayEndAsync())).WaitAsync(Limit, TimeProvider.System);
        await Task.WhenAll(_seeing).WaitAsync(Limit, TimeProvider.System);
        await _left.CancelAsync();
        await Task.WhenAll(_watching).WaitAsync(Limit, TimeProvider.System);
        return await new FaultVerdict(_plan, _members, ConnectionString, _beat).JudgeAsync(_faults, _clock.Elapsed);
    }

    private static bool IsEnd(JsonElement frame) => LegacyClient.TypeOf(frame) == "message.created"
        && frame.GetProperty("message").GetProperty("content").GetString() == FaultTalker.End;
}
