using Sovereign.Kernel.Tests.Toy;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulation;
using Xunit;

namespace Sovereign.Kernel.Tests;

public sealed class SimulationTests(ITestOutputHelper output)
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_crash_at_every_point_loses_nothing_and_leaves_nothing_behind(string engine)
    {
        var result = Walk(PlantedBug.None, engine);
        output.WriteLine($"widget on {engine}: {result.Points} points crossed.");
        Assert.Empty(result.Findings);
        Assert.True(result.Points >= 12, $"Only {result.Points} points were crossed: the walk does not walk.");
    }

    [Theory]
    [InlineData(nameof(PlantedBug.RowGoesBeforeItsThing), "left behind")]
    [InlineData(nameof(PlantedBug.ActiveBeforeItsThing), "lost")]
    [InlineData(nameof(PlantedBug.QuotaForgotten), "usage row")]
    public void A_planted_bug_is_found_by_the_walk(string bug, string finding)
    {
        var result = Walk(Enum.Parse<PlantedBug>(bug), "sqlite");
        Assert.Contains(result.Findings, f => f.Contains(finding, StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_seed_twice_gives_the_same_journal_head_and_another_seed_another()
    {
        Assert.Equal(Head(7), Head(7));
        Assert.NotEqual(Head(7), Head(8));
    }

    private static CrashWalk.Result Walk(PlantedBug bug, string engine)
    {
        var machine = new ToyMachine();
        return CrashWalk.Run(
            plan =>
            {
                machine.Things.Clear();
                return World(1, machine, bug, plan, engine);
            },
            world => Life(world, machine, "w1"),
            world => Leftovers(world, machine));
    }

    private static SimulatedWorld World(int seed, ToyMachine machine, PlantedBug bug, CrashPlan plan, string engine) => new(
        seed,
        (world, kernel) =>
        {
            var process = (SimulatedProcess)SynchronizationContext.Current!;
            machine.Reach = point => world.Plan.Reach(process, point);
            return [new ToyModule(kernel, machine, bug)];
        },
        plan,
        engine);

    /// <summary>Creates, waits until active, checks that active means there, deletes, waits until gone: as a careful client, whatever dies meanwhile.</summary>
    private static void Life(SimulatedWorld world, ToyMachine machine, string id)
    {
        while (world.Send("GET", $"/toy/widgets/{id}") is not { Status: 200 }) world.Send("POST", $"/toy/widgets/{id}");
        while (world.Send("GET", $"/toy/widgets/{id}") is not { Status: 200 } reply || !reply.Text.Contains("active", StringComparison.Ordinal))
        {
            world.RunUntil(() => Due(world) != 0 || true, TimeSpan.FromMinutes(1), "time");
            world.Scheduler.RunFor(TimeSpan.FromSeconds(1));
        }

        if (!machine.Things.Contains(id)) throw new InvalidOperationException($"Widget {id} is active but its thing was lost.");
        while (world.Send("GET", $"/toy/widgets/{id}") is not { Status: 404 })
        {
            world.Send("DELETE", $"/toy/widgets/{id}");
            world.Scheduler.RunFor(TimeSpan.FromSeconds(1));
        }
    }

    private static IEnumerable<string> Leftovers(SimulatedWorld world, ToyMachine machine)
    {
        world.RunUntil(() => Due(world) == 0, TimeSpan.FromMinutes(30), "rest");
        var kernel = world.ControlPlane!.Kernel;
        return machine.Things.Select(thing => $"the thing {thing} was left behind")
            .Concat(kernel.Quotas.Verify()).Concat(kernel.Journal.Verify());
    }

    private static long Due(SimulatedWorld world) => world.ControlPlane!.Kernel.Database.Read(s => s.Scalar<long>("SELECT COUNT(*) FROM due"));

    private static string Head(int seed)
    {
        var machine = new ToyMachine();
        using var world = World(seed, machine, PlantedBug.None, new CrashPlan(), "sqlite");
        world.Up();
        for (var i = 0; i < 5; i++) Life(world, machine, $"w{i}");
        return world.ControlPlane!.Kernel.Journal.Head().Hash;
    }
}
