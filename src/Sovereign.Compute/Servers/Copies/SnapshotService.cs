using System.Text.Json;
using Sovereign.Compute.Hosts;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers.Copies;

/// <summary>What users ask for that copies a disk: images, backups, the shelf.</summary>
internal sealed class SnapshotService(KernelServices kernel, ServerService servers, Snapshots snapshots, VolumeCopies volumes, IImages images, HostService hosts)
{
    /// <summary>Makes an image of the root disk as it is now; the server goes on meanwhile.</summary>
    /// <returns>The image's id.</returns>
    public async Task<Outcome<string>> Create(AccessGrant access, string id, SnapshotOrder order, CancellationToken stop)
    {
        if (access.Caller.ProjectId is null) return new Fault.Forbidden("Images are made with a token whose scope is a project.");
        var (action, task) = order.Kind == SnapshotKinds.Backup ? ("createBackup", ServerStates.BackingUp) : ("createImage", ServerStates.Snapshotting);
        var image = "";
        var changed = await servers.Change(
            access,
            id,
            action,
            (tx, row) =>
            {
                // A lock keeps the server as it is, and a copy leaves it so.
                if (Refused(access with { Reach = access.Reach | Reach.All }, row, action) is { } refused) return refused;
                var max = kernel.Quotas.Limit(tx, ComputeQuotas.Service, "metadata_items", row.ProjectId);
                if (ServerOrder.WrongMetadata(order.Metadata, max) is { } wrong) return wrong;
                var ofVolumes = BlockDevices.BootsFromVolume(row);
                var begun = ofVolumes ? volumes.Make(tx, access, row, order) : snapshots.Begin(tx, access, row, order);
                if (begun.Fault is { } over) return over;
                image = begun.Value;
                if (ofVolumes) return row with { };
                tx.Due("server", id);
                return row.Move(row.VmState, task);
            },
            stop);
        return changed.Map(_ => image);
    }

    /// <summary>Shuts the guest down; when it is off its disk is copied, and its node forgets it.</summary>
    public Task<Outcome<ServerRow>> Shelve(AccessGrant access, string id, CancellationToken stop) => servers.Change(
        access,
        id,
        "shelve",
        (tx, row) => Refused(access, row, "shelve") ?? HardwareRules.StaysFor(row, "shelve")
            ?? servers.Want(tx, row.Move(row.VmState, ServerStates.Shelving) with { PowerTarget = ServerStates.TargetShutoff }),
        stop);

    /// <summary>A shelved server leaves its node by itself here, so there is only what is not shelved to refuse.</summary>
    public Task<Outcome<ServerRow>> Offload(AccessGrant access, string id, CancellationToken stop) => servers.Change(
        access,
        id,
        "shelveOffload",
        (tx, row) => ServerService.Refused(access, row, "shelveOffload", idle: true, ServerStates.Shelved) ?? servers.Want(tx, row),
        stop);

    /// <summary>Finds the server a node again and starts it from what it was shelved as.</summary>
    /// <param name="zone">Where it is to be from now on: null, in any zone; left out, where it was.</param>
    public Task<Outcome<ServerRow>> Unshelve(AccessGrant access, string id, Optional<string> zone, string? wantedNode, CancellationToken stop) => servers.Change(
        access,
        id,
        "unshelve",
        (tx, row) =>
        {
            if (ServerService.Locked(access, row) is { } locked) return locked;
            if (row.VmState != ServerStates.Offloaded || row.TaskState is not null)
            {
                return new Fault.Conflict($"Cannot 'unshelve' instance {id} while it is in vm_state {row.VmState}");
            }

            if (zone.Value is { } asked && !hosts.Zones().Contains(asked))
                return new Fault.Invalid("availability_zone", "The requested availability zone is not available");
            if (row.ShelvedImage is { } image && images.StatusOf(tx, image) is null)
            {
                return new Fault.Conflict($"The image {image} of the shelved instance {id} is gone: it can't be unshelved.");
            }

            tx.Due("server", id);
            return row.Move(row.VmState, ServerStates.Unshelving).Heal() with
            {
                PowerTarget = ServerStates.TargetRunning,
                Zone = zone.Or(row.Zone),
                WantedNode = wantedNode,
            };
        },
        stop);

    /// <summary>The server is on a node again: what it was shelved as is not needed any more.</summary>
    public static ServerRow Awake(Tx tx, IImages images, ServerRow row)
    {
        if (row.ShelvedImage is not { } image || row.VmState is not (ServerStates.Active or ServerStates.Stopped)) return row;
        images.Remove(tx, image);
        return row with { ShelvedImage = null };
    }

    /// <summary>The guest is off, so its disk can be copied.</summary>
    public static Outcome<ServerRow> Asleep(Tx tx, Snapshots snapshots, ServerRow row) => snapshots.Begin(
        tx,
        AccessGrant.OfSystem(row.ProjectId),
        row,
        new SnapshotOrder(row.Name + "-shelved", SnapshotKinds.Shelf, new Dictionary<string, string>())).Map(_ => row.Move(row.VmState, ServerStates.ShelvingCopy));

    private static Fault? Refused(AccessGrant access, ServerRow row, string action) => ServerService.Refused(
        access, row, action, idle: true, ServerStates.Active, ServerStates.Stopped, ServerStates.Paused, ServerStates.Suspended);
}
