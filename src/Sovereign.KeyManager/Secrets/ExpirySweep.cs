using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.KeyManager.Secrets;

/// <summary>Removes secrets whose time is over, which nobody can see any more but the quota counts.</summary>
internal sealed class ExpirySweep(KernelServices kernel, SecretService secrets) : IPeriodic
{
    private const int RowsMax = 100;

    public string Name => "expired secrets";

    public TimeSpan Every => TimeSpan.FromMinutes(1);

    public async Task<string> Run(CancellationToken stop)
    {
        // A reader may hold the row of one that expires just now: none is removed within its first minute.
        var before = secrets.Now - Kernel.Sources.Micros.Of(TimeSpan.FromMinutes(1));
        var expired = kernel.Database.Read(session => SecretStore.Expired(session, before, RowsMax));
        foreach (var id in expired)
        {
            await kernel.Queue.Write<Done>("key-secret.expire", Origin.System, tx =>
            {
                if (SecretStore.Row(tx, id) is { } row) secrets.Delete(tx, row);
                return Done.Value;
            }, stop);
        }

        return $"{expired.Count} expired secrets removed";
    }
}
