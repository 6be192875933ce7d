using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sovereign.Kernel.Due;

/// <summary>Runs each periodic on its own rhythm and keeps its last line for the status page.</summary>
public sealed class PeriodicLoop(TimeProvider clock, ILogger log)
{
    private readonly ConcurrentDictionary<string, string> lines = new(StringComparer.Ordinal);
    private readonly List<IPeriodic> periodics = [];

    public IReadOnlyDictionary<string, string> Lines => lines;

    public void Add(IPeriodic periodic) => periodics.Add(periodic);

    public Task Run(CancellationToken stop) => Task.WhenAll(periodics.Select(periodic => Loop(periodic, stop)));

    private async Task Loop(IPeriodic periodic, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                lines[periodic.Name] = await periodic.Run(stop);
                await Task.Delay(periodic.Every, clock, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                lines[periodic.Name] = "failed: " + error.Message;
                log.LogError(error, "The periodic {Periodic} failed.", periodic.Name);
                await Task.Delay(periodic.Every, clock, stop).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Current);
            }
        }
    }
}
