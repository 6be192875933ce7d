using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;
using Sovereign.Node.Volumes;

namespace Sovereign.Node.Agent;

/// <summary>Volumes, their snapshots, and what is sent of them.</summary>
internal sealed partial class ItemSteps
{
    /// <summary>Turns of the volumes: while a domain takes one, its writing does not move elsewhere.</summary>
    private readonly Dictionary<string, Slots> turns = [];

    /// <summary>When to look again for what another node makes.</summary>
    private static readonly TimeSpan keeperWait = TimeSpan.FromSeconds(2);

    private async Task<StepResult> Volume(Entry entry, CancellationToken stop)
    {
        if (entry.Item.Volume is not { } volume) return await RemoveVolume(entry, stop);
        var backend = Backend(volume.Backend);
        var place = await backend.Open(volume, stop);
        if (backend.Shared && place is not null) await FollowGrowth(place, stop);
        if (volume.KeptElsewhere)
            return place?.SizeBytes >= volume.SizeBytes ? StepResult.Seen(entry, ItemState.Present) : StepResult.Wait(null) with { Again = keeperWait };
        if (place is null)
        {
            if (await Holder(volume.Id, stop) is { } older) return StepResult.Wait(older.Key);
            if (SourceMissing(volume) is { } source) return StepResult.Wait(source);
            await MakeVolume(backend, volume, stop);
            return StepResult.Seen(entry, ItemState.Present);
        }
        if (place.SizeBytes < volume.SizeBytes) await InTurn([volume.Id], () => Grow(backend, volume, stop), stop);
        // A crash may have come between the making and this.
        if (entry.Observed is null && volume.Source?.VolumeId is { } from) await backend.DropSnapshot(from, volume.Id, stop);
        return StepResult.Seen(entry, ItemState.Present);
    }

    private async Task<StepResult> RemoveVolume(Entry entry, CancellationToken stop)
    {
        var id = entry.Item.Id;
        if (table.UserOfVolume(id) is { } user) return StepResult.Wait(user.Key);
        if (await Holder(id, stop) is { } domain) return StepResult.Wait(domain.Key);
        if (entry.Stored.Spec.Volume?.KeptElsewhere != true)
            foreach (var backend in BackendsOf(entry.Stored.Spec.Volume?.Backend)) await backend.Remove(id, stop);
        turns.Remove(id);
        return StepResult.Seen(entry, ItemState.Absent);
    }

    private async Task MakeVolume(IVolumeBackend backend, VolumeSpec volume, CancellationToken stop)
    {
        string? image = null;
        VolumeSpec? from = null;
        if (volume.Source?.Image is { } wanted)
        {
            await Fetch(wanted.Digest, stop);
            image = drivers.Disks.ImagePath(wanted.Digest);
        }
        else if (volume.Source?.SnapshotId is { } snapshot) from = SpecOf(table.Find(ItemKinds.VolumeSnapshot, snapshot)!.Item.VolumeSnapshot!.VolumeId);
        else if (volume.Source?.VolumeId is { } source)
        {
            from = SpecOf(source);
            await TakeSnapshot(Backend(from.Backend), from, volume.Id, freeze: true, stop);
        }
        await backend.Ensure(volume, new VolumeMaterial(image, from, (kept, _) => Task.FromResult<Stream>(
            new ResumedStream((offset, end) => control.OpenContent(kept.Id, offset, end)))), stop);
        if (volume.Source?.VolumeId is { } copied) await backend.DropSnapshot(copied, volume.Id, stop);
    }

    /// <summary>A domain sees what another node made larger.</summary>
    private async Task FollowGrowth(VolumePlace place, CancellationToken stop)
    {
        if (await Holder(place.VolumeId, stop) is { } holder)
            await InTurn([place.VolumeId], async () => { await drivers.Hypervisor.Grow(holder.Item.Id, place, place.SizeBytes, stop); return true; }, stop);
    }

    /// <summary>The key of what the volume begins as and that is not there yet.</summary>
    private string? SourceMissing(VolumeSpec volume) => volume.Source switch
    {
        { SnapshotId: { } snapshot } => Missing(ItemKinds.VolumeSnapshot, snapshot),
        { VolumeId: { } source } => Missing(ItemKinds.Volume, source),
        _ => null,
    };

    private async Task<bool> Grow(IVolumeBackend backend, VolumeSpec volume, CancellationToken stop)
    {
        if (await Holder(volume.Id, stop) is { } domain && await backend.Open(volume, stop) is { } place)
            await drivers.Hypervisor.Grow(domain.Item.Id, place, volume.SizeBytes, stop);
        await backend.Ensure(volume, VolumeMaterial.None, stop);
        return true;
    }

    private async Task<StepResult> VolumeSnapshot(Entry entry, CancellationToken stop)
    {
        var id = entry.Item.Id;
        if (entry.Item.VolumeSnapshot is not { } snapshot)
        {
            if (entry.Stored.Spec.VolumeSnapshot is { } was)
                foreach (var backend in BackendsOf(table.Find(ItemKinds.Volume, was.VolumeId)?.Stored.Spec.Volume?.Backend))
                    await backend.DropSnapshot(was.VolumeId, id, stop);
            return StepResult.Seen(entry, ItemState.Absent);
        }
        if (Missing(ItemKinds.Volume, snapshot.VolumeId) is { } volume) return StepResult.Wait(volume);
        if (snapshot.Together is { Count: > 1 } together) return await VolumeSnapshots(entry, together, stop);
        var spec = SpecOf(snapshot.VolumeId);
        await TakeSnapshot(Backend(spec.Backend), spec, id, snapshot.Freeze, stop);
        return StepResult.Seen(entry, ItemState.Present);
    }

    /// <summary>Makes a snapshot once; the domain that has the volume writes elsewhere when this returns.</summary>
    private async Task TakeSnapshot(IVolumeBackend backend, VolumeSpec volume, string id, bool freeze, CancellationToken stop)
    {
        var made = await backend.HasSnapshot(volume.Id, id, stop);
        if (!made) await backend.PrepareSnapshot(volume, id, stop);
        await InTurn([volume.Id], async () =>
        {
            var holder = await Holder(volume.Id, stop);
            if (holder is null || made || !freeze) await Take(holder);
            else await drivers.Hypervisor.AtRest(holder.Item.Id, () => Take(holder), stop);
            return true;
        }, stop);

        async Task Take(Entry? holder)
        {
            if (!made) await backend.Snapshot(volume, id, stop);
            if (holder is not null && await backend.Open(volume, stop) is { } place) await drivers.Hypervisor.Follow(holder.Item.Id, [place], stop);
        }
    }

    /// <summary>Sends the bytes until they are kept as they were read, once.</summary>
    private async Task<StepResult> VolumeContent(Entry entry, CancellationToken stop)
    {
        var id = entry.Item.Id;
        if (entry.Item.VolumeContent is not { } content)
        {
            foreach (var each in drivers.Volumes.Values) await each.DropContent(id, stop);
            return StepResult.Seen(entry, ItemState.Absent);
        }
        if (entry.Stored.HaltedVersion == entry.Item.Version) return StepResult.Seen(entry, ItemState.Present);
        foreach (var snapshot in new[] { content.SnapshotId, content.SinceSnapshotId }.OfType<string>())
            if (Missing(ItemKinds.VolumeSnapshot, snapshot) is { } missing) return StepResult.Wait(missing);
        var volumeId = content.SnapshotId is { } of ? table.Find(ItemKinds.VolumeSnapshot, of)!.Item.VolumeSnapshot!.VolumeId
            : content.VolumeId ?? throw new NodeException("A content is of a volume or of a snapshot.");
        if (Missing(ItemKinds.Volume, volumeId) is { } volume) return StepResult.Wait(volume);
        if (content.SnapshotId is null && await Holder(volumeId, stop) is { } domain)
            throw new NodeException($"The server {domain.Item.Id} runs with the volume {volumeId}: its bytes change while they are read. Take them of a snapshot.");
        var spec = SpecOf(volumeId);
        await using (var bytes = await Backend(spec.Backend).OpenContent(content, spec, stop))
        {
            await using var read = new HashedStream(bytes);
            string kept;
            try
            {
                kept = await control.SendContent(id, read, stop);
            }
            catch (ControlPlaneAwayException) when (read.Failure is { } failure)
            {
                throw new NodeException($"The bytes of the volume {volumeId} can't be read: {failure.Message}");
            }
            if (!string.Equals(kept, read.Digest(), StringComparison.OrdinalIgnoreCase))
                throw new NodeException($"The bytes of the volume {volumeId} were changed or cut on the way to the control plane. They are sent again.");
        }
        await rememberHalt(entry, entry.Item.Version);
        return StepResult.Seen(entry, ItemState.Present);
    }

    /// <summary>The places of a domain's volumes, in the order of its spec.</summary>
    private async Task<IReadOnlyList<VolumePlace>> Places(DomainSpec domain, CancellationToken stop)
    {
        var places = new List<VolumePlace>();
        foreach (var disk in domain.Volumes) places.Add(await PlaceOf(disk.VolumeId, stop));
        return places;
    }

    private async Task<VolumePlace> PlaceOf(string volumeId, CancellationToken stop)
    {
        var spec = SpecOf(volumeId);
        return await Backend(spec.Backend).Open(spec, stop)
            ?? throw new NodeException($"The volume {volumeId} is gone from its node. Put its files back, or delete it.");
    }

    /// <summary>The key of a volume that is not as a domain that starts needs it.</summary>
    private string? VolumeMissing(DomainSpec domain)
    {
        foreach (var disk in domain.Volumes)
        {
            if (Missing(ItemKinds.Volume, disk.VolumeId) is { } missing) return missing;
            var entry = table.Find(ItemKinds.Volume, disk.VolumeId)!;
            if (entry.Observed!.Version != entry.Item.Version) return entry.Key;
        }
        return null;
    }

    /// <summary>The domain that runs with a volume.</summary>
    private async Task<Entry?> Holder(string volumeId, CancellationToken stop)
    {
        foreach (var entry in table.All.Where(entry => entry.Item.Kind == ItemKinds.Domain).ToList())
            if ((await drivers.Hypervisor.VolumesOf(entry.Item.Id, stop)).Contains(volumeId)) return entry;
        return null;
    }

    private VolumeSpec SpecOf(string volumeId) => table.Find(ItemKinds.Volume, volumeId)?.Item.Volume
        ?? throw new NodeException($"The volume {volumeId} is not on this node.");

    private IVolumeBackend Backend(string name) => drivers.Volumes.GetValueOrDefault(name)
        ?? throw new NodeException($"This node has no place '{name}' for volumes: configure it, or move the volume.");

    /// <summary>The one of this name, or all when it is not known any more.</summary>
    private IEnumerable<IVolumeBackend> BackendsOf(string? name) =>
        name is not null && drivers.Volumes.TryGetValue(name, out var backend) ? [backend] : drivers.Volumes.Values;

    private async Task<T> InTurn<T>(IEnumerable<string> volumeIds, Func<Task<T>> work, CancellationToken stop)
    {
        var taken = new Stack<Slots>();
        try
        {
            foreach (var id in volumeIds.Distinct().Order(StringComparer.Ordinal))
            {
                if (!turns.TryGetValue(id, out var turn)) turns[id] = turn = new Slots(1);
                await turn.Enter(stop);
                taken.Push(turn);
            }
            return await work();
        }
        finally
        {
            while (taken.TryPop(out var turn)) turn.Leave();
        }
    }
}
