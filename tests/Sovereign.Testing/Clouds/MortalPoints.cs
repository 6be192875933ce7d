using Sovereign.Kernel.Store;
using Sovereign.Testing.Simulation;

namespace Sovereign.Testing.Clouds;

/// <summary>Kills a real, threaded process once, at a point chosen by number: from then on it neither commits nor touches a file, until it is revived.
/// Threads come as they like, so this claims no replay.</summary>
public sealed class MortalPoints(int crashAt) : ICrashPoints
{
    private readonly Lock gate = new();
    private readonly List<string> crossed = [];
    private bool counting;
    private bool crashed;

    public bool Dead { get; private set; }

    /// <summary>The points that were counted, in order.</summary>
    public IReadOnlyList<string> Crossed
    {
        get
        {
            lock (gate) return [.. crossed];
        }
    }

    /// <summary>Counts only while a scenario runs, not while the cloud boots or is inspected.</summary>
    public void Count(bool on)
    {
        lock (gate) counting = on;
    }

    /// <summary>A new process on what the dead one left.</summary>
    public void Revive()
    {
        lock (gate) Dead = false;
    }

    public void Reach(string point)
    {
        lock (gate)
        {
            if (Dead) throw new SimulatedCrashException($"Dead, and yet at: {point}");
            if (!counting) return;
            crossed.Add(point);
            if (crashed || crossed.Count != crashAt) return;
            Dead = crashed = true;
            throw new SimulatedCrashException($"Killed at point {crashAt}: {point}");
        }
    }
}
