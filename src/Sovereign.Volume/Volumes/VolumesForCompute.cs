using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.QosSpecs;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Types;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Volumes;

/// <summary>Volumes as compute needs them.</summary>
internal sealed class VolumesForCompute(
    INodes nodes, VolumeCreation creation, VolumePlacing placing, VolumeItems items, VolumeBooks books, AttachmentService attachments,
    SnapshotService snapshots) : IVolumes
{
    public IVolumeCatalog Catalog { get; set; } = null!;

    public Outcome<VolumeInfo> Find(Session session, AccessGrant access, string volumeId) => VolumeService.Find(session, access, volumeId).Map(Info);

    public IReadOnlyDictionary<string, VolumeInfo> Of(Session session, IReadOnlyCollection<string> volumeIds) =>
        VolumeStore.All(session, volumeIds).ToDictionary(row => row.Id, Info, StringComparer.Ordinal);

    public Outcome<VolumeSnapshotInfo> FindSnapshot(Session session, AccessGrant access, string snapshotId) =>
        SnapshotService.Find(session, access, snapshotId).Map(row => new VolumeSnapshotInfo(row.Id, row.ProjectId, row.VolumeId, row.Status, row.SizeGib));

    public Outcome<VolumeInfo> Create(Tx tx, AccessGrant access, VolumeOrder order) => creation.Create(tx, access, order).Map(Info);

    public void Delete(Tx tx, string volumeId)
    {
        if (VolumeStore.Find(tx, volumeId) is not { Deleting: false } row) return;
        if (AttachmentStore.OfVolume(tx, volumeId).Count > 0 || SnapshotStore.OfVolume(tx, volumeId).Count > 0) return;
        books.Save(tx, VolumeService.Begin(tx, row));
    }

    public Outcome<string> Reserve(Tx tx, AccessGrant access, string volumeId, string serverId, string? device, bool readOnly = false) =>
        attachments.Reserve(tx, access, volumeId, serverId, device, readOnly).Map(row => row.Id);

    public Outcome<Done> Bring(Tx tx, string attachmentId, string nodeId)
    {
        if (AttachmentStore.Find(tx, attachmentId) is not { } attachment || VolumeStore.Find(tx, attachment.VolumeId) is not { } volume) return Gone(attachmentId);
        if (volume.NodeId is null || VolumeStates.Beginning(volume.Status)) return new Fault.Unavailable($"Volume {volume.Id} is not made yet.");
        if (volume.NodeId != nodeId)
        {
            if (!placing.Reaches(volume, nodeId)) return new Fault.Conflict($"Volume {volume.Id} is on another node, and its backend {volume.Backend} is not shared.");
            if (!nodes.NodesOf(tx, ItemKinds.Volume, volume.Id).Contains(nodeId)) items.PutOn(tx, volume, nodeId);
        }

        if (attachment.NodeId != nodeId) AttachmentService.Save(tx, attachment with { NodeId = nodeId });
        return Done.Value;
    }

    public bool Reaches(Session session, string volumeId, string nodeId) =>
        VolumeStore.Find(session, volumeId) is { NodeId: not null } volume && placing.Reaches(volume, nodeId);

    public Outcome<VolumeDiskSpec> Disk(Session session, VolumeDiskOrder order)
    {
        if (AttachmentStore.Find(session, order.AttachmentId) is not { } attachment || VolumeStore.Find(session, attachment.VolumeId) is not { } volume)
        {
            return Gone(order.AttachmentId);
        }

        var qos = TypeStore.Find(session, volume.TypeId)?.QosId is { } id ? QosStore.Find(session, id) : null;
        return new VolumeDiskSpec(attachment.Id, volume.Id, order.Device, order.Bus, attachment.Mode == "ro", order.BootIndex)
        {
            Shared = volume.Multiattach, Rates = qos?.Rates(volume.SizeGib),
        };
    }

    public void Attached(Tx tx, string attachmentId, string? device, string hostName)
    {
        if (AttachmentStore.Find(tx, attachmentId) is not { } row || row.Status == AttachmentStates.Detaching) return;
        attachments.Attach(tx, row with { Device = device ?? row.Device, HostName = hostName });
    }

    public Outcome<string> BeginDetach(Tx tx, AccessGrant access, string volumeId, string serverId)
    {
        var found = VolumeService.Find(tx, access, volumeId);
        if (found.Fault is { } missing) return missing;
        if (AttachmentStore.OfVolume(tx, volumeId).Find(one => one.ServerId == serverId) is not { Status: AttachmentStates.Attached } row)
        {
            return VolumeFaults.InvalidVolume($"Volume {volumeId} is not attached to server {serverId}.");
        }

        attachments.Leave(tx, row);
        return row.Id;
    }

    public void KeepAttached(Tx tx, string attachmentId)
    {
        if (AttachmentStore.Find(tx, attachmentId) is { } row) attachments.Stay(tx, row);
    }

    public void Detached(Tx tx, string attachmentId)
    {
        if (AttachmentStore.Find(tx, attachmentId) is { } row) attachments.Remove(tx, row);
    }

    public ILookup<string, VolumeAttachmentInfo> AttachmentsOf(Session session, IReadOnlyCollection<string> serverIds) =>
        AttachmentStore.OfServers(session, serverIds).ToLookup(row => row.ServerId!, row => row.Info(), StringComparer.Ordinal);

    public int AttachmentsOfVolume(Session session, string volumeId) => AttachmentStore.OfVolume(session, volumeId).Count;

    public VolumeAttachmentInfo? FindAttachment(Session session, string attachmentId) => AttachmentStore.Find(session, attachmentId)?.Info();

    public Outcome<string> Snapshot(Tx tx, AccessGrant access, string volumeId, string name, string? description) =>
        snapshots.Create(tx, access, volumeId, name, description, new Dictionary<string, string>(), force: true).Map(row => row.Id);

    public Outcome<Done> Reimage(Tx tx, AccessGrant access, string volumeId, string imageId) =>
        VolumeService.Find(tx, access, volumeId).Then(row => creation.Reimage(tx, access, row, imageId)).Map(row =>
        {
            books.Save(tx, row);
            return Done.Value;
        });

    public void OnChange(Action<Tx, VolumeChange> listener) => books.Listen(listener);

    public VolumeInfo Info(VolumeRow row) => new(
        row.Id, row.ProjectId, row.Name, row.Status, row.SizeGib, row.Zone, row.Bootable, row.MayNotBeWritten, row.Multiattach, row.Encrypted, row.NodeId,
        placing.Backend(row.NodeId, row.Backend)?.Shared == true, row.ImagePairs(), row.Message);

    private static Fault Gone(string attachmentId) => VolumeFaults.Missing($"Volume attachment could not be found with filter: attachment_id = {attachmentId}.");
}
