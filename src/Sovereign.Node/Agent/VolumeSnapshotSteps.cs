using Sovereign.Node.Contract;
using Sovereign.Node.Volumes;

namespace Sovereign.Node.Agent;

/// <summary>Snapshots of several volumes, taken at one moment.</summary>
internal sealed partial class ItemSteps
{
    private async Task<StepResult> VolumeSnapshots(Entry entry, IReadOnlyDictionary<string, string> together, CancellationToken stop)
    {
        if (entry.Stored.HaltedVersion == entry.Item.Version) return StepResult.Seen(entry, ItemState.Present);
        // They came in one manifest; those that are not there any more are not wanted any more.
        var wanted = together.Where(one => table.Find(ItemKinds.VolumeSnapshot, one.Key) is { Item.Absent: false })
            .OrderBy(one => one.Key, StringComparer.Ordinal).ToList();
        foreach (var (_, volumeId) in wanted)
            if (Missing(ItemKinds.Volume, volumeId) is { } missing) return StepResult.Wait(missing);
        await InTurn(wanted.Select(one => one.Value), async () =>
        {
            await TakeTogether(wanted, entry.Item.VolumeSnapshot!.Freeze, stop);
            return true;
        }, stop);
        await rememberHalt(entry, entry.Item.Version);
        return StepResult.Seen(entry, ItemState.Present);
    }

    private async Task TakeTogether(List<KeyValuePair<string, string>> wanted, bool freeze, CancellationToken stop)
    {
        var made = new List<KeyValuePair<string, string>>();
        foreach (var one in wanted)
            if (await Backend(SpecOf(one.Value).Backend).HasSnapshot(one.Value, one.Key, stop)) made.Add(one);
        if (made.Count == wanted.Count)
        {
            await FollowHolders(wanted, stop);
            return;
        }
        // A crash came in the middle: what it made is of another moment, and nobody was told of it.
        foreach (var (id, volumeId) in made) await Backend(SpecOf(volumeId).Backend).DropSnapshot(volumeId, id, stop);
        var holders = new List<string>();
        foreach (var (id, volumeId) in wanted)
        {
            await Backend(SpecOf(volumeId).Backend).PrepareSnapshot(SpecOf(volumeId), id, stop);
            if (freeze && await Holder(volumeId, stop) is { } holder && !holders.Contains(holder.Item.Id)) holders.Add(holder.Item.Id);
        }
        await AllAtRest(holders, async () =>
        {
            foreach (var (id, volumeId) in wanted) await Backend(SpecOf(volumeId).Backend).Snapshot(SpecOf(volumeId), id, stop);
            await FollowHolders(wanted, stop);
        }, stop);
    }

    /// <summary>Each domain writes its volumes where they are written to now, all of them from one moment on.</summary>
    private async Task FollowHolders(List<KeyValuePair<string, string>> wanted, CancellationToken stop)
    {
        var places = new Dictionary<string, List<VolumePlace>>();
        foreach (var (_, volumeId) in wanted)
        {
            if (await Holder(volumeId, stop) is not { } holder || await Backend(SpecOf(volumeId).Backend).Open(SpecOf(volumeId), stop) is not { } place) continue;
            if (!places.TryGetValue(holder.Item.Id, out var all)) places[holder.Item.Id] = all = [];
            all.Add(place);
        }
        foreach (var (domain, all) in places) await drivers.Hypervisor.Follow(domain, all, stop);
    }

    private Task AllAtRest(List<string> domains, Func<Task> work, CancellationToken stop) => domains.Count == 0
        ? work()
        : drivers.Hypervisor.AtRest(domains[0], () => AllAtRest(domains[1..], work, stop), stop);
}
