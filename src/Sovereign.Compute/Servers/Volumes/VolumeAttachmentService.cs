using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Control;
using Sovereign.Volume;

namespace Sovereign.Compute.Servers.Volumes;

/// <summary>Volumes of a server that come and go while it lives: each change is written with the volume's in one transaction, and its node does the rest.</summary>
internal sealed class VolumeAttachmentService(ServerService servers, IVolumes volumes, INodes nodes)
{
    /// <summary>Takes a volume for the server; its node plugs it in.</summary>
    public async Task<Outcome<(ServerRow Row, BlockDeviceRow Device)>> Attach(
        AccessGrant access, string id, VolumeAttachmentAsked asked, CancellationToken stop)
    {
        BlockDeviceRow? made = null;
        var changed = await servers.Change(
            access,
            id,
            "attach_volume",
            (tx, row) =>
            {
                if (Refused(access, row, "attach_volume") is { } refused) return refused;
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
                if (volumes.Bring(tx, reserved.Value, row.NodeId!).Fault is { } away) return away;
                var bus = Domains.DiskBus(row.ImageThen().Properties) == "scsi" ? "scsi" : "virtio";
                made = new BlockDeviceRow(
                    reserved.Value, asked.VolumeId, name, bus, null, asked.DeleteOnTermination, asked.Tag, BlockDeviceStates.Attaching);
                return servers.Want(tx, BlockDevices.With(row, [.. BlockDevices.Of(row), made]));
            },
            stop);
        return changed.Map(row => (row, made!));
    }

    /// <summary>Tells the node to take the volume away; it is available when it has.</summary>
    public Task<Outcome<ServerRow>> Detach(AccessGrant access, string id, string volumeId, CancellationToken stop) => servers.Change(
        access,
        id,
        "detach_volume",
        (tx, row) =>
        {
            if (ServerService.Locked(access, row) is { } locked) return locked;
            if (BlockDevices.Of(row).Find(device => device.VolumeId == volumeId) is not { } device) return Missing(id, volumeId);
            if (device.BootIndex == 0) return new Fault.Forbidden("Cannot detach a root device volume");
            if (device.State == BlockDeviceStates.Detaching) return new Fault.Invalid("volumeId", $"Invalid volume: volume {volumeId} is being detached already.");
            if (Refused(access, row, "detach_volume") is { } refused) return refused;
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
        if (devices.TrueForAll(device => device.State == BlockDeviceStates.Attached)) return row;
        var left = new List<BlockDeviceRow>();
        foreach (var device in devices)
        {
            if (device.State == BlockDeviceStates.Detaching)
            {
                volumes.Detached(tx, device.AttachmentId);
                continue;
            }

            if (device.State == BlockDeviceStates.Attaching) volumes.Attached(tx, device.AttachmentId, device.Device, nodes.Find(row.NodeId!)?.HostName ?? "");
            left.Add(device with { State = BlockDeviceStates.Attached });
        }

        return BlockDevices.With(row, left);
    }

    /// <summary>The server is gone from its node: its volumes are free, or go with it.</summary>
    public void Forget(Tx tx, ServerRow row)
    {
        foreach (var device in BlockDevices.Of(row).Where(device => device.AttachmentId.Length > 0))
        {
            volumes.Detached(tx, device.AttachmentId);
            if (device.DeleteOnTermination) volumes.Delete(tx, device.VolumeId);
        }
    }

    internal static Fault Missing(string id, string volumeId) => Wire.NotFound($"Instance {id} is not attached to volume {volumeId}");

    private static Fault? Refused(AccessGrant access, ServerRow row, string action) => ServerService.Refused(
        access, row, action, idle: true, ServerStates.Active, ServerStates.Paused, ServerStates.Stopped, ServerStates.Resized);
}
