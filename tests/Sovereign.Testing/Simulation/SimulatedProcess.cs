namespace Sovereign.Testing.Simulation;

/// <summary>A process that can be killed at any instant: afterwards none of its continuations runs, and whoever waits for it sees a broken connection.</summary>
public sealed class SimulatedProcess(SimulationScheduler scheduler, string name) : SynchronizationContext
{
    private readonly List<Action> onDeath = [];

    public string Name { get; } = name;

    public bool Alive { get; private set; } = true;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (Alive) scheduler.Enqueue(this, d, state);
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing here may block.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Starts something inside this process; the task belongs to the caller.</summary>
    public Task<T> Start<T>(Func<Task<T>> body)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Broken() => result.TrySetException(new IOException($"The process {Name} died."));
        if (!Alive)
        {
            Broken();
            return result.Task;
        }

        onDeath.Add(Broken);
        Post(
            async _ =>
            {
                try
                {
                    result.TrySetResult(await body());
                }
                catch (SimulatedCrashException)
                {
                    throw;
                }
                catch (Exception error)
                {
                    result.TrySetException(error);
                }
                finally
                {
                    onDeath.Remove(Broken);
                }
            },
            null);
        return result.Task;
    }

    public Task Start(Func<Task> body) => Start(async () =>
    {
        await body();
        return true;
    });

    public void Kill()
    {
        if (!Alive) return;
        Alive = false;
        foreach (var action in onDeath.ToList()) action();
        onDeath.Clear();
    }
}

/// <summary>Thrown at a crash point: unwinds the stack of the process that was killed there.</summary>
public sealed class SimulatedCrashException : Exception
{
    public SimulatedCrashException()
    {
    }

    public SimulatedCrashException(string message)
        : base(message)
    {
    }

    public SimulatedCrashException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
