using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume;

namespace Sovereign.Compute.Servers.Volumes;

/// <summary>A running server goes on with another volume, to which its present one is copied; until that is done it has the old one.</summary>
internal sealed class VolumeSwaps(KernelServices kernel, ServerService servers, IVolumes volumes, INodes nodes, Domains domains)
{
    private static readonly TimeSpan nodeWait = TimeSpan.FromSeconds(30);

    public Task<Outcome<ServerRow>> Order(AccessGrant access, string id, string volumeId, string nextId, CancellationToken stop) => servers.Change(
        access,
        id,
        "swap_volume",
        (tx, row) =>
        {
            var refused = ServerService.Refused(access, row, "swap_volume", idle: true, ServerStates.Active, ServerStates.Paused, ServerStates.Resized);
            if (refused is not null) return refused;
            var had = volumes.Find(tx, access, volumeId);
            if (had.Fault is not null) return Wire.NotFound($"Volume {volumeId} could not be found.");
            var next = volumes.Find(tx, access, nextId);
            if (next.Fault is not null) return new Fault.Invalid("volumeId", $"Volume {nextId} could not be found.");
            if (BlockDevices.Of(row).Find(device => device.VolumeId == volumeId) is not { } device) return VolumeAttachmentService.Missing(id, volumeId);
            if (device.State != BlockDeviceStates.Attached) return Invalid($"Volume {volumeId} is {device.State}.");
            if (next.Value.SizeGib < had.Value.SizeGib) return Invalid("New volume must be the same size or larger.");
            if (next.Value.Status != "available") return Invalid("New volume must be detached in order to swap.");
            if (had.Value.Multiattach && volumes.AttachmentsOfVolume(tx, volumeId) > 1)
            {
                return new Fault.Invalid("volumeId", $"Swapping multi-attach volume {volumeId} with more than one read/write attachment is not supported.");
            }

            var reserved = volumes.Reserve(tx, access, nextId, id, device.Device);
            if (reserved.Fault is { } unusable) return unusable;
            if (volumes.Bring(tx, reserved.Value, row.NodeId!).Fault is { } away) return away;
            if (volumes.BeginDetach(tx, access, volumeId, id).Fault is { } notAttached) return notAttached;
            nodes.Put(tx, row.NodeId!, new ManifestItem(ItemKinds.VolumeSwap, reserved.Value, 0)
            {
                VolumeSwap = new VolumeSwapSpec(reserved.Value, id, volumeId, nextId),
            });
            tx.Due("server", id);
            return BlockDevices.With(row, device with { State = BlockDeviceStates.Swapping, Swap = new BlockDeviceSwap(reserved.Value, nextId) });
        },
        stop);

    /// <summary>Waits for the node, and writes what it has done: the new volume is the server's, or the old one still is.</summary>
    public async Task<Progress> Follow(ServerRow row, CancellationToken stop)
    {
        if (Under(row) is not { } swapping) return Progress.Done;
        if (kernel.Database.Read(session => Ended(session, row, swapping)) is null) return new Progress.Waiting(nodeWait, "its node to swap the volume");
        await kernel.Queue.Write<Done>(
            "server.swapped",
            Origin.System with { ProjectId = row.ProjectId },
            tx =>
            {
                if (ServerStore.Find(tx, row.Id) is not { Deleting: false, NodeId: { } node } now || Under(now) is not { Swap: { } swap } device) return Done.Value;
                if (Ended(tx, now, device) is not { } end) return Done.Value;
                nodes.Remove(tx, node, ItemKinds.VolumeSwap, swap.AttachmentId);
                tx.Due("server", now.Id);
                if (end.State == ItemState.Error)
                {
                    volumes.KeepAttached(tx, device.AttachmentId);
                    volumes.Detached(tx, swap.AttachmentId);
                    return ServerReconciler.Save(tx, BlockDevices.With(now, device with { State = BlockDeviceStates.Attached, Swap = null }), end.Message);
                }

                volumes.Attached(tx, swap.AttachmentId, device.Device, nodes.Find(node)?.HostName ?? "");
                volumes.Detached(tx, device.AttachmentId);
                var swapped = device with { AttachmentId = swap.AttachmentId, VolumeId = swap.VolumeId, State = BlockDeviceStates.Attached, Swap = null };
                var next = BlockDevices.With(now, BlockDevices.Of(now).Select(one => one.AttachmentId == device.AttachmentId ? swapped : one));
                nodes.Put(tx, node, domains.Item(tx, next));
                return ServerReconciler.Save(tx, next);
            },
            stop);
        return Progress.Done;
    }

    private static BlockDeviceRow? Under(ServerRow row) => BlockDevices.Of(row).Find(device => device.Swap is not null);

    /// <summary>What the node says of it; null while it works on it.</summary>
    private Observation? Ended(Session session, ServerRow row, BlockDeviceRow swapping) =>
        nodes.Observed(session, row.NodeId!, ItemKinds.VolumeSwap, swapping.Swap!.AttachmentId) is { Current: true, State: ItemState.Present or ItemState.Error } seen
            ? seen : null;

    private static Fault.Invalid Invalid(string why) => new("volumeId", "Invalid volume: " + why);
}
