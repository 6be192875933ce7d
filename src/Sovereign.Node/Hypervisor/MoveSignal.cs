namespace Sovereign.Node.Hypervisor;

/// <summary>Wakes whoever waits for something that a QEMU tells by events: they look at what is, not at what was told.</summary>
internal sealed class MoveSignal
{
    /// <summary>An event may have come before anybody watched.</summary>
    private static readonly TimeSpan lookAgain = TimeSpan.FromSeconds(5);
    private TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Raise() => Interlocked.Exchange(ref next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Looks now and after each event, until the condition holds.</summary>
    /// <param name="ended">Completes when nothing can come any more.</param>
    /// <param name="most">Null: as long as it takes.</param>
    public async Task Until(Func<Task<bool>> holds, Task ended, TimeSpan? most, TimeProvider clock, CancellationToken stop)
    {
        var begun = clock.GetTimestamp();
        while (true)
        {
            var wake = Volatile.Read(ref next).Task;
            if (await holds()) return;
            if (ended.IsCompleted) throw new Machine.NodeException("QEMU ended.");
            if (most is { } limit && clock.GetElapsedTime(begun) > limit) throw new Machine.NodeException($"QEMU did not come to its end within {limit.TotalSeconds} s.");
            try { await Task.WhenAny(wake, ended).WaitAsync(lookAgain, clock, stop); }
            catch (TimeoutException) { /* looks again */ }
        }
    }
}
