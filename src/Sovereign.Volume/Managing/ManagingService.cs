using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.Backups;
using Sovereign.Volume.Services;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Transfers;
using Sovereign.Volume.Types;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Managing;

/// <summary>What is to be managed, and as what.</summary>
internal sealed record ManagingOrder(string? Name, string? Description, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>"machine@backend" or "machine@backend#pool".</summary>
    public string Host { get; init; } = "";

    public string? Type { get; init; }

    public string? Zone { get; init; }

    public bool Bootable { get; init; }
}

/// <summary>Takes volumes and snapshots out of the service's hands without touching them, and into them again.</summary>
internal sealed class ManagingService(KernelServices kernel, VolumeItems items, VolumePlacing placing, BackupBooks backups, ZoneService zones, SnapshotService snapshots)
{
    public const string VolumePrefix = "volume-";
    public const string SnapshotPrefix = "_snapshot-";

    /// <summary>The place of this name; null: there is none.</summary>
    public VolumePlace? Place(string host) => placing.Places().FirstOrDefault(place => ServiceStore.Host(place) == host || ServiceStore.Pool(place) == host);

    /// <summary>What a reference names: {"source-name": "volume-ID"} or {"source-id": "ID"}.</summary>
    public static Outcome<string> Named(JsonElement? reference, string prefix)
    {
        var named = reference is { ValueKind: JsonValueKind.Object } given
            ? VolumeActions.Text(given, "source-id") ?? (VolumeActions.Text(given, "source-name") is { } name && name.StartsWith(prefix, StringComparison.Ordinal)
                ? name[prefix.Length..] : null)
            : null;
        return named is null ? WrongReference(reference, $"It is {{\"source-name\": \"{prefix}ID\"}}.") : named;
    }

    public Task<Outcome<Done>> Unmanage(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "volume.unmanage",
        access.Origin,
        tx => VolumeService.Find(tx, access, id).Then<Done>(row =>
        {
            if (row.Encrypted) return VolumeFaults.InvalidVolume("Unmanaging encrypted volumes is not supported.");
            if (row.Deleting || row.GroupId is not null
                || row.Status is not (VolumeStates.Available or VolumeStates.Error or VolumeStates.ErrorManaging or VolumeStates.ErrorExtending)
                || AttachmentStore.OfVolume(tx, id).Count > 0 || SnapshotStore.OfVolume(tx, id).Count > 0
                || UnmanagedStore.SnapshotsOf(tx, id).Count > 0)
            {
                return VolumeFaults.InvalidVolume("To be unmanaged it must be available or error, and not be attached, belong to a group or have snapshots.");
            }

            if (row.NodeId is null || items.Observed(tx, row) is not { State: ItemState.Present }) return VolumeFaults.Unplaced(id);
            backups.VolumeGoes(tx, id);
            TransferStore.DeleteOfVolume(tx, id);
            VolumeStore.Delete(tx, id);
            VolumeQuotas.GiveVolume(kernel.Quotas, tx, row.ProjectId, row.TypeId, row.WantedGib);
            tx.Record(VolumeRow.Kind, id, row.ProjectId, Change.Deleted, row.Document(), VolumesJson.Wire.VolumeDocument);
            UnmanagedStore.Insert(tx, new UnmanagedVolume
            {
                Id = id, NodeId = row.NodeId, Backend = row.Backend!, SizeGib = row.WantedGib, Bootable = row.Bootable, CreatedAt = tx.Now,
            });
            return Done.Value;
        }),
        stop);

    public Task<Outcome<Done>> UnmanageSnapshot(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "volume-snapshot.unmanage",
        access.Origin,
        tx => SnapshotService.Find(tx, access, id).Then<Done>(row =>
        {
            if (row.Deleting || row.GroupSnapshotId is not null || row.Status is not (SnapshotStates.Available or SnapshotStates.Error))
            {
                return new Fault.Invalid("", "Invalid snapshot: Snapshot status must be available or error and it must not be part of a group to be unmanaged.");
            }

            if (!snapshots.Made(tx, row)) return new Fault.Invalid("", $"Invalid snapshot: Snapshot {id} was never made by a node: delete it.");
            SnapshotStore.Delete(tx, id);
            VolumeQuotas.GiveSnapshot(kernel.Quotas, tx, row.ProjectId, row.TypeId, row.SizeGib);
            tx.Record(SnapshotRow.Kind, id, row.ProjectId, Change.Deleted, row.Document(), SnapshotJson.Wire.SnapshotDocument);
            UnmanagedStore.Insert(tx, new UnmanagedSnapshot { Id = row.Point, VolumeId = row.VolumeId, NodeId = row.NodeId!, SizeGib = row.SizeGib, CreatedAt = tx.Now });
            return Done.Value;
        }),
        stop);

    /// <summary>Makes a volume of an unmanaged one: a layer over what it wrote, so that no bytes are copied.</summary>
    public Task<Outcome<VolumeRow>> Manage(AccessGrant access, string named, JsonElement? reference, ManagingOrder order, CancellationToken stop) =>
        kernel.Queue.Write<VolumeRow>("volume.manage", access.Origin, tx =>
        {
            if (access.Caller.ProjectId is not { } project) return new Fault.Forbidden("Volumes belong to projects: a token of a project is needed.");
            if (order.Zone is { } zone && !zones.Known(zone)) return VolumeFaults.InvalidInput($"Availability zone '{zone}' is invalid.");
            if (Place(order.Host) is not { } place) return VolumeFaults.Missing($"Service cinder-volume could not be found on host {order.Host}.");
            if (VolumeStore.Find(tx, named) is not null) return WrongReference(reference, "Unable to manage existing volume: it is managed already.");
            if (UnmanagedStore.Volume(tx, named) is not { ManagedBy: null } old || old.NodeId != place.Node.Id || old.Backend != place.Backend.Name)
            {
                return WrongReference(reference, $"There is no such volume on {order.Host}.");
            }

            var type = order.Type is null ? TypeStore.Default(tx, project) : TypeStore.ByIdOrName(tx, order.Type);
            if (type is null || !TypeStore.MayUse(tx, type, access)) return VolumeFaults.Type(order.Type ?? "None");
            if (type.Encrypted) return VolumeFaults.InvalidInput($"The volume is plain, and volumes of type {type.Name} are encrypted.");
            if (type.Specs().TryGetValue("volume_backend_name", out var backend) && backend != old.Backend)
            {
                return VolumeFaults.InvalidInput($"Volumes of type {type.Name} are on the backend {backend}, and this one is on {old.Backend}.");
            }

            var row = new VolumeRow
            {
                Id = kernel.Ids.Uuid(), ProjectId = project, UserId = access.Caller.UserId, Name = order.Name, Description = order.Description,
                Status = VolumeStates.Managing, SizeGib = old.SizeGib, WantedGib = old.SizeGib, Zone = order.Zone ?? zones.Default, TypeId = type.Id,
                Source = JsonSerializer.Serialize(new VolumeSourceSpec { VolumeId = old.Id }, VolumeJson.Wire.VolumeSourceSpec), Bootable = order.Bootable,
                Multiattach = type.Multiattach, Metadata = VolumeJson.Texts(order.Metadata), NodeId = old.NodeId, Backend = old.Backend, CreatedAt = tx.Now,
            };
            if (VolumeQuotas.TakeVolume(kernel.Quotas, tx, project, type.Id, row.SizeGib) is { } over) return over;
            VolumeStore.Insert(tx, row);
            UnmanagedStore.SetManager(tx, old.Id, row.Id);
            tx.Record(VolumeRow.Kind, row.Id, project, Change.Created, row.Document(), VolumesJson.Wire.VolumeDocument);
            items.Put(tx, row);
            tx.Due(VolumeRow.Kind, row.Id);
            return row;
        }, stop);

    public Task<Outcome<SnapshotRow>> ManageSnapshot(
        AccessGrant access, string volumeId, string named, JsonElement? reference, ManagingOrder order, CancellationToken stop) =>
        kernel.Queue.Write<SnapshotRow>("volume-snapshot.manage", access.Origin, tx =>
        {
            if (VolumeStore.Find(tx, volumeId) is not { Deleting: false } volume || !access.Covers(volume.ProjectId)) return VolumeFaults.Volume(volumeId);
            if (UnmanagedStore.Snapshot(tx, named) is not { } old || old.VolumeId != volumeId)
            {
                return WrongReference(reference, $"Volume {volumeId} has no such snapshot.");
            }

            if (VolumeQuotas.TakeSnapshot(kernel.Quotas, tx, volume.ProjectId, volume.TypeId, old.SizeGib) is { } over) return over;
            var row = new SnapshotRow
            {
                Id = kernel.Ids.Uuid(), ProjectId = volume.ProjectId, UserId = access.Caller.UserId, VolumeId = volumeId, TypeId = volume.TypeId, Name = order.Name,
                Description = order.Description, SizeGib = old.SizeGib, Metadata = VolumeJson.Texts(order.Metadata), NodeId = old.NodeId, PointId = old.Id,
                CreatedAt = tx.Now,
            };
            SnapshotStore.Insert(tx, row);
            UnmanagedStore.DeleteSnapshot(tx, old.Id);
            tx.Record(SnapshotRow.Kind, row.Id, row.ProjectId, Change.Created, row.Document(), SnapshotJson.Wire.SnapshotDocument);
            tx.Due(SnapshotRow.Kind, row.Id);
            return row;
        }, stop);

    private static Fault.Invalid WrongReference(JsonElement? reference, string why) =>
        new("ref", $"Manage existing volume failed due to invalid backend reference {reference?.ToString() ?? "None"}: {why}");
}
