using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;

namespace Sovereign.Volume;

/// <summary>A volume as other services need it.</summary>
/// <param name="Status">In the API's words: "creating", "available", "reserved", "in-use", "error", …</param>
/// <param name="NodeId">The node that keeps it; null while none is chosen.</param>
/// <param name="Shared">True: every node with its backend reaches it; false: only a server on its node can have it.</param>
/// <param name="ImageMetadata">Of a bootable volume what is known of its image ("image_id", "min_ram", "hw_disk_bus", …); empty without an image.</param>
/// <param name="Message">Why it is in an error state; null otherwise.</param>
public sealed record VolumeInfo(
    string Id, string ProjectId, string? Name, string Status, long SizeGib, string Zone, bool Bootable, bool ReadOnly, bool Multiattach, bool Encrypted,
    string? NodeId, bool Shared, IReadOnlyDictionary<string, string> ImageMetadata, string? Message);

/// <summary>A snapshot of a volume as other services need it.</summary>
public sealed record VolumeSnapshotInfo(string Id, string ProjectId, string VolumeId, string Status, long SizeGib);

/// <summary>The tie between a volume and a server.</summary>
/// <param name="Status">"reserved", "attached" or "detaching".</param>
/// <param name="AttachedAt">Microseconds UTC; 0 while it is not attached.</param>
public sealed record VolumeAttachmentInfo(
    string Id, string VolumeId, string? ServerId, string Status, string? Device, bool ReadOnly, long AttachedAt);

/// <summary>A volume changed its state by itself.</summary>
/// <param name="Status">Null: it is gone.</param>
/// <param name="Message">Why it is in an error state.</param>
/// <param name="ServerIds">Whose disk it is or will be.</param>
public sealed record VolumeChange(string VolumeId, string? Status, string? Message, IReadOnlyList<string> ServerIds)
{
    /// <summary>It is larger now.</summary>
    public bool Grown { get; init; }
}

/// <summary>A disk of a server as the server's service orders it.</summary>
/// <param name="Device">"/dev/vdb".</param>
/// <param name="Bus">"virtio", "scsi" or "ide".</param>
/// <param name="BootIndex">0: it boots from this one; null: it is not for booting.</param>
public sealed record VolumeDiskOrder(string AttachmentId, string Device, string Bus, int? BootIndex = null);

/// <summary>What the volume service shows compute. Everything that changes happens in the caller's transaction, and a fault there undoes it.</summary>
public interface IVolumes
{
    /// <summary>For compute's old routes.</summary>
    IVolumeCatalog Catalog { get; }

    /// <summary>The volume, if this caller may see it; NotFound otherwise.</summary>
    Outcome<VolumeInfo> Find(Session session, AccessGrant access, string volumeId);

    /// <summary>Volumes whoever owns them, by id; those that are gone are left out.</summary>
    IReadOnlyDictionary<string, VolumeInfo> Of(Session session, IReadOnlyCollection<string> volumeIds);

    /// <summary>The snapshot, if this caller may see it; NotFound otherwise.</summary>
    Outcome<VolumeSnapshotInfo> FindSnapshot(Session session, AccessGrant access, string snapshotId);

    /// <summary>Makes a volume of the caller's project; it is there when the listener hears "available" or "reserved", and failed on "error". Faults are those
    /// of the API: what is ordered of another project is not found, over quota, too small for its source.</summary>
    Outcome<VolumeInfo> Create(Tx tx, AccessGrant access, VolumeOrder order);

    /// <summary>Deletes a volume with its server, when nothing else is tied to it; absent is fine. Its snapshots keep it, as in the API: then it stays.</summary>
    void Delete(Tx tx, string volumeId);

    /// <summary>Takes a volume for a server: an available one, one that is being made, or one that several may have. Faults: NotFound, Invalid in another
    /// state.</summary>
    /// <returns>Id of the attachment.</returns>
    Outcome<string> Reserve(Tx tx, AccessGrant access, string volumeId, string serverId, string? device, bool readOnly = false);

    /// <summary>Puts the volume's item on the manifest of the server's node, where it is not yet. Conflict: that node can't reach it; Unavailable: the volume is
    /// not made yet.</summary>
    Outcome<Done> Bring(Tx tx, string attachmentId, string nodeId);

    /// <summary>Whether a node reaches a volume: it is there, or in a place that both share.</summary>
    bool Reaches(Session session, string volumeId, string nodeId);

    /// <summary>What the node is told of the disk, with the limits of the volume's type; NotFound when the attachment is gone.</summary>
    Outcome<VolumeDiskSpec> Disk(Session session, VolumeDiskOrder order);

    /// <summary>The server has it now: the volume is "in-use". Again is fine.</summary>
    void Attached(Tx tx, string attachmentId, string? device, string hostName);

    /// <summary>The server is about to give it back: the volume is "detaching". Invalid: it is not attached to this server.</summary>
    Outcome<string> BeginDetach(Tx tx, AccessGrant access, string volumeId, string serverId);

    /// <summary>The server keeps it after all; absent is fine.</summary>
    void KeepAttached(Tx tx, string attachmentId);

    /// <summary>The server has it no more, or never got it: the attachment goes. Absent is fine.</summary>
    void Detached(Tx tx, string attachmentId);

    /// <summary>Attachments of servers, by server.</summary>
    ILookup<string, VolumeAttachmentInfo> AttachmentsOf(Session session, IReadOnlyCollection<string> serverIds);

    /// <summary>How many servers have or will have the volume.</summary>
    int AttachmentsOfVolume(Session session, string volumeId);

    VolumeAttachmentInfo? FindAttachment(Session session, string attachmentId);

    /// <summary>Makes a snapshot of a volume, attached or not: for an image of a server.</summary>
    /// <returns>Its id.</returns>
    Outcome<string> Snapshot(Tx tx, AccessGrant access, string volumeId, string name, string? description);

    /// <summary>Makes the content of a volume anew from an image (rebuild); the listener hears of the end. Faults as for a new volume.</summary>
    Outcome<Done> Reimage(Tx tx, AccessGrant access, string volumeId, string imageId);

    /// <summary>Calls back inside the transaction in which a volume changes its state by itself: made, failed, grown, gone.</summary>
    void OnChange(Action<Tx, VolumeChange> listener);
}
