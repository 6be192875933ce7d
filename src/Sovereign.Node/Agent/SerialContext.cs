namespace Sovereign.Node.Agent;

/// <summary>Runs what is posted one after the other, on the pool: the agent's state needs no locks, and a simulation can put its own
/// scheduler here.</summary>
internal sealed class SerialContext : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> queue = new();
    private bool draining;

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (queue)
        {
            queue.Enqueue((d, state));
            if (draining) return;
            draining = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(static context => context.Drain(), this, preferLocal: false);
    }

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Starts work on this context.</summary>
    public Task Run(Func<Task> work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(_ => Complete(work(), done), null);
        return done.Task;
    }

    private static async void Complete(Task work, TaskCompletionSource done)
    {
        try
        {
            await work;
            done.SetResult();
        }
        catch (Exception failure) { done.SetException(failure); }
    }

    private void Drain()
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            while (true)
            {
                (SendOrPostCallback Callback, object? State) next;
                lock (queue)
                {
                    if (!queue.TryDequeue(out next))
                    {
                        draining = false;
                        return;
                    }
                }
                next.Callback(next.State);
            }
        }
        finally { SetSynchronizationContext(before); }
    }
}
