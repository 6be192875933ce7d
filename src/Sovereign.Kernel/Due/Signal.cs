namespace Sovereign.Kernel.Due;

/// <summary>A nudge that is remembered until someone waits. Waiters go on in their own context: Task.WaitAsync would hop to the
/// thread pool, which no seed replays.</summary>
public sealed class Signal(TimeProvider clock)
{
    private readonly Lock gate = new();
    private readonly List<TaskCompletionSource> waiters = [];
    private bool remembered;

    public void Raise()
    {
        TaskCompletionSource[] woken;
        lock (gate)
        {
            remembered = waiters.Count == 0;
            woken = [.. waiters];
            waiters.Clear();
        }

        foreach (var waiter in woken) waiter.TrySetResult();
    }

    /// <summary>Returns when raised, or when the time has passed.</summary>
    public async Task Wait(TimeSpan atMost, CancellationToken stop)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (remembered)
            {
                remembered = false;
                return;
            }

            waiters.Add(waiter);
        }

        using var timer = clock.CreateTimer(_ => waiter.TrySetResult(), null, atMost, Timeout.InfiniteTimeSpan);
        using var stopping = stop.Register(() => waiter.TrySetCanceled(stop));
        try
        {
            await waiter.Task;
        }
        finally
        {
            lock (gate) waiters.Remove(waiter);
        }
    }
}
