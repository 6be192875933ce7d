using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Servers;

/// <summary>Forgets the actions of servers that are long gone, as their tombstones are.</summary>
internal sealed class ActionSweep(KernelServices kernel) : IPeriodic
{
    private static readonly TimeSpan kept = TimeSpan.FromDays(30);

    public string Name => "compute-actions";

    public TimeSpan Every => TimeSpan.FromHours(6);

    public async Task<string> Run(CancellationToken stop)
    {
        var forgotten = await kernel.Queue.Write<long>(
            "compute.sweep",
            Origin.System,
            tx =>
            {
                Migrating.MigrationStore.Forget(tx, tx.Now - Micros.Of(kept));
                return (long)ServerStore.ForgetActions(tx, tx.Now - Micros.Of(kept));
            },
            stop);
        return $"{forgotten.Value} actions of servers long gone were forgotten.";
    }
}
