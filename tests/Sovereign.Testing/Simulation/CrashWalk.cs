namespace Sovereign.Testing.Simulation;

/// <summary>Crashes a scenario at every point that it crosses, in turn, restarts, lets it come to rest, and looks for what was lost or left behind.</summary>
public static class CrashWalk
{
    /// <summary>What a walk did, for the test's output.</summary>
    public sealed record Result(int Points, IReadOnlyDictionary<string, int> ByName, IReadOnlyList<string> Findings);

    /// <param name="world">Makes a fresh world with the plan.</param>
    /// <param name="scenario">Lives the resource's life: create, change, delete. A null reply means that the process died: it must look and go on as a careful client does.</param>
    /// <param name="leftovers">After the scenario and rest: each thing lost or left behind, as a sentence.</param>
    /// <param name="stride">1: every point; n: every n-th (the long form walks all).</param>
    public static Result Run(
        Func<CrashPlan, SimulatedWorld> world, Action<SimulatedWorld> scenario, Func<SimulatedWorld, IEnumerable<string>> leftovers, int stride = 1)
    {
        var findings = new List<string>();
        var straight = One(world, scenario, leftovers, 0, findings);
        for (var point = 1; point <= straight.Count; point += stride) One(world, scenario, leftovers, point, findings);
        var byName = straight.GroupBy(p => p, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        return new Result(straight.Count, byName, findings);
    }

    private static IReadOnlyList<string> One(
        Func<CrashPlan, SimulatedWorld> make, Action<SimulatedWorld> scenario, Func<SimulatedWorld, IEnumerable<string>> leftovers, int point, List<string> findings)
    {
        var plan = new CrashPlan { CrashAt = point };
        using var world = make(plan);
        string At() => point == 0 ? "without a crash" : $"crash at point {point} ({(plan.Crossed.Count >= point ? plan.Crossed[point - 1] : "not reached")})";
        try
        {
            world.Up();
            plan.Counting = true;
            scenario(world);
            plan.Counting = false;
            findings.AddRange(leftovers(world).Select(finding => $"{At()}: {finding}"));
        }
        catch (Exception error) when (error is TimeoutException or InvalidOperationException)
        {
            findings.Add($"{At()}: {error.Message}");
        }

        findings.AddRange(world.Scheduler.Unhandled.Select(error => $"{At()}: unhandled {error.GetType().Name}: {error.Message}"));
        return plan.Crossed;
    }
}
