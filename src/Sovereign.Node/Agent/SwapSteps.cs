using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Agent;

/// <summary>Swaps of volumes of running domains. Once both volumes have the same bytes that is remembered, and from then on the domain has the new one, whatever
/// dies; until then it has the old one. One that failed is not tried again, for the control plane may have gone on by then.</summary>
internal sealed partial class ItemSteps
{
    private const long Failed = -2;

    private async Task<StepResult> VolumeSwap(Entry entry, CancellationToken stop)
    {
        var swap = entry.Stored.Spec.VolumeSwap;
        if (swap is null) return StepResult.Seen(entry, ItemState.Absent);
        if (entry.Item.Absent)
        {
            // The domain keeps the new volume until its own item names it.
            if (Same(entry) && table.Find(ItemKinds.Domain, swap.DomainId) is { } domain && Has(domain, swap.VolumeId) is not null) return StepResult.Wait(domain.Key);
            if (!Same(entry)) await drivers.Hypervisor.EndMirror(swap.DomainId, swap.NextId, stop);
            return StepResult.Seen(entry, ItemState.Absent);
        }

        if (entry.Stored.HaltedVersion == Failed) throw new NodeException(entry.Observed?.Message ?? "The swap failed before.");
        if (!Same(entry))
        {
            var (same, waits) = await Mirrored(entry, swap, stop);
            if (!same) return StepResult.Wait(waits);
        }

        await Pivoted(swap.DomainId, stop);
        return StepResult.Seen(entry, ItemState.Present);
    }

    private async Task<(bool Same, string? Waits)> Mirrored(Entry entry, VolumeSwapSpec swap, CancellationToken stop)
    {
        try
        {
            if ((Missing(ItemKinds.Volume, swap.VolumeId) ?? Missing(ItemKinds.Volume, swap.NextId)) is { } volume) return (false, volume);
            if (table.Find(ItemKinds.Domain, swap.DomainId) is not { } domain || Has(domain, swap.VolumeId) is not { } had)
                throw new NodeException($"The server {swap.DomainId} has no volume {swap.VolumeId} here: there is nothing to swap.");
            var same = await InTurn([swap.VolumeId, swap.NextId],
                async () => await drivers.Hypervisor.Mirror(swap.DomainId, had, await PlaceOf(swap.NextId, stop), stop), stop);
            if (same) await rememberHalt(entry, entry.Item.Version);
            return (same, null);
        }
        catch (NodeException)
        {
            await rememberHalt(entry, Failed);
            throw;
        }
    }

    /// <summary>The domain with the volumes that it has swapped already.</summary>
    private DomainSpec Swapped(DomainSpec domain)
    {
        if (Done(domain.Id) is not { Count: > 0 } done) return domain;
        return domain with
        {
            Volumes = [.. domain.Volumes.Select(disk => done.Find(swap => swap.VolumeId == disk.VolumeId) is { } swap ? disk with { VolumeId = swap.NextId } : disk)],
        };
    }

    private async Task Pivoted(string domainId, CancellationToken stop)
    {
        foreach (var swap in Done(domainId)) await drivers.Hypervisor.Pivot(domainId, swap.VolumeId, await PlaceOf(swap.NextId, stop), stop);
    }

    private List<VolumeSwapSpec> Done(string domainId) =>
        [.. table.All.Where(entry => entry.Stored.Spec.VolumeSwap?.DomainId == domainId && Same(entry)).Select(entry => entry.Stored.Spec.VolumeSwap!)];

    private static VolumeDiskSpec? Has(Entry domain, string volumeId) => domain.Item.Domain?.Volumes.FirstOrDefault(disk => disk.VolumeId == volumeId);

    private static bool Same(Entry entry) => entry.Stored.HaltedVersion == entry.Stored.Spec.Version;
}
