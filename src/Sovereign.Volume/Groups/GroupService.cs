using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.GroupSnapshots;
using Sovereign.Volume.GroupTypes;
using Sovereign.Volume.Services;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Types;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Groups;

/// <summary>What users ask of groups.</summary>
internal sealed class GroupService(KernelServices kernel, VolumeBooks volumes, VolumeCreation creation, ZoneService zones)
{
    public static Outcome<GroupRow> Find(Session session, AccessGrant access, string id) =>
        GroupStore.Find(session, id) is { } row && access.Covers(row.ProjectId) ? row : Missing(id);

    public static Fault Missing(string id) => VolumeFaults.Missing($"Group {id} could not be found.");

    public static Fault.Invalid Invalid(string why) => new("", "Invalid Group: " + why);

    public static GroupRow Save(Tx tx, GroupRow row)
    {
        var saved = row with { UpdatedAt = tx.Now };
        GroupStore.Update(tx, saved);
        tx.Record(GroupRow.Kind, row.Id, row.ProjectId, Kernel.Journal.Change.Updated, saved.Document(), GroupJson.Wire.GroupDocument);
        return saved;
    }

    /// <summary>A group without volumes is there at once.</summary>
    public Task<Outcome<GroupRow>> Create(AccessGrant access, GroupWish wish, CancellationToken stop) =>
        kernel.Queue.Write<GroupRow>("volume-group.create", access.Origin, tx => Create(tx, access, wish), stop);

    /// <summary>A group with a copy of each volume of another one, now or as a group snapshot kept them.</summary>
    public Task<Outcome<GroupRow>> CreateFrom(AccessGrant access, GroupSource source, CancellationToken stop) => kernel.Queue.Write<GroupRow>(
        "volume-group.create-from-source", access.Origin, tx => CreateFrom(tx, access, source), stop);

    public Task<Outcome<GroupRow>> Change(AccessGrant access, string name, string id, Func<Tx, GroupRow, Outcome<GroupRow>> change, CancellationToken stop) =>
        kernel.Queue.Write<GroupRow>("volume-group." + name, access.Origin, tx => Find(tx, access, id).Then(row => change(tx, row)).Map(row => Save(tx, row)), stop);

    public Task<Outcome<GroupRow>> Update(AccessGrant access, string id, GroupChanges wish, CancellationToken stop) => Change(access, "update", id, (tx, row) =>
    {
        if (row.Status != GroupStates.Available) return Invalid($"Group {id} status must be available, but is {row.Status}.");
        var (adding, removing) = (Ids(wish.AddVolumes), Ids(wish.RemoveVolumes));
        if (adding.Intersect(removing).FirstOrDefault() is { } both) return VolumeFaults.InvalidVolume($"Volume {both} is both to be added and to be removed.");
        foreach (var volume in removing)
        {
            if (Remove(tx, row, volume) is { } wrong) return wrong;
        }

        foreach (var volume in adding)
        {
            if (Add(tx, access, row, volume) is { } wrong) return wrong;
        }

        return row with { Name = wish.Name.Given ? wish.Name.Value?.Trim() : row.Name, Description = wish.Description.Or(row.Description) };
    }, stop);

    /// <param name="withVolumes">True: its volumes go with it.</param>
    public Task<Outcome<GroupRow>> Delete(AccessGrant access, string id, bool withVolumes, CancellationToken stop) => Change(access, "delete", id, (tx, row) =>
    {
        if (row.Deleting) return row;
        if (!withVolumes && row.Status is not (GroupStates.Available or GroupStates.Error))
        {
            return Invalid($"Group status must be available or error, but current status is: {row.Status}");
        }

        var having = GroupStore.Volumes(tx, id);
        if (having.Count > 0 && !withVolumes) return Invalid($"Group {id} still contains volumes. The delete-volumes flag is required to delete it.");
        if (GroupSnapshotStore.OfGroup(tx, id).Count > 0) return Invalid($"Group {id} still has dependent group snapshots.");
        foreach (var volume in having)
        {
            if (AttachmentStore.OfVolume(tx, volume.Id).Count > 0) return VolumeFaults.InvalidVolume($"Volume in group {id} is attached. Need to detach first.");
            if (SnapshotStore.OfVolume(tx, volume.Id).Count > 0) return VolumeFaults.InvalidVolume("Volume in group still has dependent snapshots.");
            if (!VolumeStates.Deletable.Contains(volume.Status) && !volume.Deleting && volume.Status != VolumeStates.Creating)
            {
                return VolumeFaults.InvalidVolume($"Volume {volume.Id} in group {id} is {volume.Status}.");
            }
        }

        foreach (var volume in having.Where(volume => !volume.Deleting)) volumes.Save(tx, VolumeService.Begin(tx, volume));
        tx.Due(GroupRow.Kind, id);
        return row with { Status = GroupStates.Deleting, Deleting = true };
    }, stop);

    /// <summary>Null when a new volume may be in the group.</summary>
    public static Fault? Unfit(GroupRow group, TypeRow type, bool named)
    {
        if (group.Deleting || group.Status is not (GroupStates.Available or GroupStates.Creating)) return Invalid($"Group {group.Id} is {group.Status}.");
        if (!named) return VolumeFaults.InvalidInput("volume_type must be provided when creating a volume in a group.");
        return group.Types().Contains(type.Id)
            ? null
            : VolumeFaults.InvalidInput($"Invalid volume_type provided: {type.Name} (requested type must be supported by this group).");
    }

    private Outcome<GroupRow> Create(Tx tx, AccessGrant access, GroupWish wish)
    {
        if (access.Caller.ProjectId is not { } project) return new Fault.Forbidden("Groups belong to projects: a token of a project is needed.");
        if (wish.AvailabilityZone is { } zone && !zones.Known(zone)) return VolumeFaults.InvalidInput($"Availability zone '{zone}' is invalid.");
        if (GroupTypeStore.ByIdOrName(tx, wish.GroupType) is not { } type || !(type.IsPublic || access.Everything)) return GroupTypeService.Missing(wish.GroupType);
        if (wish.VolumeTypes.Count == 0) return VolumeFaults.InvalidInput("volume_types must be provided to create a group.");
        var types = new List<string>();
        foreach (var asked in wish.VolumeTypes)
        {
            if (TypeStore.ByIdOrName(tx, asked) is not { } one || !TypeStore.MayUse(tx, one, access)) return VolumeFaults.Type(asked);
            if (!types.Contains(one.Id)) types.Add(one.Id);
        }

        return Insert(tx, new GroupRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project, UserId = access.Caller.UserId, Name = wish.Name?.Trim(), Description = wish.Description, TypeId = type.Id,
            Status = GroupStates.Available, Zone = wish.AvailabilityZone ?? zones.Default, VolumeTypes = JsonSerializer.Serialize(types, GroupJson.Wire.ListString),
            CreatedAt = tx.Now,
        });
    }

    private Outcome<GroupRow> CreateFrom(Tx tx, AccessGrant access, GroupSource source)
    {
        if (source.GroupSnapshotId is null == source.SourceGroupId is null)
        {
            return VolumeFaults.InvalidInput("Either 'group_snapshot_id' or 'source_group_id' must be provided to create group from source, and not both.");
        }

        GroupSnapshotRow? snapshot = null;
        if (source.GroupSnapshotId is { } named)
        {
            var taken = GroupSnapshotService.Find(tx, access, named);
            if (taken.Fault is { } none) return none;
            snapshot = taken.Value;
            if (snapshot.Status != GroupStates.Available) return GroupSnapshotService.Invalid($"Group snapshot {named} is {snapshot.Status}.");
        }

        var found = Find(tx, access, snapshot?.GroupId ?? source.SourceGroupId!);
        if (found.Fault is { } missing) return missing;
        var orders = snapshot is null
            ? GroupStore.Volumes(tx, found.Value.Id).ConvertAll(volume => new VolumeOrder(volume.Name, volume.Description, volume.SizeGib, volume.TypeId)
            {
                SourceVolumeId = volume.Id, Metadata = volume.Pairs(),
            })
            : GroupSnapshotStore.Snapshots(tx, snapshot.Id).ConvertAll(one =>
                new VolumeOrder(one.Name, one.Description, one.SizeGib, one.TypeId) { SnapshotId = one.Id });
        if (orders.Count == 0) return Invalid("Source group is empty. No group will be created.");
        var made = Insert(tx, new GroupRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = access.ProjectId, UserId = access.Caller.UserId, Name = source.Name?.Trim(), Description = source.Description,
            TypeId = found.Value.TypeId, Zone = found.Value.Zone, VolumeTypes = found.Value.VolumeTypes, GroupSnapshotId = snapshot?.Id,
            SourceGroupId = source.SourceGroupId, CreatedAt = tx.Now,
        });
        foreach (var order in made.Ok ? orders : [])
        {
            if (creation.Create(tx, access, order with { GroupId = made.Value.Id }).Fault is { } wrong) return wrong;
        }

        if (made.Ok) tx.Due(GroupRow.Kind, made.Value.Id);
        return made;
    }

    private Outcome<GroupRow> Insert(Tx tx, GroupRow row)
    {
        if (kernel.Quotas.Take(tx, VolumeQuotas.Service, VolumeQuotas.Groups, row.ProjectId, 1).Fault is Fault.OverQuota over)
        {
            return over with { Message = $"GroupLimitExceeded: Maximum number of groups allowed ({over.Limit}) exceeded" };
        }

        GroupStore.Insert(tx, row);
        tx.Record(GroupRow.Kind, row.Id, row.ProjectId, Kernel.Journal.Change.Created, row.Document(), GroupJson.Wire.GroupDocument);
        return row;
    }

    private Fault.Invalid? Remove(Tx tx, GroupRow group, string id)
    {
        var said = $"Cannot remove volume {id} from group {group.Id} because ";
        if (VolumeStore.Find(tx, id) is not { } volume || volume.GroupId != group.Id) return Wrong(said + "it is not in the group.");
        if (volume.Status is not (VolumeStates.Available or VolumeStates.InUse or VolumeStates.Error or VolumeStates.ErrorDeleting))
        {
            return Wrong(said + $"volume is in an invalid state: {volume.Status}.");
        }

        volumes.Save(tx, volume with { GroupId = null });
        return null;
    }

    private Fault.Invalid? Add(Tx tx, AccessGrant access, GroupRow group, string id)
    {
        var said = $"Cannot add volume {id} to group {group.Id} because ";
        if (VolumeStore.Find(tx, id) is not { } volume || !access.Covers(volume.ProjectId) || volume.ProjectId != group.ProjectId)
        {
            return Wrong(said + "volume cannot be found.");
        }
        if (volume.GroupId == group.Id) return null;
        if (volume.GroupId is { } other) return Wrong(said + $"it is already in group {other}.");
        if (!group.Types().Contains(volume.TypeId)) return Wrong(said + $"volume type {volume.TypeId} is not supported by the group.");
        if (volume.NodeId is null || volume.Status is not (VolumeStates.Available or VolumeStates.InUse))
        {
            return Wrong(said + $"volume is in an invalid state: {volume.Status}.");
        }
        if (GroupStore.Volumes(tx, group.Id).Exists(one => one.NodeId is not null && (one.NodeId != volume.NodeId || one.Backend != volume.Backend)))
        {
            return Wrong(said + "it is on another host than the group's volumes.");
        }

        volumes.Save(tx, volume with { GroupId = group.Id });
        return null;
    }

    private static Fault.Invalid Wrong(string why) => new("", "Invalid volume: " + why);

    private static List<string> Ids(string? listed) =>
        listed is null ? [] : [.. listed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
}
