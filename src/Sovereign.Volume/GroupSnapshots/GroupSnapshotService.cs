using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Groups;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.GroupSnapshots;

/// <summary>What users ask of group snapshots.</summary>
internal sealed class GroupSnapshotService(KernelServices kernel, SnapshotService snapshots)
{
    public static Outcome<GroupSnapshotRow> Find(Session session, AccessGrant access, string id) =>
        GroupSnapshotStore.Find(session, id) is { } row && access.Covers(row.ProjectId) ? row : Missing(id);

    public static Fault Missing(string id) => VolumeFaults.Missing($"GroupSnapshot {id} could not be found.");

    public static Fault.Invalid Invalid(string why) => new("", "Invalid GroupSnapshot: " + why);

    public static GroupSnapshotRow Save(Tx tx, GroupSnapshotRow row)
    {
        var saved = row with { UpdatedAt = tx.Now };
        GroupSnapshotStore.Update(tx, saved);
        tx.Record(GroupSnapshotRow.Kind, row.Id, row.ProjectId, Kernel.Journal.Change.Updated, saved.Document(), GroupSnapshotJson.Wire.GroupSnapshotDocument);
        return saved;
    }

    public Task<Outcome<GroupSnapshotRow>> Create(AccessGrant access, GroupSnapshotWish wish, CancellationToken stop) => kernel.Queue.Write<GroupSnapshotRow>(
        "volume-group-snapshot.create", access.Origin, tx => GroupService.Find(tx, access, wish.GroupId).Then(group => Create(tx, access, group, wish)), stop);

    public Task<Outcome<GroupSnapshotRow>> Change(
        AccessGrant access, string name, string id, Func<Tx, GroupSnapshotRow, Outcome<GroupSnapshotRow>> change, CancellationToken stop) =>
        kernel.Queue.Write<GroupSnapshotRow>(
            "volume-group-snapshot." + name, access.Origin, tx => Find(tx, access, id).Then(row => change(tx, row)).Map(row => Save(tx, row)), stop);

    public Task<Outcome<GroupSnapshotRow>> Delete(AccessGrant access, string id, CancellationToken stop) => Change(access, "delete", id, (tx, row) =>
    {
        if (row.Deleting) return row;
        if (row.Status is not (GroupStates.Available or GroupStates.Error))
        {
            return Invalid($"GroupSnapshot status must be available or error, but current status is: {row.Status}");
        }

        foreach (var snapshot in GroupSnapshotStore.Snapshots(tx, id).Where(one => !one.Deleting))
        {
            if (snapshot.Status == SnapshotStates.BackingUp) return Invalid($"Snapshot {snapshot.Id} of it is being backed up.");
            SnapshotService.Save(tx, SnapshotService.Begin(tx, snapshot));
        }

        tx.Due(GroupSnapshotRow.Kind, id);
        return row with { Status = GroupStates.Deleting, Deleting = true };
    }, stop);

    private Outcome<GroupSnapshotRow> Create(Tx tx, AccessGrant access, GroupRow group, GroupSnapshotWish wish)
    {
        if (group.Status != GroupStates.Available) return GroupService.Invalid($"Group {group.Id} status must be available, but is {group.Status}.");
        var volumes = GroupStore.Volumes(tx, group.Id);
        if (volumes.Count == 0) return GroupService.Invalid("Group is empty. No group snapshot will be created.");
        var row = new GroupSnapshotRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = group.ProjectId, UserId = access.Caller.UserId, GroupId = group.Id, TypeId = group.TypeId, Name = wish.Name?.Trim(),
            Description = wish.Description, CreatedAt = tx.Now,
        };
        GroupSnapshotStore.Insert(tx, row);
        tx.Record(GroupSnapshotRow.Kind, row.Id, row.ProjectId, Kernel.Journal.Change.Created, row.Document(), GroupSnapshotJson.Wire.GroupSnapshotDocument);
        if (snapshots.CreateTogether(tx, access, volumes, row).Fault is { } wrong) return wrong;
        tx.Due(GroupSnapshotRow.Kind, row.Id);
        return row;
    }
}
