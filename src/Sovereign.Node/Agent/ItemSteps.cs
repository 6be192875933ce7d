using Sovereign.Node.Balancers;
using Sovereign.Node.Contract;
using Sovereign.Node.Disks;
using Sovereign.Node.Fabric;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;
using Sovereign.Node.Moving;
using Sovereign.Node.Volumes;

namespace Sovereign.Node.Agent;

/// <summary>The drivers of one node.</summary>
public sealed record NodeDrivers(IHypervisor Hypervisor, IFabric Fabric, IDisks Disks)
{
    /// <summary>Places of volumes by their names.</summary>
    public IReadOnlyDictionary<string, IVolumeBackend> Volumes { get; init; } = new Dictionary<string, IVolumeBackend>();

    /// <summary>Where domains come in from other nodes.</summary>
    public IDoors Doors { get; init; } = new ClosedDoors();

    public IBalancers Balancers { get; init; } = new NoBalancers();
}

/// <summary>One step of one item: looks at what is, does what is missing, says what it saw. Idempotent; may die anywhere.</summary>
internal sealed partial class ItemSteps(NodeDrivers drivers, ItemTable table, IControlPlane control, TimeProvider clock, Func<Entry, long,
    Task> rememberHalt)
{
    private readonly Dictionary<string, Task> fetches = [];

    /// <summary>False: guests that run go on, and none is started.</summary>
    public bool MayStart { get; set; } = true;

    public Task<StepResult> Step(Entry entry, CancellationToken stop) => entry.Item.Kind switch
    {
        ItemKinds.Network => Network(entry, stop),
        ItemKinds.Group => Group(entry, stop),
        ItemKinds.Port => Port(entry, stop),
        ItemKinds.Router => Router(entry, stop),
        ItemKinds.Balancer => Balancer(entry, stop),
        ItemKinds.Domain => Domain(entry, stop),
        ItemKinds.Snapshot => Snapshot(entry, stop),
        ItemKinds.Carry => Carry(entry, stop),
        ItemKinds.Departure => Departure(entry, stop),
        ItemKinds.Volume => Volume(entry, stop),
        ItemKinds.VolumeSnapshot => VolumeSnapshot(entry, stop),
        ItemKinds.VolumeContent => VolumeContent(entry, stop),
        ItemKinds.VolumeSwap => VolumeSwap(entry, stop),
        _ => throw new NodeException($"This agent knows no items of kind {entry.Item.Kind}; update the node."),
    };

    private async Task<StepResult> Network(Entry entry, CancellationToken stop)
    {
        if (entry.Item.Network is { } network)
        {
            await drivers.Fabric.EnsureNetwork(network, stop);
            return StepResult.Seen(entry, ItemState.Present);
        }
        if (table.UserOfNetwork(entry.Item.Id) is { } user) return StepResult.Wait(user.Key);
        await drivers.Fabric.RemoveNetwork(entry.Item.Id, stop);
        return StepResult.Seen(entry, ItemState.Absent);
    }

    private async Task<StepResult> Group(Entry entry, CancellationToken stop)
    {
        if (entry.Item.Group is { } group)
        {
            await drivers.Fabric.EnsureGroup(group, stop);
            return StepResult.Seen(entry, ItemState.Present);
        }
        if (table.UserOfGroup(entry.Item.Id) is { } user) return StepResult.Wait(user.Key);
        await drivers.Fabric.RemoveGroup(entry.Item.Id, stop);
        return StepResult.Seen(entry, ItemState.Absent);
    }

    private async Task<StepResult> Port(Entry entry, CancellationToken stop)
    {
        if (entry.Item.Port is not { } port)
        {
            if (Holder(entry.Item.Id) is { } domain) return StepResult.Wait(domain.Key);
            await drivers.Fabric.RemovePort(entry.Item.Id, stop);
            return StepResult.Seen(entry, ItemState.Absent);
        }
        if (Missing(ItemKinds.Network, port.NetworkId) is { } network) return StepResult.Wait(network);
        foreach (var id in port.GroupIds)
            if (Missing(ItemKinds.Group, id) is { } group) return StepResult.Wait(group);
        var groups = port.GroupIds.Select(id => table.Find(ItemKinds.Group, id)!.Item.Group!).ToList();
        await drivers.Fabric.EnsurePort(port, groups, stop);
        return StepResult.Seen(entry, ItemState.Present);
    }

    private async Task<StepResult> Router(Entry entry, CancellationToken stop)
    {
        if (entry.Item.Router is not { } router)
        {
            await drivers.Fabric.RemoveRouter(entry.Item.Id, stop);
            return StepResult.Seen(entry, ItemState.Absent);
        }
        foreach (var id in ItemTable.NetworksOf(router))
            if (Missing(ItemKinds.Network, id) is { } network) return StepResult.Wait(network);
        await drivers.Fabric.EnsureRouter(router, stop);
        return StepResult.Seen(entry, ItemState.Present);
    }

    private async Task<StepResult> Balancer(Entry entry, CancellationToken stop)
    {
        if (entry.Item.Balancer is not { } balancer)
        {
            await drivers.Balancers.Remove(entry.Item.Id, stop);
            return StepResult.Seen(entry, ItemState.Absent);
        }
        if (Missing(ItemKinds.Port, balancer.PortId) is { } port) return StepResult.Wait(port);
        var sight = await drivers.Balancers.Ensure(balancer, stop);
        var seen = StepResult.Seen(entry, ItemState.Present);
        return seen with { Report = seen.Report! with { Message = sight.Message } };
    }

    private async Task<StepResult> Domain(Entry entry, CancellationToken stop)
    {
        if (entry.Item.Domain is not { } domain)
        {
            if (entry.Stored.Spec.Domain?.Arrival is { } came) await drivers.Doors.Close(came.Migration);
            await drivers.Hypervisor.Kill(entry.Item.Id, stop);
            await drivers.Disks.Remove(entry.Item.Id, stop);
            await drivers.Hypervisor.Remove(entry.Item.Id, stop);
            return StepResult.Seen(entry, ItemState.Absent);
        }
        domain = Swapped(domain);
        var sight = await drivers.Hypervisor.Look(domain.Id, stop);
        if (sight.Power != DomainPower.Running) entry.PowerOffAt = null;
        if (await OnItsWay(entry, domain, sight, stop) is { } way) return way;
        return domain.Power == PowerTarget.Shutoff ? await StopDomain(entry, domain, sight, stop) : await RunDomain(entry, domain, sight,
            stop);
    }

    private async Task<StepResult> StopDomain(Entry entry, DomainSpec domain, DomainSight sight, CancellationToken stop)
    {
        if (sight.Power == DomainPower.Running && !await PoweredOff(entry, domain, soft: true, stop)) return StepResult.Wait(null);
        if (sight.Power is DomainPower.Paused or DomainPower.Suspended) await drivers.Hypervisor.Kill(domain.Id, stop);
        if (domain.Carried is not null) await Disks(domain, stop);
        else if (sight.Power != DomainPower.Absent && domain.Root is { Generation: > 0 } root) await Disk(domain, root, stop);
        if (entry.Stored.HaltedVersion != entry.Item.Version) await rememberHalt(entry, entry.Item.Version);
        return StepResult.Seen(entry, ItemState.Shutoff, sight.Boots);
    }

    private async Task<StepResult> RunDomain(Entry entry, DomainSpec domain, DomainSight sight, CancellationToken stop)
    {
        var rebooted = sight.Boots >= domain.RebootCount;
        if (sight.Power is DomainPower.Running or DomainPower.Paused)
        {
            if (rebooted) return await Fit(entry, domain, sight, stop);
            var soft = !domain.RebootHard && sight.Power == DomainPower.Running;
            if (!await PoweredOff(entry, domain, soft, stop)) return StepResult.Wait(null);
        }
        else if (sight.Power == DomainPower.Suspended)
        {
            if (rebooted && domain.Power == PowerTarget.Suspended) return await Suspended(entry, domain, sight, stop);
            if (!rebooted) await drivers.Hypervisor.Kill(domain.Id, stop);
        }
        else if ((rebooted && StaysOff(entry, sight)) || domain.Power == PowerTarget.Suspended)
        {
            if (entry.Stored.HaltedVersion < 0) await rememberHalt(entry, entry.Item.Version);
            return StepResult.Seen(entry, sight.Power == DomainPower.Crashed ? ItemState.Crashed : ItemState.Shutoff, sight.Boots);
        }
        if (!MayStart) return StepResult.Wait(null);
        foreach (var nic in domain.Nics)
            if (Missing(ItemKinds.Port, nic.PortId) is { } port) return StepResult.Wait(port);
        if (VolumeMissing(domain) is { } volume) return StepResult.Wait(volume);
        // A disk is made once: a second, empty one would hide that the first is lost.
        if (sight.Power != DomainPower.Absent && domain.Root is not null && !await drivers.Disks.HasOverlay(domain.Id, stop))
            throw new NodeException($"The root disk of {domain.Id} is gone from its node. Put the file back, or delete the server.");
        var disks = await Disks(domain, stop);
        await InTurn(domain.Volumes.Select(disk => disk.VolumeId), async () =>
        {
            await drivers.Hypervisor.Start(domain, disks with { Volumes = await Places(domain, stop) }, stop);
            return true;
        }, stop);
        if (entry.Stored.HaltedVersion >= 0) await rememberHalt(entry, -1);
        return domain.Power == PowerTarget.Running ? StepResult.Seen(entry, ItemState.Running, domain.RebootCount)
            : await Fit(entry, domain, new DomainSight(domain.Id, DomainPower.Running, domain.RebootCount), stop);
    }

    private async Task<string> Disk(DomainSpec domain, RootDiskSpec root, CancellationToken stop)
    {
        await Fetch(root.ImageDigest, stop);
        await Carried(domain, stop);
        return await drivers.Disks.EnsureOverlay(domain.Id, root, stop);
    }

    private async Task<DomainDisks> Disks(DomainSpec domain, CancellationToken stop)
    {
        if (domain.Root is null) await Carried(domain, stop);
        var root = domain.Root is { } own ? await Disk(domain, own, stop) : null;
        string? rescue = null;
        if (domain.Rescue is { } wanted)
        {
            await Fetch(wanted.Disk.ImageDigest, stop);
            rescue = await drivers.Disks.EnsureRescue(domain.Id, wanted.Disk, stop);
        }
        else await drivers.Disks.DropRescue(domain.Id, stop);
        var blanks = new List<string>();
        foreach (var blank in domain.Blanks) blanks.Add(await drivers.Disks.EnsureBlank(domain.Id, blank, stop));
        return new DomainDisks(root, rescue, blanks);
    }

    /// <summary>Copies the disk once, then sends the copy until it is kept; the copy goes with the item.</summary>
    private async Task<StepResult> Snapshot(Entry entry, CancellationToken stop)
    {
        var id = entry.Item.Id;
        if (entry.Item.Snapshot is not { } snapshot)
        {
            await drivers.Disks.DropSnapshot(id, stop);
            return StepResult.Seen(entry, ItemState.Absent);
        }
        if (!await drivers.Disks.HasSnapshot(id, stop)) await Copy(id, snapshot.DomainId, stop);
        await using var content = await drivers.Disks.OpenSnapshot(id, stop);
        await control.Upload(id, content, stop);
        return StepResult.Seen(entry, ItemState.Present);
    }

    private async Task Copy(string id, string domainId, CancellationToken stop)
    {
        if (table.Find(ItemKinds.Domain, domainId)?.Item.Domain is not { } domain)
            throw new NodeException($"The server {domainId} is not on this node: there is no disk to copy.");
        var root = domain.Root ?? throw new NodeException($"The server {domainId} boots from a volume: it has no disk of its own to copy.");
        var sight = await drivers.Hypervisor.Look(domainId, stop);
        if (sight.Power is not (DomainPower.Running or DomainPower.Paused))
        {
            await drivers.Disks.CopyRoot(id, domainId, root, stop);
            return;
        }
        var target = await drivers.Disks.BeginSnapshot(id, domainId, root, stop);
        await drivers.Hypervisor.CopyDisk(domainId, target, stop);
        await drivers.Disks.EndSnapshot(id, stop);
    }

    /// <summary>Changes a domain that runs (or stands still in memory) without ending it.</summary>
    private async Task<StepResult> Fit(Entry entry, DomainSpec domain, DomainSight sight, CancellationToken stop)
    {
        foreach (var nic in domain.Nics)
            if (Missing(ItemKinds.Port, nic.PortId) is { } port) return StepResult.Wait(port);
        foreach (var disk in domain.Volumes)
            if (Missing(ItemKinds.Volume, disk.VolumeId) is { } volume) return StepResult.Wait(volume);
        await Pivoted(domain.Id, stop);
        var held = await InTurn(domain.Volumes.Select(disk => disk.VolumeId),
            () => drivers.Hypervisor.Fit(domain, volumeId => PlaceOf(volumeId, stop), stop), stop);
        if (domain.Root is { Generation: > 0 } root) await drivers.Disks.Settle(domain.Id, root, stop);
        if (held.Count > 0) return await Held(entry, domain, sight, held, stop);
        entry.HeldSince = null;
        switch (domain.Power)
        {
            case PowerTarget.Suspended:
                return await Suspended(entry, domain, sight, stop);
            case PowerTarget.Paused:
                if (sight.Power == DomainPower.Running) await drivers.Hypervisor.Pause(domain.Id, stop);
                return StepResult.Seen(entry, ItemState.Paused, sight.Boots);
            default:
                if (sight.Power == DomainPower.Paused) await drivers.Hypervisor.Unpause(domain.Id, stop);
                return StepResult.Seen(entry, ItemState.Running, sight.Boots);
        }
    }

    /// <summary>A guest has not let a volume go yet: it is asked again, and its observation stays that of what was wanted before. A guest that stands still can't let
    /// go.</summary>
    private async Task<StepResult> Held(Entry entry, DomainSpec domain, DomainSight sight, IReadOnlyList<string> held, CancellationToken stop)
    {
        entry.HeldSince ??= clock.GetUtcNow();
        if (domain.Power == PowerTarget.Running && sight.Power == DomainPower.Paused) await drivers.Hypervisor.Unpause(domain.Id, stop);
        if (clock.GetUtcNow() - entry.HeldSince < AgentLimits.HeldLimit) return StepResult.Wait(null) with { Again = AgentLimits.HeldAgain };
        var stands = sight.Power == DomainPower.Paused && domain.Power != PowerTarget.Running;
        var message = $"The guest has not let the volume {held[0]} go since {entry.HeldSince:u}. Unmount it there, or stop the server.";
        var report = new ItemReport(entry.Item.Kind, entry.Item.Id, Math.Min(entry.Observed?.Version ?? 0, entry.Item.Version - 1),
            stands ? ItemState.Paused : ItemState.Running, message, sight.Boots);
        return new StepResult(report, null) { Again = AgentLimits.HeldAgain };
    }

    private async Task<StepResult> Suspended(Entry entry, DomainSpec domain, DomainSight sight, CancellationToken stop)
    {
        await drivers.Hypervisor.Suspend(domain.Id, stop);
        return StepResult.Seen(entry, ItemState.Suspended, sight.Boots);
    }

    // A guest that stopped by itself stays off until a newer wish (a start, a reboot) arrives; after the machine's own reboot it comes
    // back.
    private static bool StaysOff(Entry entry, DomainSight sight) =>
        entry.Stored.HaltedVersion >= entry.Item.Version || (entry.Stored.HaltedVersion < 0
            && sight.Power is DomainPower.Halted or DomainPower.Crashed);

    private async Task<bool> PoweredOff(Entry entry, DomainSpec domain, bool soft, CancellationToken stop)
    {
        var now = clock.GetUtcNow();
        if (soft && domain.ShutdownSeconds > 0)
        {
            if (entry.PowerOffAt is null)
            {
                await drivers.Hypervisor.PowerDown(domain.Id, stop);
                entry.PowerOffAt = now + TimeSpan.FromSeconds(domain.ShutdownSeconds);
            }
            if (now < entry.PowerOffAt) return false;
        }
        await drivers.Hypervisor.Kill(domain.Id, stop);
        entry.PowerOffAt = null;
        return true;
    }

    /// <summary>Several domains of one image fetch it once.</summary>
    private async Task Fetch(string digest, CancellationToken stop)
    {
        if (await drivers.Disks.HasImage(digest, stop)) return;
        if (!fetches.TryGetValue(digest, out var fetch))
            fetches[digest] = fetch = drivers.Disks.EnsureImage(digest, (offset, end) => control.OpenImage(digest, offset, end), stop);
        try { await fetch; } finally { fetches.Remove(digest); }
    }

    /// <summary>The key of a thing that is not there yet, null when it is; a thing that failed fails what stands on it.</summary>
    private string? Missing(string kind, string id)
    {
        if (table.Find(kind, id) is not { } entry || entry.Item.Absent) return ItemTable.Key(kind, id);
        return entry.Observed?.State switch
        {
            ItemState.Present => null,
            ItemState.Error => throw new NodeException($"It needs the {kind} {id}, which failed: {entry.Observed.Message}"),
            _ => entry.Key,
        };
    }

    // Reverse order of making: a port's link goes after the domain or balancer that holds it.
    private Entry? Holder(string portId) => table.All.FirstOrDefault(e => e.Item.Kind is ItemKinds.Domain or ItemKinds.Balancer && e.Item.Absent
        && e.Observed?.State != ItemState.Absent
        && (e.Stored.Spec.Domain?.Nics.Any(n => n.PortId == portId) == true || e.Stored.Spec.Balancer?.PortId == portId));
}
