using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Types;

namespace Sovereign.Volume.Volumes;

/// <summary>Volumes and snapshots as compute's old routes need them.</summary>
internal sealed class VolumeCatalog(KernelServices kernel, VolumeService volumes, VolumeCreation creation, SnapshotService snapshots, VolumesForCompute views)
    : IVolumeCatalog
{
    public Outcome<VolumeRecord> Show(AccessGrant access, string id) =>
        kernel.Database.Read(session => VolumeService.Find(session, access, id).Map(row => Record(session, row)));

    public IReadOnlyList<VolumeRecord> List(AccessGrant access, int offset, int limit) => kernel.Database.Read(session =>
        Page<VolumeRow>(session, "volumes", access, offset, limit).ConvertAll(row => Record(session, row)));

    public async Task<Outcome<VolumeRecord>> Create(AccessGrant access, VolumeOrder order, CancellationToken stop)
    {
        var made = await kernel.Queue.Write<VolumeRow>("volume.create", access.Origin, tx => creation.Create(tx, access, order), stop);
        return made.Map(row => kernel.Database.Read(session => Record(session, row)));
    }

    public async Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        (await volumes.Delete(access, id, cascade: false, force: false, stop)).Map(_ => Done.Value);

    public Outcome<VolumeSnapshotRecord> ShowSnapshot(AccessGrant access, string id) => snapshots.Find(access, id).Map(Record);

    public IReadOnlyList<VolumeSnapshotRecord> ListSnapshots(AccessGrant access, int offset, int limit) =>
        kernel.Database.Read(session => Page<SnapshotRow>(session, "volume_snapshots", access, offset, limit)).ConvertAll(Record);

    public async Task<Outcome<VolumeSnapshotRecord>> CreateSnapshot(
        AccessGrant access, string volumeId, string? name, string? description, bool force, CancellationToken stop) =>
        (await snapshots.Order(access, volumeId, name, description, new Dictionary<string, string>(), force, stop)).Map(Record);

    public async Task<Outcome<Done>> DeleteSnapshot(AccessGrant access, string id, CancellationToken stop) =>
        (await snapshots.Delete(access, id, force: false, stop)).Map(_ => Done.Value);

    private VolumeRecord Record(Session session, VolumeRow row) => new(
        views.Info(row), row.Description, TypeStore.Find(session, row.TypeId)?.Name, row.SnapshotId, row.Pairs(), row.CreatedAt,
        [.. AttachmentStore.OfVolume(session, row.Id).Where(one => one is { ServerId: not null, Status: AttachmentStates.Attached or AttachmentStates.Detaching })
            .Select(one => one.Info())]);

    private static VolumeSnapshotRecord Record(SnapshotRow row) =>
        new(new VolumeSnapshotInfo(row.Id, row.ProjectId, row.VolumeId, row.Status, row.SizeGib), row.Name, row.Description, row.CreatedAt);

    private static List<T> Page<T>(Session session, string table, AccessGrant access, int offset, int limit) => session.Query<T>(
        $"SELECT * FROM {table} WHERE project_id = @project ORDER BY created_at DESC, id DESC LIMIT @limit OFFSET @offset",
        new { project = access.Caller.ProjectId ?? "", limit = (long)limit, offset = (long)offset });
}
