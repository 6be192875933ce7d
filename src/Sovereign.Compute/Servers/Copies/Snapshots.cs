using Sovereign.Image;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.Compute.Servers.Copies;

/// <summary>How a copy ended.</summary>
/// <param name="Error">Why it failed; null when the image is active.</param>
internal sealed record SnapshotEnd(SnapshotRow Snapshot, string? Error);

/// <summary>Copies of servers' disks: the image is announced and the node told in one transaction; the node brings the bytes.</summary>
internal sealed class Snapshots(INodes nodes, IImages images)
{
    /// <returns>The image's id.</returns>
    public Outcome<string> Begin(Tx tx, AccessGrant access, ServerRow row, SnapshotOrder order)
    {
        var image = row.ImageThen();
        var announced = images.Announce(tx, access, new DiskImage(
            order.Name, null, Math.Max(image.MinDiskGib, (int)row.FlavorThen().DiskGib), image.MinRamMib, SnapshotProperties.Of(row, order, access.Caller.UserId)));
        return announced.Map(id =>
        {
            SnapshotStore.Insert(tx, new SnapshotRow
            {
                ImageId = id, ServerId = row.Id, NodeId = row.NodeId!, Kind = order.Kind, BackupType = order.BackupType, Rotation = order.Rotation, CreatedAt = tx.Now,
            });
            nodes.Put(tx, row.NodeId!, new ManifestItem(ItemKinds.Snapshot, id, 0) { Snapshot = new SnapshotSpec(id, row.Id) });
            return id;
        });
    }

    /// <summary>Ends a copy that is under way without its image; none is fine.</summary>
    public void Cancel(Tx tx, string serverId)
    {
        if (SnapshotStore.Of(tx, serverId) is not { } snapshot) return;
        Forget(tx, snapshot);
        images.Remove(tx, snapshot.ImageId);
    }

    /// <summary>Takes the copy off its node and out of the books; the image stays.</summary>
    public void Forget(Tx tx, SnapshotRow snapshot)
    {
        nodes.Remove(tx, snapshot.NodeId, ItemKinds.Snapshot, snapshot.ImageId);
        SnapshotStore.Delete(tx, snapshot.ImageId);
    }

    /// <summary>How the server's copy ended; null while it is under way.</summary>
    public SnapshotEnd? Ended(Session session, string serverId)
    {
        if (SnapshotStore.Of(session, serverId) is not { } snapshot) return new SnapshotEnd(new SnapshotRow(), "The copy was given up.");
        var status = images.StatusOf(session, snapshot.ImageId);
        if (status == "active") return new SnapshotEnd(snapshot, null);
        if (status is null) return new SnapshotEnd(snapshot, "The image was deleted while it was made.");
        var seen = nodes.Observed(session, snapshot.NodeId, ItemKinds.Snapshot, snapshot.ImageId);
        return seen is { Current: true, State: ItemState.Error } ? new SnapshotEnd(snapshot, seen.Message ?? "The node could not copy the disk.") : null;
    }

    /// <summary>Keeps the newest backups of the type, as many as the rotation says.</summary>
    public void Rotate(Tx tx, ServerRow row, SnapshotRow snapshot)
    {
        if (snapshot.BackupType is not { } type) return;
        var backups = images.Having(tx, row.ProjectId, new Dictionary<string, string>
        {
            ["image_type"] = SnapshotKinds.Backup, ["backup_type"] = type, ["instance_uuid"] = row.Id,
        });
        foreach (var old in backups.Skip((int)snapshot.Rotation)) images.Remove(tx, old);
    }
}
