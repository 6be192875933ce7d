using System.Collections.Concurrent;
using System.Data.Common;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Tests.Support;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests.Store;

public sealed class WriteQueueTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Operations_that_wait_together_are_one_commit(string engine)
    {
        var points = new CountingPoints();
        await using var rig = KernelRig.Empty(engine);
        var kernel = await rig.On(rig.OpenEngine(), points);
        using var hold = new ManualResetEventSlim();
        var first = Blocked(kernel, hold);
        var rest = Enumerable.Range(0, 40).Select(i => kernel.Queue.Write<int>("many", Origin.System, _ => i)).ToList();
        points.Commits.Clear();
        hold.Set();
        Assert.Equal(Enumerable.Range(0, 40), (await Task.WhenAll(rest)).Select(outcome => outcome.Value));
        await first;
        Assert.Equal(["after commit of first", "before commit of many", "after commit of many"], points.Commits);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task After_commit_actions_run_in_order_for_what_stands_only_and_see_the_commit(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        var seen = new ConcurrentQueue<string>();
        using var hold = new ManualResetEventSlim();
        var first = Blocked(rig.Kernel, hold);
        var writes = Enumerable.Range(0, 20).Select(i => rig.Kernel.Queue.Write<Done>("row", Origin.System, tx =>
        {
            tx.Execute("INSERT INTO cloud (name, value) VALUES (@name, 'x')", new { name = $"n{i}" });
            tx.AfterCommit(() => seen.Enqueue($"n{i} {rig.Kernel.Database.Read(s => s.Scalar<string>("SELECT value FROM cloud WHERE name = @name", new { name = $"n{i}" }))}"));
            return i % 4 == 3 ? new Fault.Conflict("no") : Done.Value;
        })).ToList();
        hold.Set();
        await Task.WhenAll(writes);
        await first;
        Assert.Equal(Enumerable.Range(0, 20).Where(i => i % 4 != 3).Select(i => $"n{i} x"), seen);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_group_that_met_a_passing_failure_runs_again_and_takes_effect_once(string engine)
    {
        await using var rig = KernelRig.Empty(engine);
        var flaky = new EngineWithTrouble(rig.OpenEngine()) { Transient = error => error.Message.Contains("no_such_table", StringComparison.Ordinal) };
        var kernel = await rig.On(flaky, new NoCrashPoints());
        var (runs, after) = (0, 0);
        var outcome = await kernel.Queue.Write<int>("again", Origin.System, tx =>
        {
            tx.Execute("INSERT INTO cloud (name, value) VALUES ('once', '')");
            tx.Record("thing", "id", "project-a", Change.Created, [], TestJson.Default.DictionaryStringString);
            tx.AfterCommit(() => after++);
            if (++runs < 3) tx.Execute("INSERT INTO no_such_table VALUES (1)");
            return runs;
        });
        Assert.Equal((3, 3, 1), (outcome.Value, runs, after));
        Assert.Equal(1, kernel.Database.Read(s => s.Scalar<long>("SELECT COUNT(*) FROM cloud WHERE name = 'once'")));
        Assert.Equal(1, kernel.Journal.Head().Sequence);
        Assert.Empty(kernel.Journal.Verify());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_failure_that_does_not_pass_is_given_up_and_the_queue_works_on(string engine)
    {
        await using var rig = KernelRig.Empty(engine);
        var flaky = new EngineWithTrouble(rig.OpenEngine()) { Transient = error => error.Message.Contains("no_such_table", StringComparison.Ordinal) };
        var kernel = await rig.On(flaky, new NoCrashPoints());
        var runs = 0;
        await Assert.ThrowsAnyAsync<DbException>(() => kernel.Queue.Write<Done>("never", Origin.System, tx =>
        {
            runs++;
            tx.Execute("INSERT INTO no_such_table VALUES (1)");
            return Done.Value;
        }));
        Assert.InRange(runs, 2, 20);
        Assert.Equal(7, (await kernel.Queue.Write<int>("next", Origin.System, _ => 7)).Value);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_exception_of_one_body_reaches_its_caller_alone(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        var broken = rig.Kernel.Queue.Write<Done>("broken", Origin.System, _ => throw new NotSupportedException("a bug"));
        var good = rig.Kernel.Queue.Write<int>("good", Origin.System, _ => 5);
        Assert.Equal("a bug", (await Assert.ThrowsAsync<NotSupportedException>(() => broken)).Message);
        Assert.Equal(5, (await good).Value);
    }

    [Fact]
    public async Task A_database_that_hangs_up_costs_one_refusal_and_the_writer_comes_back()
    {
        await using var rig = await KernelRig.Start("postgres");
        rig.Tamper("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        var trouble = await Assert.ThrowsAsync<StoreUnavailableException>(() => rig.Kernel.Queue.Write<int>("cut", Origin.System, _ => 1));
        Assert.NotEmpty(trouble.Message);
        Assert.Equal(2, (await rig.Kernel.Queue.Write<int>("back", Origin.System, _ => 2)).Value);
    }

    [Fact]
    public async Task A_full_disk_is_said_so_and_writing_goes_on_when_there_is_room_again()
    {
        await using var rig = KernelRig.Empty("sqlite");
        var engine = new EngineWithTrouble(rig.OpenEngine());
        var kernel = await rig.On(engine, new NoCrashPoints());
        var pages = kernel.Database.Read(s => s.Scalar<long>("SELECT page_count FROM pragma_page_count"));
        engine.OnWriter = $"PRAGMA max_page_count={pages + 3}";
        engine.Squeeze();
        var failures = 0;
        for (var i = 0; i < 10; i++)
        {
            try
            {
                await Big(kernel, $"big-{i}");
            }
            catch (StoreUnavailableException error)
            {
                failures++;
                Assert.Contains("disk of the database is full", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(failures, 5, 10);
        engine.OnWriter = "PRAGMA max_page_count=1000000";
        Assert.True((await Big(kernel, "after")).Ok);
        Assert.Empty(kernel.Journal.Verify());
        Assert.Equal(10 - failures + 1, kernel.Journal.Head().Sequence);
    }

    private static Task<Outcome<Done>> Big(KernelServices kernel, string name) => kernel.Queue.Write<Done>("big", Origin.System, tx =>
    {
        tx.Execute("INSERT INTO cloud (name, value) VALUES (@name, @value)", new { name, value = new string('x', 10_000) });
        tx.Record("thing", name, "project-a", Change.Created, [], TestJson.Default.DictionaryStringString);
        return Done.Value;
    });

    private static Task<Outcome<Done>> Blocked(KernelServices kernel, ManualResetEventSlim hold)
    {
        using var reached = new ManualResetEventSlim();
        var write = kernel.Queue.Write<Done>("first", Origin.System, _ =>
        {
            reached.Set();
            hold.Wait();
            return Done.Value;
        });
        reached.Wait();
        return write;
    }

    private sealed class CountingPoints : ICrashPoints
    {
        public ConcurrentQueue<string> Commits { get; } = [];

        public void Reach(string point) => Commits.Enqueue(point);
    }
}
