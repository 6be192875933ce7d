using System.Text.Json.Nodes;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Image;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume;

namespace Sovereign.Compute.Servers.Copies;

/// <summary>Images of servers that boot from a volume: a snapshot of each of its volumes, and an image without bytes that names them.</summary>
internal sealed class VolumeCopies(IVolumes volumes, IImages images)
{
    /// <returns>The image's id.</returns>
    public Outcome<string> Make(Tx tx, AccessGrant access, ServerRow row, SnapshotOrder order)
    {
        if (order.Kind == SnapshotKinds.Backup) return new Fault.Invalid("createBackup", "Backup is not supported for volume-backed instances.");
        var mapping = new JsonArray();
        foreach (var device in BlockDevices.Of(row).Where(device => device.State is BlockDeviceStates.Attached))
        {
            var taken = volumes.Snapshot(tx, access, device.VolumeId, "snapshot for " + order.Name, null);
            if (taken.Fault is { } refused) return refused;
            var size = volumes.Of(tx, [device.VolumeId])[device.VolumeId].SizeGib;
            mapping.Add(ImageDevices.Of(device, taken.Value, size));
        }

        var image = row.ImageThen();
        var properties = SnapshotProperties.Of(row, order, access.Caller.UserId);
        properties[ImageDevices.RootName] = "/dev/vda";
        properties[ImageDevices.Second] = "True";
        properties[ImageDevices.Mapping] = mapping.ToJsonString();
        return images.Announce(tx, access, new DiskImage(order.Name, null, image.MinDiskGib, image.MinRamMib, properties) { Empty = true });
    }
}
