namespace Sovereign.Kernel.Due;

/// <summary>One small idempotent step of a resource's life. It looks at what is, does at most one thing, and says how it went.</summary>
public sealed record Phase<T>(string Name, Func<T, CancellationToken, Task<Progress>> Make, Func<T, CancellationToken, Task<Progress>> Unmake);

/// <summary>Walks a list of phases.</summary>
public static class Phases
{
    /// <summary>Walks the phases in order, or in reverse when deleting, up to the first one that is not done.</summary>
    public static async Task<Progress> Walk<T>(IReadOnlyList<Phase<T>> phases, T resource, bool deleting, CancellationToken stop)
    {
        foreach (var phase in deleting ? phases.Reverse() : phases)
        {
            stop.ThrowIfCancellationRequested();
            var progress = await (deleting ? phase.Unmake : phase.Make)(resource, stop);
            if (progress is not Progress.Finished) return progress;
        }

        return Progress.Done;
    }
}
