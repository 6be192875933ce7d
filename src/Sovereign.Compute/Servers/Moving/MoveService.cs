using Sovereign.Compute.Groups;
using Sovereign.Compute.Hosts;
using Sovereign.Compute.Migrating;
using Sovereign.Compute.Servers.Copies;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Placement;

namespace Sovereign.Compute.Servers.Moving;

/// <summary>What takes a server to another node: cold migration, which carries its disks, and evacuation from a node that is off, which makes them anew.</summary>
internal sealed class MoveService(
    KernelServices kernel, ServerService servers, INodes nodes, INetworks networks, IImages images, IPlacement placement, HostService hosts, Snapshots snapshots,
    BootVolumes boots)
{
    private const string NoHost = "No valid host was found. ";

    /// <summary>Off, carried, on again where there is room; what it had stays on its node until the move is confirmed.</summary>
    /// <param name="wanted">Id of the node that was asked for; null: the scheduler chooses.</param>
    public Task<Outcome<ServerRow>> Migrate(AccessGrant access, string id, string? wanted, CancellationToken stop)
    {
        var found = servers.Find(access, id);
        // The next node fetches the image again: one that is gone can't be stood on.
        if (found.Ok && ImageGone(found.Value) is { } gone) return Task.FromResult<Outcome<ServerRow>>(gone);
        return servers.Change(
            access,
            id,
            "migrate",
            (tx, row) =>
            {
                if (ServerService.Refused(access, row, "migrate", idle: true, ServerStates.Active, ServerStates.Stopped) is { } refused) return refused;
                if (wanted is not null && wanted == row.NodeId) return new Fault.Invalid("host", $"{NoHost}The server is on that host already.");
                return Leave(tx, row, row, "migration", wanted);
            },
            stop);
    }

    /// <summary>Claims room on another node and tells the present one to shut the server down; the reconciler does the rest.</summary>
    /// <param name="next">The row as it shall be there: another flavor, or the same.</param>
    public Outcome<ServerRow> Leave(Tx tx, ServerRow row, ServerRow next, string kind, string? wanted)
    {
        if (HardwareRules.StaysFor(row, kind == "migration" ? "migrate" : "resize") is { } stays) return stays;
        if (boots.StaysFor(tx, row, kind == "migration" ? "migrate" : "resize") is { } tied) return tied;
        if (hosts.Find(row.NodeId!) is not { Node.Up: true } source) return new Fault.Conflict($"The node of instance {row.Id} is away: its disks can't be carried now.");
        var before = new ResizeBefore(row.FlavorId, row.Flavor, row.Vcpus, row.RamMib, row.DiskGeneration, kernel.Ids.Uuid()) { Node = row.NodeId };
        var claimed = Elsewhere(tx, before.Migration, next, row.NodeId!, wanted);
        if (claimed.Fault is { } full) return full;
        // What it has stays taken where it is, under the migration's name.
        var kept = placement.Claim(tx, new ClaimRequest(before.Migration, row.ProjectId, row.UserId, ServerReconciler.Resources(row), [row.NodeId!]));
        if (kept.Fault is { } lost) return lost;
        before = before with { Target = claimed.Value };
        if (boots.Bring(tx, row with { NodeId = claimed.Value }) is { } away) return away;
        MigrationStore.Begin(tx, row, kind, (source.Node.HostName, hosts.Find(claimed.Value)?.Node.HostName ?? ""), before.Migration, next.FlavorId);
        return servers.Want(tx, next.Move(row.VmState, ServerStates.Resizing) with
        {
            BeforeResize = System.Text.Json.JsonSerializer.Serialize(before, ServerJson.Wire.ResizeBefore),
        });
    }

    /// <summary>Makes the server anew on another node. Its node must be fenced: as of this very transaction nothing of it runs.</summary>
    /// <param name="staysOff">True: it is not started there (2.95 and later); false: it is on when it was.</param>
    public async Task<Outcome<ServerRow>> Evacuate(AccessGrant access, string id, string? wanted, bool staysOff, CancellationToken stop)
    {
        var found = servers.Find(access, id);
        if (found.Ok && ImageGone(found.Value) is { } gone) return gone;
        return await servers.Change(
            access,
            id,
            "evacuate",
            (tx, row) =>
            {
                var refused = ServerService.Refused(access, row, "evacuate", idle: false, ServerStates.Active, ServerStates.Stopped, ServerStates.Error)
                    ?? HardwareRules.StaysFor(row, "evacuate") ?? boots.StaysFor(tx, row, "evacuate");
                if (refused is not null) return refused;
                var old = row.NodeId!;
                if (hosts.Find(old) is { Up: true } up) return new Fault.Invalid("", $"Compute service of {up.Node.HostName} is still in use.");
                if (!nodes.Fenced(tx, old))
                {
                    return new Fault.Invalid("", NoHost + "Nothing starts elsewhere before its node is confirmed to be off: sovereign node fence.");
                }

                snapshots.Cancel(tx, row.Id);
                Unmove(tx, row);
                var evacuation = kernel.Ids.Uuid();
                var claimed = Elsewhere(tx, evacuation, row, old, wanted);
                if (claimed.Fault is { } full) return full;
                // When the node comes back, it is told to remove what it had.
                nodes.Remove(tx, old, ItemKinds.Domain, row.Id);
                networks.Bind(tx, row.Id, claimed.Value);
                if (boots.Bring(tx, row with { NodeId = claimed.Value }) is { } away) return away;
                MigrationStore.Begin(
                    tx, row, MigrationKinds.Evacuation, (hosts.Find(old)?.Node.HostName ?? "", hosts.Find(claimed.Value)?.Node.HostName ?? ""), evacuation, row.FlavorId);
                return servers.Want(tx, row.Move(row.VmState == ServerStates.Error ? ServerStates.Active : row.VmState, ServerStates.Rebuilding).Heal() with
                {
                    NodeId = claimed.Value,
                    BeforeResize = null,
                    DiskGeneration = row.DiskLast + 1,
                    DiskLast = row.DiskLast + 1,
                    PowerTarget = staysOff || row.VmState == ServerStates.Stopped ? ServerStates.TargetShutoff : ServerStates.TargetRunning,
                });
            },
            stop);
    }

    /// <summary>The server stays where it is now: what a move left elsewhere goes.</summary>
    public void Unmove(Tx tx, ServerRow row)
    {
        Unleave(tx, row);
        if (row.Before() is not { } before) return;
        placement.Release(tx, before.Migration);
        foreach (var node in Others(row)) nodes.Remove(tx, node, ItemKinds.Domain, row.Id);
        Uncarry(tx, before);
    }

    /// <summary>A live migration ends where the server's row says that it is.</summary>
    private void Unleave(Tx tx, ServerRow row)
    {
        if (MigrationStore.Live(tx, row.Id) is not { } live) return;
        placement.Release(tx, live.Id);
        placement.Release(tx, row.Id);
        _ = placement.Claim(tx, new ClaimRequest(row.Id, row.ProjectId, row.UserId, ServerReconciler.Resources(row), [row.NodeId!]));
        nodes.Remove(tx, live.SourceId, ItemKinds.Departure, live.Id);
        foreach (var node in new[] { live.SourceId, live.DestId }.Where(node => node != row.NodeId)) nodes.Remove(tx, node, ItemKinds.Domain, row.Id);
        networks.Dismiss(tx, row.Id);
        _ = Home(tx, row);
        MigrationStore.End(tx, live.Id, LiveStatus.Error);
    }

    /// <summary>Its volumes are attached where it is, and not where it was to go. They are there already, so that nothing can be refused.</summary>
    public Fault? Home(Tx tx, ServerRow row) => boots.Bring(tx, row);

    /// <summary>Nobody needs the carried disks any more.</summary>
    public void Uncarry(Tx tx, ResizeBefore before)
    {
        if (before.Node is not { } source) return;
        nodes.Remove(tx, source, ItemKinds.Carry, before.Migration);
        nodes.DropCarried(tx, before.Migration);
    }

    /// <summary>Nodes beside its own that have something of a server that is being moved.</summary>
    private static IEnumerable<string> Others(ServerRow row) =>
        row.Before() is { Node: { } source, Target: { } target } ? new[] { source, target }.Where(node => node != row.NodeId) : [];

    /// <summary>Moves the server's claim to another node.</summary>
    /// <param name="trial">A consumer of no use yet: room is looked for in its name, so that what the server has is given up only when there is some.</param>
    /// <param name="live">True: it goes there while it runs.</param>
    internal Outcome<string> Elsewhere(Tx tx, string trial, ServerRow row, string current, string? wanted, bool live = false)
    {
        var all = Open(current).Where(node => (!live || nodes.Find(node)?.Facts.Receives == true) && boots.Reached(tx, row, node)).ToList();
        var fit = (hosts.Candidates(wanted, row.Zone) ?? all).Where(all.Contains).ToList();
        var left = SchedulerHints.Narrow(tx, row, fit, () => all) ?? fit;
        IEnumerable<IReadOnlyList<string>> sets = GroupService.Rule(tx, row.Id)?.Without(current).Among(left) ?? [left];
        foreach (var among in sets.Where(set => set.Count > 0))
        {
            var request = new ClaimRequest(trial, row.ProjectId, row.UserId, ServerReconciler.Resources(row), among);
            var found = placement.Claim(tx, request);
            if (found.Fault is Fault.Conflict) continue;
            if (!found.Ok) return found;
            placement.Release(tx, trial);
            placement.Release(tx, row.Id);
            return placement.Claim(tx, request with { ConsumerId = row.Id, Among = [found.Value] });
        }

        return new Fault.Invalid("", NoHost + "There are not enough hosts available.");
    }

    /// <summary>Other nodes that may take a server.</summary>
    private List<string> Open(string current) =>
        [.. hosts.All().Where(host => host.Up && !host.Row.Disabled && host.Node.Id != current).Select(host => host.Node.Id)];

    internal Fault? ImageGone(ServerRow row)
    {
        // There is a better reason to refuse.
        if (Open(row.NodeId ?? "").Count == 0 || row.BlockDevices != "[]") return null;
        var content = images.OpenContent(row.RootThen().Digest ?? "");
        if (!content.Ok) return new Fault.Conflict($"The image that instance {row.Id} was made from is gone: no other node can take its disk.");
        content.Value.Dispose();
        return null;
    }
}
