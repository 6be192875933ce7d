using Sovereign.Compute.Groups;
using Sovereign.Compute.Hosts;
using Sovereign.Compute.Servers.Copies;
using Sovereign.Compute.Migrating;
using Sovereign.Compute.Servers.Moving;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Placement;

namespace Sovereign.Compute.Servers;

/// <summary>Moves one server towards what it should be: a place, then a running domain; the same backwards when it must go.</summary>
internal sealed class ServerReconciler : IReconciler
{
    private static readonly TimeSpan helloWait = TimeSpan.FromSeconds(1);
    private const string NoHost = "No valid host was found. There are not enough hosts available.";
    private const long GibBytes = 1L << 30;
    private static readonly TimeSpan nodeWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan portWait = TimeSpan.FromSeconds(2);

    private readonly KernelServices kernel;
    private readonly INodes nodes;
    private readonly INetworks networks;
    private readonly IPlacement placement;
    private readonly HostService hosts;
    private readonly Domains domains;
    private readonly IImages images;
    private readonly Snapshots snapshots;
    private readonly VolumeAttachmentService volumes;
    private readonly BootVolumes boots;
    private readonly CopyPhases copies;
    private readonly MoveService moves;
    private readonly IReadOnlyList<Phase<ServerRow>> phases;

    public ServerReconciler(
        KernelServices kernel, INodes nodes, INetworks networks, IPlacement placement, HostService hosts, Domains domains, IImages images, Snapshots snapshots,
        MoveService moves, VolumeAttachmentService volumes, BootVolumes boots, VolumeRebuilds rebuilds,
        VolumeSwaps swaps)
    {
        (this.kernel, this.nodes, this.networks, this.placement, this.hosts) = (kernel, nodes, networks, placement, hosts);
        (this.domains, this.images, this.snapshots, this.volumes, this.boots) = (domains, images, snapshots, volumes, boots);
        copies = new CopyPhases(kernel, nodes, networks, placement, images, snapshots);
        var between = new MovePhases(kernel, nodes, networks, placement, domains, moves);
        var live = new LivePhases(kernel, nodes, networks, placement, domains, moves);
        this.moves = moves;
        phases =
        [
            new("place", Place, Forget), new("disks", Disks, Nothing), new("move", between.Move, Nothing),
            new("leave", live.Move, Nothing), new("reimage", rebuilds.Reimage, Nothing), new("swap", swaps.Follow, Nothing), new("run", Follow, Unrun),
            new("copy", copies.Copy, Nothing), new("offload", copies.Offload, Nothing),
        ];
    }

    public string Kind => "server";

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        var row = kernel.Database.Read(session => ServerStore.Find(session, id));
        return row is null ? Progress.Done : await Phases.Walk(phases, row, row.Deleting, stop);
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => kernel.Queue.Write<Done>(
        "server.fail",
        Origin.System,
        tx =>
        {
            if (ServerStore.Find(tx, id) is not { } row) return Done.Value;
            if (row.TaskState == ServerStates.Migrating) moves.Unmove(tx, row);
            return Save(tx, row.Fail(fault.Message, tx.Now), fault.Message);
        },
        stop);

    /// <summary>Schedules: one transaction claims a node, binds the ports and puts the domain on the node's manifest.</summary>
    private async Task<Progress> Place(ServerRow row, CancellationToken stop)
    {
        if (!Homeless(row)) return Progress.Done;
        var candidates = hosts.Candidates(row.WantedNode, row.Zone);
        if (kernel.Database.Read(session => boots.Nodes(session, row)) is { } reach) candidates = candidates is null ? reach : [.. candidates.Intersect(reach)];
        if (candidates is { Count: 0 } && !nodes.Settled) return new Progress.Waiting(helloWait, "the nodes to say hello");
        var written = await kernel.Queue.Write<Done>(
            "server.place",
            Origin.System with { ProjectId = row.ProjectId },
            tx =>
            {
                var now = ServerStore.Find(tx, row.Id);
                if (now is null || now.Deleting || !Homeless(now)) return Done.Value;
                var building = now.VmState == ServerStates.Building;
                var fit = SchedulerHints.Narrow(tx, now, candidates, () => [.. hosts.All().Where(host => host.Up && !host.Row.Disabled).Select(host => host.Node.Id)]);
                var claimed = Claim(tx, now, fit, GroupService.Rule(tx, now.Id));
                // What is on the shelf stays there.
                if (claimed.Fault is Fault.Conflict) return Save(tx, building ? now.Fail(NoHost, tx.Now) : now.Move(now.VmState, null), NoHost);
                if (claimed.Fault is { } trouble) return trouble;
                var placed = now.Move(now.VmState, building ? ServerStates.Spawning : ServerStates.Unshelving) with { NodeId = claimed.Value };
                networks.Bind(tx, placed.Id, claimed.Value);
                if (building && placed.BlockDevices != "[]") return Furnish(tx, placed);
                if (boots.Bring(tx, placed) is { } away) return away;
                nodes.Put(tx, claimed.Value, domains.Item(tx, placed));
                return Save(tx, placed);
            },
            stop);
        if (written.Fault is { } refused and not Fault.Unavailable && row.BlockDevices != "[]") await Unplaced(row, refused, stop);
        return new Progress.Waiting(nodeWait, "the node to start it");
    }

    /// <summary>Its disks keep it from every node: a new one failed, what is on the shelf stays there.</summary>
    private Task Unplaced(ServerRow row, Fault refused, CancellationToken stop) => kernel.Queue.Write<Done>(
        "server.unplaced",
        Origin.System with { ProjectId = row.ProjectId },
        tx => ServerStore.Find(tx, row.Id) is { Deleting: false, NodeId: null } now
            ? Save(tx, now.VmState == ServerStates.Building ? now.Fail(refused.Message, tx.Now) : now.Move(now.VmState, null), refused.Message)
            : Done.Value,
        stop);

    /// <summary>Orders the volumes that come with it; its node is told of it when they are there.</summary>
    private Outcome<Done> Furnish(Tx tx, ServerRow placed)
    {
        tx.Due("server", placed.Id);
        var made = boots.Make(tx, placed);
        return made.Fault is { } refused
            ? refused
            : Save(tx, made.Value.Move(ServerStates.Building, ServerStates.MappingDevices));
    }

    /// <summary>Waits for the volumes of a new server.</summary>
    private async Task<Progress> Disks(ServerRow row, CancellationToken stop)
    {
        if (row.TaskState != ServerStates.MappingDevices) return Progress.Done;
        var ready = kernel.Database.Read(session => boots.Ready(session, row));
        if (ready is { Ok: true, Value: false }) return new Progress.Waiting(nodeWait, "its volumes");
        await kernel.Queue.Write<Done>(
            "server.disks",
            Origin.System with { ProjectId = row.ProjectId },
            tx =>
            {
                if (ServerStore.Find(tx, row.Id) is not { Deleting: false, TaskState: ServerStates.MappingDevices } now) return Done.Value;
                if ((ready.Fault ?? boots.Bring(tx, now)) is { } broken)
                {
                    return broken is Fault.Unavailable ? Done.Value : Save(tx, now.Fail(broken.Message, tx.Now), broken.Message);
                }

                var next = now.Move(ServerStates.Building, ServerStates.Spawning);
                nodes.Put(tx, now.NodeId!, domains.Item(tx, next));
                return Save(tx, next);
            },
            stop);
        return new Progress.Waiting(nodeWait, "the node to start it");
    }

    /// <summary>It has no node and should have one: it is new, or comes from the shelf.</summary>
    private static bool Homeless(ServerRow row) => row.NodeId is null && (row.VmState == ServerStates.Building || row.TaskState == ServerStates.Unshelving);

    private static Task<Progress> Nothing(ServerRow row, CancellationToken stop) => Task.FromResult(Progress.Done);

    private Outcome<string> Claim(Tx tx, ServerRow row, IReadOnlyList<string>? candidates, GroupRule? rule)
    {
        var all = candidates ?? (rule is null ? null : hosts.All().Select(host => host.Node.Id).ToList());
        IEnumerable<IReadOnlyList<string>?> sets = new IReadOnlyList<string>?[] { all };
        if (rule is not null) sets = rule.Among(all!);
        foreach (var among in sets)
        {
            if (among is { Count: 0 }) continue;
            var claimed = placement.Claim(tx, new ClaimRequest(row.Id, row.ProjectId, row.UserId, Resources(row), among));
            if (claimed.Fault is not Fault.Conflict) return claimed;
        }

        return new Fault.Conflict(NoHost);
    }

    /// <summary>What a server takes of its node.</summary>
    internal static Dictionary<string, long> Resources(ServerRow row)
    {
        var (flavor, image) = (row.FlavorThen(), row.ImageThen());
        var diskGib = BlockDevices.BootsFromVolume(row) ? 0 : flavor.DiskGib > 0 ? flavor.DiskGib : (image.VirtualSizeBytes + GibBytes - 1) / GibBytes;
        var resources = new Dictionary<string, long> { ["VCPU"] = flavor.Vcpus, ["MEMORY_MB"] = flavor.RamMib };
        diskGib += flavor.EphemeralGib + ((flavor.SwapMib + 1023) / 1024);
        if (diskGib > 0) resources["DISK_GB"] = diskGib;
        return resources;
    }

    /// <summary>Follows what the node reports, when it reports on what is wanted now.</summary>
    private async Task<Progress> Follow(ServerRow row, CancellationToken stop)
    {
        if (row.NodeId is not { } node || ServerStates.Apart(row.TaskState)) return Progress.Done;
        if (MovePhases.UnderWay(row)) return Progress.Done;
        var seen = kernel.Database.Read(session => LivePhases.Leaving(session, row) ? null : nodes.Observed(session, node, ItemKinds.Domain, row.Id));
        if (seen is null || !seen.Current) return new Progress.Waiting(nodeWait, "its node");
        if (Next(row, seen, 0) is null)
        {
            if (row.TaskState is not null) return new Progress.Waiting(nodeWait, "its node");
            if (row.Detaching == "[]" && !kernel.Database.Read(session => ServerStore.Busy(session, row.Id))) return Progress.Done;
        }

        await kernel.Queue.Write<Done>(
            "server.follow",
            Origin.System with { ProjectId = row.ProjectId },
            tx =>
            {
                var now = ServerStore.Find(tx, row.Id);
                if (now is null || now.Deleting || now.NodeId is null || MovePhases.UnderWay(now) || LivePhases.Leaving(tx, now)) return Done.Value;
                var observed = nodes.Observed(tx, now.NodeId, ItemKinds.Domain, now.Id);
                if (observed is null || !observed.Current) return Done.Value;
                var failed = observed.State == ItemState.Error;
                if (ServerStates.Apart(now.TaskState)) return Done.Value;
                if (now.TaskState == ServerStates.Shelving && observed.State == ItemState.Shutoff) return Asleep(tx, now);
                var next = Next(now, observed, tx.Now) ?? now;
                if (!failed) next = SnapshotService.Awake(tx, images, volumes.Settle(tx, Detached(tx, next)));
                if (ReferenceEquals(next, now))
                {
                    if (now.TaskState is null) ServerStore.End(tx, now.Id, now.NodeId, failed ? observed.Message : null);
                    return Done.Value;
                }

                if (now.TaskState == ServerStates.Resizing && next.Before() is { } before) MigrationStore.End(tx, before.Migration, failed ? "error" : "finished");
                if (now.TaskState == ServerStates.Migrating) LivePhases.Arrived(tx, now, next);
                if (now.TaskState == ServerStates.Rebuilding) MigrationStore.Arrived(tx, now.Id, failed ? "error" : "done");
                // What went down by itself stays down until the user starts it again.
                if (next.PowerTarget != now.PowerTarget) nodes.Put(tx, now.NodeId, domains.Item(tx, next));
                return Save(tx, next, next.VmState == ServerStates.Error ? next.FaultMessage : null);
            },
            stop);
        return Progress.Done;
    }

    /// <summary>The row after an observation; null when nothing is new.</summary>
    internal static ServerRow? Next(ServerRow row, Observation seen, long now)
    {
        var wantsRunning = row.PowerTarget != ServerStates.TargetShutoff;
        var rebooted = seen.RebootCount >= row.RebootCount;
        // A resize that went well waits for its confirmation, on or off.
        var (on, off) = row switch
        {
            { BeforeResize: not null } => (ServerStates.Resized, ServerStates.Resized),
            { Rescue: not null } => (ServerStates.Rescued, ServerStates.Stopped),
            _ => (ServerStates.Active, ServerStates.Stopped),
        };
        return seen.State switch
        {
            ItemState.Running when row.PowerTarget == ServerStates.TargetRunning && rebooted => Settled(row, on, ServerStates.PowerRunning, now),
            ItemState.Paused when row.PowerTarget == ServerStates.TargetPaused && rebooted =>
                Settled(row, ServerStates.Paused, ServerStates.PowerPaused, now),
            ItemState.Suspended when row.PowerTarget == ServerStates.TargetSuspended && rebooted =>
                Settled(row, ServerStates.Suspended, ServerStates.PowerShutdown, now),
            ItemState.Shutoff when wantsRunning && rebooted =>
                (Settled(row, off, ServerStates.PowerShutdown, now) ?? row) with { PowerTarget = ServerStates.TargetShutoff },

            // A crashed or failed server is not healed by being off; only stopping it on purpose settles it.
            ItemState.Shutoff when !wantsRunning && (row.VmState != ServerStates.Error || row.TaskState is not null) =>
                Settled(row, off, ServerStates.PowerShutdown, now),
            ItemState.Crashed when wantsRunning => row.Fail(
                $"The VM's process ended{(seen.Message is { } why ? ": " + why.TrimEnd('.') : "")}; start the server again by a hard reboot.", now) with
            {
                PowerState = ServerStates.PowerCrashed,
                PowerTarget = ServerStates.TargetShutoff,
            },
            ItemState.Error when row.VmState != ServerStates.Error || row.TaskState is not null =>
                row.Fail(seen.Message ?? "The node could not make the server what it should be.", now) with { PowerState = ServerStates.PowerNone },
            _ => null,
        };
    }

    /// <summary>A server on its way to the shelf is off: its disk can be copied.</summary>
    private Outcome<Done> Asleep(Tx tx, ServerRow row)
    {
        tx.Due("server", row.Id);
        if (BlockDevices.BootsFromVolume(row)) return Save(tx, copies.Leave(tx, row));
        var copied = SnapshotService.Asleep(tx, snapshots, row);
        if (copied.Fault is not { } refused) return Save(tx, copied.Value);
        return Save(tx, row.Move(ServerStates.Stopped, null) with { PowerState = ServerStates.PowerShutdown }, refused.Message);
    }

    /// <summary>Its node holds no port any more that it was told to take away.</summary>
    private ServerRow Detached(Tx tx, ServerRow row)
    {
        if (row.Detaching == "[]") return row;
        foreach (var port in row.DetachingList()) networks.DetachPort(tx, row.Id, port);
        // The network service may have told of the change, which raised the revision.
        var ports = networks.PortsOf(tx, [row.Id]).GetValueOrDefault(row.Id) ?? [];
        return row with { Detaching = "[]", Addresses = ServerAddresses.Text(ports), Revision = ServerStore.Find(tx, row.Id)!.Revision };
    }

    private static ServerRow? Settled(ServerRow row, string vmState, long powerState, long now)
    {
        if (row.VmState == vmState && row.TaskState is null && row.PowerState == powerState) return null;
        return row.Move(vmState, null).Heal() with { PowerState = powerState, AdminPass = null, LaunchedAt = row.LaunchedAt == 0 ? now : row.LaunchedAt };
    }

    /// <summary>Waits until its node has neither the domain nor its ports. The request that deleted it took both off the manifest.</summary>
    private Task<Progress> Unrun(ServerRow row, CancellationToken stop)
    {
        if (row.NodeId is null) return Task.FromResult(Progress.Done);
        // A fenced node has nothing of it, and is told to remove what it finds when it comes back.
        var (left, portsGone) = kernel.Database.Read(session => (
            nodes.NodesOf(session, ItemKinds.Domain, row.Id).Any(one => !nodes.Fenced(session, one)),
            networks.Gone(session, row.Id)));
        if (left) return Task.FromResult<Progress>(new Progress.Waiting(nodeWait, "its node to remove it"));
        return Task.FromResult(portsGone ? Progress.Done : new Progress.Waiting(portWait, "its node to remove its ports"));
    }

    /// <summary>The last of it, in one transaction: ports, claim, quota, row; the tombstone stays.</summary>
    private async Task<Progress> Forget(ServerRow row, CancellationToken stop)
    {
        await kernel.Queue.Write<Done>(
            "server.forget",
            Origin.System with { ProjectId = row.ProjectId },
            tx =>
            {
                if (ServerStore.Find(tx, row.Id) is not { Deleting: true } now) return Done.Value;
                networks.Detach(tx, now.Id);
                volumes.Forget(tx, now);
                placement.Release(tx, now.Id);
                if (now.Before() is { } before) placement.Release(tx, before.Migration);
                if (now.ShelvedImage is { } shelved) images.Remove(tx, shelved);
                snapshots.Cancel(tx, now.Id);
                MigrationStore.Abandon(tx, now.Id);
                ComputeQuotas.GiveServer(kernel.Quotas, tx, now.ProjectId, now.Vcpus, now.RamMib);
                ServerStore.Delete(tx, now.Id);
                if (now.RootThen().Digest is { } root) images.Left(tx, root);
                ServerStore.End(tx, now.Id, now.NodeId, null);
                tx.Record("server", now.Id, now.ProjectId, Change.Deleted, now.Document(), ServerJson.Wire.ServerRow);
                return Done.Value;
            },
            stop);
        return Progress.Done;
    }

    internal static Outcome<Done> Save(Tx tx, ServerRow row, string? error = null)
    {
        var next = row with { UpdatedAt = tx.Now };
        ServerStore.Update(tx, next);
        if (next.TaskState is null) ServerStore.End(tx, next.Id, next.NodeId, error);
        tx.Record("server", next.Id, next.ProjectId, Change.Updated, next.Document(), ServerJson.Wire.ServerRow);
        return Done.Value;
    }
}
