using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulation;
using Xunit;

namespace Sovereign.Kernel.Tests.Due;

/// <summary>Due work on the simulated scheduler: minutes pass in milliseconds.</summary>
public sealed class DueWorkerTests
{
    private static readonly TimeSpan lease = TimeSpan.FromMinutes(3);

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public void Failing_work_is_tried_with_growing_pauses_and_given_up_once_after_eight_attempts(string engine)
    {
        using var rig = new DueRig(engine) { Script = (_, _) => Task.FromResult<Progress>(new Progress.Failed(new Fault.Conflict("never"))) };
        rig.MakeDue("x");
        rig.RunFor(TimeSpan.FromMinutes(10));
        Assert.Equal(8, rig.Runs.Count);
        var (_, fault) = Assert.Single(rig.GivenUp);
        Assert.Equal("never", fault.Message);
        for (var i = 1; i < rig.Runs.Count; i++)
        {
            var (pause, middle) = ((rig.Runs[i].At - rig.Runs[i - 1].At).TotalSeconds, 0.5 * Math.Pow(2, i - 1));
            Assert.InRange(pause, middle * 0.5, Math.Min(middle, 60) * 1.5 + 0.1);
        }

        Assert.Equal(0, rig.Rows);
        rig.MakeDue("x");
        rig.RunFor(TimeSpan.FromSeconds(1));
        Assert.InRange(rig.Runs.Count, 9, 10);
        Assert.Single(rig.GivenUp);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_change_during_a_run_is_looked_at_afterwards_whatever_the_run_says(string engine)
    {
        Progress[] says = [Progress.Done, new Progress.Waiting(TimeSpan.FromHours(1), "rain"), new Progress.Failed(new Fault.Conflict("no"))];
        foreach (var first in says)
        {
            using var rig = new DueRig(engine);
            rig.Script = async (id, stop) =>
            {
                if (rig.Runs.Count > 1) return Progress.Done;
                await rig.Kernel.Queue.Write<Done>("change", Origin.System, tx => DueRig.Due(tx, id), stop);
                return first;
            };
            rig.MakeDue("x");
            rig.RunFor(TimeSpan.FromSeconds(2));
            Assert.Equal(2, rig.Runs.Count);
            Assert.Equal(0, rig.Rows);
        }
    }

    [Fact]
    public void Waiting_work_is_looked_at_again_at_its_time_or_as_soon_as_something_changes()
    {
        using var rig = new DueRig("sqlite");
        rig.Script = (_, _) => Task.FromResult(rig.Runs.Count < 3 ? new Progress.Waiting(TimeSpan.FromSeconds(30), "a node") : Progress.Done);
        rig.MakeDue("x");
        rig.RunFor(TimeSpan.FromSeconds(29));
        Assert.Single(rig.Runs);
        rig.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(2, rig.Runs.Count);
        rig.MakeDue("x");
        rig.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(3, rig.Runs.Count);
        rig.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(3, rig.Runs.Count);
        Assert.Empty(rig.GivenUp);
    }

    [Fact]
    public void Waiting_never_counts_as_an_attempt()
    {
        using var rig = new DueRig("sqlite") { Script = (_, _) => Task.FromResult<Progress>(new Progress.Waiting(TimeSpan.FromSeconds(5), "a node")) };
        rig.MakeDue("x");
        rig.RunFor(TimeSpan.FromMinutes(5));
        Assert.InRange(rig.Runs.Count, 50, 62);
        Assert.Empty(rig.GivenUp);
    }

    [Fact]
    public void Work_that_is_due_later_is_not_touched_before_its_time()
    {
        using var rig = new DueRig("sqlite");
        rig.MakeDue("x", TimeSpan.FromMinutes(7));
        rig.RunFor(TimeSpan.FromMinutes(6.9));
        Assert.Empty(rig.Runs);
        rig.RunFor(TimeSpan.FromMinutes(0.2));
        Assert.Single(rig.Runs);
        Assert.Equal(0, rig.Rows);
    }

    [Fact]
    public void A_run_that_hangs_is_cancelled_after_its_time_out_and_tried_again()
    {
        using var rig = new DueRig("sqlite");
        rig.Script = async (_, stop) =>
        {
            if (rig.Runs.Count == 1) await Task.Delay(Timeout.InfiniteTimeSpan, rig.Clock, stop);
            return Progress.Done;
        };
        rig.MakeDue("x");
        rig.RunFor(TimeSpan.FromMinutes(3));
        Assert.Equal(2, rig.Runs.Count);
        Assert.InRange(rig.Runs[1].At - rig.Runs[0].At, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2.1));
        Assert.Equal(0, rig.Rows);
    }

    [Fact]
    public void An_exception_of_one_run_is_a_failure_of_that_resource_alone()
    {
        using var rig = new DueRig("sqlite")
        {
            Script = (id, _) => id == "bad" ? throw new InvalidOperationException("a bug") : Task.FromResult(Progress.Done),
        };
        rig.MakeDue("bad");
        rig.MakeDue("good");
        rig.RunFor(TimeSpan.FromMinutes(10));
        Assert.Single(rig.Runs, run => run.Id == "good");
        var (id, fault) = Assert.Single(rig.GivenUp);
        Assert.Equal("bad", id);
        Assert.DoesNotContain("a bug", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_to_give_up_is_tried_again_and_not_forgotten()
    {
        using var rig = new DueRig("sqlite") { Script = (_, _) => Task.FromResult<Progress>(new Progress.Failed(new Fault.Conflict("no"))) };
        rig.OnGiveUp = () =>
        {
            if (rig.GivenUp.Count == 1) throw new InvalidOperationException("the store was away");
        };
        rig.MakeDue("x");
        rig.RunFor(TimeSpan.FromMinutes(20));
        Assert.Equal(2, rig.GivenUp.Count);
        Assert.Equal(0, rig.Rows);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Work_of_a_process_that_died_is_taken_over(string engine)
    {
        using var rig = new DueRig(engine);
        rig.Script = async (_, stop) =>
        {
            if (rig.Runs.Count == 1) await Task.Delay(TimeSpan.FromMinutes(1), rig.Clock, stop);
            return Progress.Done;
        };
        rig.MakeDue("x");
        rig.RunFor(TimeSpan.FromSeconds(5));
        rig.World.ControlPlane!.Process.Kill();
        rig.World.Up();
        rig.RunFor(TimeSpan.FromMinutes(4));
        Assert.Equal(2, rig.Runs.Count);
        var after = rig.Runs[1].At - rig.Runs[0].At;
        // On SQLite the next process knows that it is alone; on PostgreSQL the lease must run out.
        if (engine == "sqlite") Assert.InRange(after, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        else Assert.InRange(after, lease, lease + TimeSpan.FromSeconds(5));
        Assert.Equal(0, rig.Rows);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Many_rows_run_side_by_side_up_to_a_bound_and_each_once(string engine)
    {
        using var rig = new DueRig(engine);
        var (now, most) = (0, 0);
        rig.Script = async (_, stop) =>
        {
            most = Math.Max(most, ++now);
            await Task.Delay(TimeSpan.FromSeconds(1), rig.Clock, stop);
            now--;
            return Progress.Done;
        };
        rig.MakeDue([.. Enumerable.Range(0, 300).Select(i => $"x{i}")]);
        rig.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal(64, most);
        Assert.Equal(300, rig.Runs.Select(run => run.Id).Distinct().Count());
        Assert.Equal(300, rig.Runs.Count);
        Assert.Equal(0, rig.Rows);
    }

    [Fact]
    public void A_reconciler_may_not_run_longer_than_its_lease()
    {
        using var rig = new DueRig("sqlite");
        Assert.Throws<ArgumentOutOfRangeException>(() => rig.Kernel.Due.Add(new Slow()));
    }

    private sealed class Slow : IReconciler
    {
        public string Kind => "slow";

        public TimeSpan TimeOut => lease;

        public Task<Progress> Run(string id, CancellationToken stop) => Task.FromResult(Progress.Done);

        public Task GiveUp(string id, Fault fault, CancellationToken stop) => Task.CompletedTask;
    }
}
