using Sovereign.Testing.Sources;

namespace Sovereign.Testing.Simulation;

/// <summary>Runs every continuation of the simulated processes on one thread, in an order drawn from the seed; time moves only when nothing is ready.</summary>
public sealed class SimulationScheduler(SeededSource source, ManualClock clock)
{
    private readonly List<(SimulatedProcess Process, SendOrPostCallback Callback, object? State)> ready = [];

    private readonly int thread = Environment.CurrentManagedThreadId;

    /// <summary>Exceptions that nobody in a simulated process caught: bugs.</summary>
    public List<Exception> Unhandled { get; } = [];

    public long Steps { get; private set; }

    internal void Enqueue(SimulatedProcess process, SendOrPostCallback callback, object? state)
    {
        if (Environment.CurrentManagedThreadId != thread)
        {
            FromAnotherThread(process, callback, state);
            return;
        }

        lock (ready) ready.Add((process, callback, state));
    }

    /// <summary>Work that comes from another thread comes at a time that no seed replays: a bug, but for the router of ASP.NET, which compiles its
    /// tables beside the first requests and changes nothing that a request sees; that runs at once and draws nothing from the seed.</summary>
    private void FromAnotherThread(SimulatedProcess process, SendOrPostCallback callback, object? state)
    {
        var back = (state as Delegate)?.Target?.ToString() ?? "";
        if (back.Contains("Microsoft.AspNetCore.Routing", StringComparison.Ordinal)) callback(state);
        else Unhandled.Add(new InvalidOperationException($"{process.Name} went to another thread, back to {back}: {Environment.StackTrace}"));
    }

    /// <summary>Runs until the condition holds.</summary>
    /// <exception cref="TimeoutException">It does not hold after this much simulated time, or nothing is left that could make it hold.</exception>
    public void RunUntil(Func<bool> done, TimeSpan simulatedMax, string what)
    {
        var deadline = clock.GetUtcNow() + simulatedMax;
        while (!done())
        {
            if (Step()) continue;
            if (clock.NextTimer is not { } next || next > deadline) throw new TimeoutException($"Simulation: {what} did not happen within {simulatedMax}.");
            clock.AdvanceTo(next);
        }
    }

    /// <summary>Runs for this long in simulated time, whatever happens.</summary>
    public void RunFor(TimeSpan simulated)
    {
        var deadline = clock.GetUtcNow() + simulated;
        while (true)
        {
            if (Step()) continue;
            if (clock.NextTimer is not { } next || next > deadline) break;
            clock.AdvanceTo(next);
        }

        clock.AdvanceTo(deadline);
    }

    private bool Step()
    {
        (SimulatedProcess Process, SendOrPostCallback Callback, object? State) item;
        lock (ready)
        {
            if (ready.Count == 0) return false;
            var index = source.Below(ready.Count);
            item = ready[index];
            ready.RemoveAt(index);
        }

        Steps++;
        if (!item.Process.Alive) return true;
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(item.Process);
        try
        {
            item.Callback(item.State);
        }
        catch (SimulatedCrashException)
        {
            // The process is dead; nothing of it runs any more.
        }
        catch (Exception error)
        {
            Unhandled.Add(error);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        return true;
    }
}
