using Sovereign.Kernel.Store;

namespace Sovereign.Testing.Simulation;

/// <summary>Counts the crash points that a run crosses, and kills the process that crosses the chosen one.</summary>
public sealed class CrashPlan
{
    private readonly List<string> crossed = [];

    /// <summary>Number of the point at which to crash, from 1; 0 for never.</summary>
    public int CrashAt { get; init; }

    /// <summary>Points are counted only while a scenario runs, not while the cloud boots or is inspected.</summary>
    public bool Counting { get; set; }

    public IReadOnlyList<string> Crossed => crossed;

    public bool Crashed { get; private set; }

    /// <summary>Reaches a named point inside a process.</summary>
    public void Reach(SimulatedProcess process, string point)
    {
        // A dead process reaches nothing: code that caught the crash must not go on to write.
        if (!process.Alive) throw new SimulatedCrashException($"{process.Name} is dead.");
        if (!Counting || Crashed) return;
        crossed.Add($"{process.Name}: {point}");
        if (crossed.Count != CrashAt) return;
        Crashed = true;
        process.Kill();
        throw new SimulatedCrashException($"{process.Name} killed at point {CrashAt}: {point}");
    }
}

/// <summary>The kernel's crash points of one process.</summary>
public sealed class ProcessCrashPoints(CrashPlan plan, SimulatedProcess process) : ICrashPoints
{
    public void Reach(string point) => plan.Reach(process, point);
}
