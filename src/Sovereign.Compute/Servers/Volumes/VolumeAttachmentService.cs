using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume;

namespace Sovereign.Compute.Servers.Volumes;

/// <summary>Volumes of a server that come and go while it lives: each change is written with the volume's in one transaction, and its node does the rest.</summary>
internal sealed class VolumeAttachmentService(ServerService servers, IVolumes volumes, INodes nodes, BootVolumes boots)
{
    /// <summary>Takes a volume for the server; its node plugs it in.</summary>
    /// <param name="shelved">True (2.20 and later): a server on the shelf gets it, too, and finds it when it comes back.</param>
    public async Task<Outcome<(ServerRow Row, BlockDeviceRow Device)>> Attach(
        AccessGrant access, string id, VolumeAttachmentAsked asked, bool shelved, CancellationToken stop)
    {
        BlockDeviceRow? made = null;
        var changed = await servers.Change(
            access,
            id,
            "attach_volume",
            (tx, row) =>
            {
                if (Refused(access, row, "attach_volume", shelved) is { } refused) return refused;
                if (BlockDevices.Of(row).Exists(device => device.VolumeId == asked.VolumeId))
                {
                    return new Fault.Invalid("volumeId", $"volume {asked.VolumeId} already attached");
                }

                if (asked.Device is { } named && BlockDevices.Taken(row, named)) return new Fault.Conflict($"The supplied device path ({named}) is in use.");
                if ((asked.Device ?? BlockDevices.FreeName(row)) is not { } name)
                {
                    return new Fault.Forbidden($"Maximum number of disk devices ({BlockDevices.DisksMax}) allowed to attach to a single instance exceeded.");
                }

                var reserved = volumes.Reserve(tx, access, asked.VolumeId, id, name);
                if (reserved.Fault is { } unusable) return unusable is Fault.NotFound ? Wire.NotFound($"Volume {asked.VolumeId} could not be found.") : unusable;
                var bus = Domains.DiskBus(row.ImageThen().Properties) == "scsi" ? "scsi" : "virtio";
                made = new BlockDeviceRow(
                    reserved.Value, asked.VolumeId, name, bus, null, asked.DeleteOnTermination, asked.Tag, BlockDeviceStates.Attaching);
                if (row.NodeId is null) return Kept(tx, row, made = made with { State = BlockDeviceStates.Attached });
                if (volumes.Bring(tx, reserved.Value, row.NodeId).Fault is { } away) return away;
                return servers.Want(tx, BlockDevices.With(row, [.. BlockDevices.Of(row), made]));
            },
            stop);
        return changed.Map(row => (row, made!));
    }

    /// <summary>A server on the shelf has it at once; some node must reach all that it has.</summary>
    private Outcome<ServerRow> Kept(Tx tx, ServerRow row, BlockDeviceRow made)
    {
        var next = BlockDevices.With(row, [.. BlockDevices.Of(row), made]);
        if (boots.Nodes(tx, next) is { Count: 0 }) return new Fault.Conflict($"Volume {made.VolumeId} is on another node than the volumes of instance {row.Id}.");
        volumes.Attached(tx, made.AttachmentId, made.Device, "");
        return next;
    }

    /// <summary>Tells the node to take the volume away; it is available when it has.</summary>
    public Task<Outcome<ServerRow>> Detach(AccessGrant access, string id, string volumeId, bool shelved, CancellationToken stop) => servers.Change(
        access,
        id,
        "detach_volume",
        (tx, row) =>
        {
            if (ServerService.Locked(access, row) is { } locked) return locked;
            if (BlockDevices.Of(row).Find(device => device.VolumeId == volumeId) is not { } device) return Missing(id, volumeId);
            if (device.BootIndex == 0) return new Fault.Forbidden("Cannot detach a root device volume");
            if (device.State == BlockDeviceStates.Detaching) return new Fault.Invalid("volumeId", $"Invalid volume: volume {volumeId} is being detached already.");
            if (device.State == BlockDeviceStates.Swapping) return new Fault.Invalid("volumeId", $"Invalid volume: volume {volumeId} is being swapped.");
            if (Refused(access, row, "detach_volume", shelved) is { } refused) return refused;
            if (row.NodeId is null)
            {
                volumes.Detached(tx, device.AttachmentId);
                return BlockDevices.With(row, BlockDevices.Of(row).Where(other => other != device));
            }

            if (device.State == BlockDeviceStates.Attached && volumes.BeginDetach(tx, access, volumeId, id).Fault is { } notAttached) return notAttached;
            return servers.Want(tx, BlockDevices.With(row, device with { State = BlockDeviceStates.Detaching }));
        },
        stop);

    /// <summary>Says whether the volume goes with the server.</summary>
    public Task<Outcome<ServerRow>> SetDeleteOnTermination(AccessGrant access, string id, string volumeId, bool delete, CancellationToken stop) => servers.Change(
        access,
        id,
        null,
        (_, row) => BlockDevices.Of(row).Find(device => device.VolumeId == volumeId) is { } device
            ? BlockDevices.With(row, device with { DeleteOnTermination = delete })
            : Missing(id, volumeId),
        stop);

    /// <summary>What the node has done is told to the volume service.</summary>
    /// <returns>The same row when there was nothing to tell.</returns>
    public ServerRow Settle(Tx tx, ServerRow row)
    {
        var devices = BlockDevices.Of(row);
        if (devices.TrueForAll(device => device.State is BlockDeviceStates.Attached or BlockDeviceStates.Swapping)) return row;
        var left = new List<BlockDeviceRow>();
        foreach (var device in devices)
        {
            if (device.State == BlockDeviceStates.Detaching)
            {
                volumes.Detached(tx, device.AttachmentId);
                continue;
            }

            if (device.State == BlockDeviceStates.Attaching) volumes.Attached(tx, device.AttachmentId, device.Device, nodes.Find(row.NodeId!)?.HostName ?? "");
            left.Add(device.State == BlockDeviceStates.Swapping ? device : device with { State = BlockDeviceStates.Attached });
        }

        return BlockDevices.With(row, left);
    }

    /// <summary>A volume changed by itself: its servers are looked at, and say when it has grown.</summary>
    public static void Changed(Tx tx, VolumeChange change, string requestId)
    {
        foreach (var server in change.ServerIds)
        {
            tx.Due("server", server);
            if (!change.Grown || ServerStore.Find(tx, server) is not { } row) continue;
            ServerStore.Begin(tx, new ActionRow
            {
                ServerId = server, RequestId = requestId, Action = "extend_volume", ProjectId = row.ProjectId, UserId = row.UserId, ActorProjectId = row.ProjectId,
                Event = ServerEvents.Of("extend_volume"), NodeId = row.NodeId, StartedAt = tx.Now,
            });
            ServerStore.EndOne(tx, server, requestId);
        }
    }

    /// <summary>The server is gone from its node: its volumes are free, or go with it.</summary>
    public void Forget(Tx tx, ServerRow row)
    {
        foreach (var device in BlockDevices.Of(row).Where(device => device.AttachmentId.Length > 0))
        {
            volumes.Detached(tx, device.AttachmentId);
            if (device.Swap is { } swap)
            {
                volumes.Detached(tx, swap.AttachmentId);
                if (row.NodeId is { } node) nodes.Remove(tx, node, ItemKinds.VolumeSwap, swap.AttachmentId);
            }

            if (device.DeleteOnTermination) volumes.Delete(tx, device.VolumeId);
        }
    }

    internal static Fault Missing(string id, string volumeId) => Wire.NotFound($"Instance {id} is not attached to volume {volumeId}");

    private static Fault? Refused(AccessGrant access, ServerRow row, string action, bool shelved) =>
        shelved && row is { VmState: ServerStates.Offloaded, TaskState: null, Deleting: false } ? ServerService.Locked(access, row)
            : ServerService.Refused(access, row, action, idle: true, ServerStates.Active, ServerStates.Paused, ServerStates.Stopped, ServerStates.Resized);
}
