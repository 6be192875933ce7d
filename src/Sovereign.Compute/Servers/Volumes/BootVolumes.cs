using System.Collections.Frozen;
using Sovereign.Image;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume;

namespace Sovereign.Compute.Servers.Volumes;

/// <summary>Volumes of a server that is being made: taken or made for it, awaited, and brought to its node.</summary>
internal sealed class BootVolumes(IVolumes volumes, IImages images)
{
    /// <summary>What a server that boots from a volume knows of an image: what the volume was made of.</summary>
    public Outcome<ImageInfo> Image(Session session, AccessGrant access, BlockDeviceRow boot)
    {
        if (boot.Source is { Type: "image", Id: { } id })
        {
            var found = images.Find(access, id);
            return found.Ok ? found.Value with { Id = "" } : new Fault.Invalid("block_device_mapping_v2", $"Block Device Mapping is Invalid: failed to get image {id}.");
        }

        if (boot.Source is { Type: "blank" }) return Of(new Dictionary<string, string>());
        var volume = boot.VolumeId;
        if (boot.Source is { Type: "snapshot", Id: { } snapshotId })
        {
            var snapshot = volumes.FindSnapshot(session, access, snapshotId);
            if (!snapshot.Ok) return new Fault.Invalid("block_device_mapping_v2", $"Block Device Mapping is Invalid: failed to get snapshot {snapshotId}.");
            volume = snapshot.Value.VolumeId;
        }

        var kept = volumes.Find(session, access, volume);
        if (!kept.Ok) return new Fault.Invalid("block_device_mapping_v2", $"Block Device Mapping is Invalid: failed to get volume {volume}.");
        return kept.Value.Bootable
            ? Of(kept.Value.ImageMetadata)
            : new Fault.Invalid("block_device_mapping_v2", $"Block Device {volume} is not bootable.");
    }

    /// <summary>A fault when one of the disks is of what the caller may not see.</summary>
    public Fault? Unseen(Session session, AccessGrant access, IEnumerable<BlockDeviceRow> devices)
    {
        foreach (var device in devices)
        {
            var seen = device.Source switch
            {
                null => volumes.Find(session, access, device.VolumeId).Ok,
                { Type: "image", Id: { } image } => images.Find(access, image).Ok,
                { Type: "snapshot", Id: { } snapshot } => volumes.FindSnapshot(session, access, snapshot).Ok,
                _ => true,
            };
            if (seen) continue;
            return new Fault.Invalid(
                "block_device_mapping_v2", $"Block Device Mapping is Invalid: failed to get {device.Source?.Type ?? "volume"} {device.Source?.Id ?? device.VolumeId}.");
        }

        return null;
    }

    /// <summary>Takes the volumes that are there, when the server is made: nobody else gets them meanwhile.</summary>
    public Outcome<ServerRow> Take(Tx tx, AccessGrant access, ServerRow row)
    {
        var taken = new List<BlockDeviceRow>();
        foreach (var device in BlockDevices.Of(row))
        {
            if (device.Source is not null)
            {
                taken.Add(device);
                continue;
            }

            var reserved = volumes.Reserve(tx, access, device.VolumeId, row.Id, device.Device);
            if (reserved.Fault is { } refused) return refused is Fault.NotFound ? new Fault.Invalid("block_device_mapping_v2", refused.Message) : refused;
            taken.Add(device with { AttachmentId = reserved.Value });
        }

        return BlockDevices.With(row, taken);
    }

    /// <summary>Nodes that reach the volumes which are there; null: any.</summary>
    public IReadOnlyList<string>? Nodes(Session session, ServerRow row)
    {
        if (row.BlockDevices == "[]") return null;
        var ids = BlockDevices.Of(row).Select(device => VolumeOf(session, row, device)).OfType<string>().ToList();
        var bound = volumes.Of(session, ids).Values.Where(volume => !volume.Shared).Select(volume => volume.NodeId).OfType<string>().Distinct().ToList();
        return bound.Count switch { 0 => null, 1 => bound, _ => [] };
    }

    /// <summary>The volume that a disk is, or lies beside: copies of snapshots are where their volume is.</summary>
    private string? VolumeOf(Session session, ServerRow row, BlockDeviceRow device)
    {
        if (device.VolumeId.Length > 0) return device.VolumeId;
        return device.Source is { Type: "snapshot", Id: { } id } && volumes.FindSnapshot(session, AccessGrant.OfSystem(row.ProjectId), id) is { Ok: true } found
            ? found.Value.VolumeId : null;
    }

    /// <summary>Makes the volumes that are ordered with the server, where it will be.</summary>
    public Outcome<ServerRow> Make(Tx tx, ServerRow row)
    {
        // The work is the cloud's, what it may take is the project's.
        var access = AccessGrant.OfSystem(row.ProjectId) with { Reach = Reach.Project };
        access = access with { Caller = access.Caller with { UserId = row.UserId, Roles = FrozenSet.Create("member") } };
        var made = new List<BlockDeviceRow>();
        foreach (var device in BlockDevices.Of(row))
        {
            if (device is not { Source: { } source, VolumeId: "" })
            {
                made.Add(device);
                continue;
            }

            var volume = volumes.Create(tx, access, new VolumeOrder("", "", source.SizeGib, source.VolumeType)
            {
                ImageId = source.Type == "image" ? source.Id : null, SnapshotId = source.Type == "snapshot" ? source.Id : null, NodeId = row.NodeId,
            });
            if (volume.Fault is { } refused) return refused;
            var reserved = volumes.Reserve(tx, access, volume.Value.Id, row.Id, device.Device);
            if (reserved.Fault is { } taken) return taken;
            made.Add(device with { VolumeId = volume.Value.Id, AttachmentId = reserved.Value });
        }

        return BlockDevices.With(row, made);
    }

    /// <summary>Whether all are there; a fault when one failed or can't be reached from the server's node.</summary>
    public Outcome<bool> Ready(Session session, ServerRow row)
    {
        var devices = BlockDevices.Of(row);
        var seen = volumes.Of(session, devices.ConvertAll(device => device.VolumeId));
        foreach (var device in devices)
        {
            if (!seen.TryGetValue(device.VolumeId, out var volume)) return new Fault.Conflict($"Volume {device.VolumeId} is gone.");
            if (volume.Status.StartsWith("error", StringComparison.Ordinal)) return new Fault.Conflict($"Volume {volume.Id} failed: {volume.Message}");
            if (volume.Status is "creating" or "downloading") return false;
        }

        return true;
    }

    /// <summary>Puts them on the manifest of the server's node.</summary>
    public Fault? Bring(Tx tx, ServerRow row) =>
        BlockDevices.Of(row).Select(device => volumes.Bring(tx, device.AttachmentId, row.NodeId!).Fault).FirstOrDefault(fault => fault is not null);

    /// <summary>Whether all its volumes are in places that other nodes reach too; a fault when not: they are on its node and go nowhere.</summary>
    public Fault? StaysFor(Session session, ServerRow row, string action)
    {
        if (row.BlockDevices == "[]") return null;
        var devices = BlockDevices.Of(row);
        var seen = volumes.Of(session, devices.ConvertAll(device => device.VolumeId));
        if (devices.TrueForAll(device => device.State == BlockDeviceStates.Attached && seen.TryGetValue(device.VolumeId, out var volume) && volume.Shared)) return null;
        return new Fault.Invalid(action, $"Operation '{action}' is not possible while instance {row.Id} has volumes, which stay on its node: detach them first.");
    }

    /// <summary>Whether a node reaches all volumes that a server has.</summary>
    public bool Reached(Session session, ServerRow row, string nodeId) =>
        row.BlockDevices == "[]" || BlockDevices.Of(row).TrueForAll(device => volumes.Reaches(session, device.VolumeId, nodeId));

    private static ImageInfo Of(IReadOnlyDictionary<string, string> metadata) => new(
        "", "", "", "active", "private", "raw", null, 0, 0, Number(metadata, "min_disk"), Number(metadata, "min_ram"),
        metadata.Where(pair => pair.Key.StartsWith("hw_", StringComparison.Ordinal) || pair.Key.StartsWith("os_", StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal));

    private static int Number(IReadOnlyDictionary<string, string> metadata, string name) =>
        int.TryParse(metadata.GetValueOrDefault(name), System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0;
}
