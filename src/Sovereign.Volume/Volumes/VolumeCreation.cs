using System.Text.Json;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.Backups;
using Sovereign.Volume.Groups;
using Sovereign.Volume.Services;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Types;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Volumes;

/// <summary>Makes volumes: what an order asks for, checked against its source, its type and the quotas, in one transaction.</summary>
internal sealed class VolumeCreation(KernelServices kernel, IImages images, ZoneService zones, VolumeItems items, VolumeKeys keys)
{
    private const long BytesPerGib = 1L << 30;

    public Outcome<VolumeRow> Create(Tx tx, AccessGrant access, VolumeOrder order)
    {
        if (access.Caller.ProjectId is not { } project) return new Fault.Forbidden("Volumes belong to projects: a token of a project is needed.");
        if (order.Zone is { } zone && !zones.Known(zone)) return VolumeFaults.InvalidInput($"Availability zone '{zone}' is invalid.");
        var source = Source(tx, access, order);
        if (source.Fault is { } wrong) return wrong;
        var type = Type(tx, access, order, source.Value);
        if (type.Fault is { } unknown) return unknown;
        if (order.GroupId is { } named)
        {
            var group = GroupService.Find(tx, access, named);
            if ((group.Fault ?? GroupService.Unfit(group.Value, type.Value, order.Type is not null)) is { } unfit) return unfit;
        }

        var size = order.SizeGib > 0 ? order.SizeGib : source.Value.SizeGib;
        if (size < 1) return Reading.Wrong("size", "None", "A volume without a source has a size.");
        if (TooSmall(source.Value, size) is { } small) return small;
        var id = kernel.Ids.Uuid();
        var key = type.Value.Encrypted ? keys.Make(tx, project, access.Caller.UserId, id, source.Value.Volume) : (Outcome<string>?)null;
        if (key?.Fault is { } unkept) return unkept;
        var row = new VolumeRow
        {
            Id = id, ProjectId = project, UserId = access.Caller.UserId, Name = order.Name, Description = order.Description, SizeGib = size, WantedGib = size,
            Zone = order.Zone ?? zones.Default, TypeId = type.Value.Id, SnapshotId = order.SnapshotId, SourceVolumeId = order.SourceVolumeId,
            Source = source.Value.Spec is { } spec ? JsonSerializer.Serialize(spec, VolumeJson.Wire.VolumeSourceSpec) : null,
            KeyId = key?.Value, Bootable = source.Value.Bootable, Multiattach = type.Value.Multiattach,
            Metadata = VolumeJson.Texts(Metadata(order, source.Value)), ImageMetadata = source.Value.ImageMetadata, WantedNode = source.Value.NodeId ?? order.NodeId,
            Backend = source.Value.Backend, BackupId = order.BackupId, GroupId = order.GroupId, CreatedAt = tx.Now,
            Status = order.Restoring ? VolumeStates.RestoringBackup : VolumeStates.Creating,
        };
        if (VolumeQuotas.TakeVolume(kernel.Quotas, tx, project, row.TypeId, size) is { } over) return over;
        VolumeStore.Insert(tx, row);
        if (source.Value.Backup is { } backup) BackupBooks.Restore(tx, backup);
        tx.Record(VolumeRow.Kind, id, project, Change.Created, row.Document(), VolumesJson.Wire.VolumeDocument);
        tx.Due(VolumeRow.Kind, id);
        return row;
    }

    /// <summary>Its content is to be made anew from an image; saved by the caller.</summary>
    public Outcome<VolumeRow> Reimage(Tx tx, AccessGrant access, VolumeRow row, string imageId)
    {
        if (row.Status is not (VolumeStates.Available or VolumeStates.Reserved or VolumeStates.InUse or VolumeStates.Error))
        {
            return new Fault.Conflict($"Volume {row.Id} is {row.Status}: it can't be made anew.");
        }

        if (row.NodeId is null) return VolumeFaults.Unplaced(row.Id);
        var source = OfImage(access, imageId);
        if (source.Fault is { } wrong) return wrong;
        if (TooSmall(source.Value, row.SizeGib) is { } small) return small;
        var anew = row with
        {
            Status = VolumeStates.Downloading,
            PreviousStatus = row.Status != VolumeStates.Error ? row.Status
                : AttachmentStore.OfVolume(tx, row.Id).Exists(one => one.Status == AttachmentStates.Attached) ? VolumeStates.InUse : VolumeStates.Available,
            Generation = row.Generation + 1,
            Source = JsonSerializer.Serialize(source.Value.Spec!, VolumeJson.Wire.VolumeSourceSpec),
            ImageMetadata = source.Value.ImageMetadata,
            Bootable = true,
        };
        items.Put(tx, anew);
        tx.Due(VolumeRow.Kind, row.Id);
        return anew;
    }

    private Outcome<VolumeSource> Source(Tx tx, AccessGrant access, VolumeOrder order)
    {
        if ((order.ImageId is null ? 0 : 1) + (order.SnapshotId is null ? 0 : 1) + (order.SourceVolumeId is null ? 0 : 1) + (order.BackupId is null ? 0 : 1) > 1)
        {
            return VolumeFaults.InvalidInput("A volume is made of one image, one snapshot, one volume or one backup.");
        }

        if (order.SnapshotId is { } snapshot) return OfSnapshot(tx, access, snapshot);
        if (order.SourceVolumeId is { } volume) return OfVolume(tx, access, volume);
        if (order.BackupId is { } backup) return BackupRestoring.Source(tx, access, backup);
        return order.ImageId is { } image ? OfImage(access, image) : new VolumeSource();
    }

    private static Outcome<VolumeSource> OfSnapshot(Tx tx, AccessGrant access, string id)
    {
        if (SnapshotStore.Find(tx, id) is not { } snapshot || !access.Covers(snapshot.ProjectId)) return VolumeFaults.Snapshot(id);
        if (snapshot.Status != SnapshotStates.Available)
        {
            return new Fault.Invalid("snapshot_id", "Invalid snapshot: Originating snapshot status must be one of 'available' values");
        }

        if (VolumeStore.Find(tx, snapshot.VolumeId) is not { } volume) return VolumeFaults.Snapshot(id);
        return new VolumeSource
        {
            Spec = new VolumeSourceSpec { SnapshotId = snapshot.Point }, SizeGib = snapshot.SizeGib, What = "snapshot", Volume = volume, TypeId = snapshot.TypeId,
            Bootable = volume.Bootable, ImageMetadata = volume.ImageMetadata, NodeId = snapshot.NodeId ?? volume.NodeId, Backend = volume.Backend,
        };
    }

    private static Outcome<VolumeSource> OfVolume(Tx tx, AccessGrant access, string id)
    {
        if (VolumeStore.Find(tx, id) is not { } volume || !access.Covers(volume.ProjectId)) return VolumeFaults.Volume(id);
        if (volume.Status is not (VolumeStates.Available or VolumeStates.InUse))
        {
            return VolumeFaults.InvalidVolume("Originating volume status must be one of 'available', 'in-use' values");
        }

        return new VolumeSource
        {
            Spec = new VolumeSourceSpec { VolumeId = id }, SizeGib = volume.SizeGib, What = "source volume", Volume = volume, TypeId = volume.TypeId,
            Bootable = volume.Bootable, ImageMetadata = volume.ImageMetadata, NodeId = volume.NodeId, Backend = volume.Backend,
        };
    }

    private Outcome<VolumeSource> OfImage(AccessGrant access, string id)
    {
        var found = images.Find(access, id);
        if (!found.Ok) return new Fault.Invalid("imageRef", "Invalid image identifier or unable to access requested image.");
        var image = found.Value;
        if (image.Status != "active" || image.Digest is null) return VolumeFaults.InvalidInput($"Image {id} is not active.");
        if (image.DiskFormat is not ("qcow2" or "raw"))
        {
            return VolumeFaults.InvalidInput($"Image {id} is of the format {image.DiskFormat}: volumes are made of qcow2 and raw.");
        }

        return new VolumeSource
        {
            Spec = new VolumeSourceSpec { Image = new VolumeImageSpec(image.Digest, image.DiskFormat, image.SizeBytes) }, What = "image", Bootable = true,
            ImageMetadata = VolumeJson.Texts(ImagePairs(image)), MinGib = image.MinDiskGib,
            VirtualGib = (Math.Max(image.VirtualSizeBytes, image.DiskFormat == "raw" ? image.SizeBytes : 0) + BytesPerGib - 1) / BytesPerGib,
        };
    }

    /// <summary>What servers that boot from it read of the image.</summary>
    private static Dictionary<string, string> ImagePairs(ImageInfo image)
    {
        var pairs = image.Properties.ToDictionary(StringComparer.Ordinal);
        pairs["signature_verified"] = "False";
        if (image.Checksum is { } checksum) pairs["checksum"] = checksum;
        pairs["image_id"] = image.Id;
        pairs["image_name"] = image.Name;
        pairs["container_format"] = "bare";
        pairs["disk_format"] = image.DiskFormat;
        pairs["min_disk"] = image.MinDiskGib.ToString(System.Globalization.CultureInfo.InvariantCulture);
        pairs["min_ram"] = image.MinRamMib.ToString(System.Globalization.CultureInfo.InvariantCulture);
        pairs["size"] = image.SizeBytes.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return pairs;
    }

    private static Fault? TooSmall(VolumeSource source, long size)
    {
        if (size < source.SizeGib)
        {
            return VolumeFaults.InvalidInput(
                $"Volume size '{size}'GB cannot be smaller than the {source.What} size {source.SizeGib}GB. They must be >= original {source.What} size.");
        }

        if (size < source.MinGib) return VolumeFaults.InvalidInput($"Volume size {size}GB cannot be smaller than the image minDisk size {source.MinGib}GB.");
        return size < source.VirtualGib
            ? VolumeFaults.InvalidInput($"Size of specified image {source.VirtualGib}GB is larger than volume size {size}GB.")
            : null;
    }

    private static Outcome<TypeRow> Type(Tx tx, AccessGrant access, VolumeOrder order, VolumeSource source)
    {
        TypeRow? type;
        if (order.Type is { } asked)
        {
            type = TypeStore.ByIdOrName(tx, asked);
            if (type is null || !TypeStore.MayUse(tx, type, access)) return VolumeFaults.Type(asked);
        }
        else
        {
            type = source.TypeId is { } same ? TypeStore.Find(tx, same) : TypeStore.Default(tx, access.Caller.ProjectId);
            if (type is null) return new Fault.Invalid("volume_type", "There is no default volume type: name one.");
        }

        if (source.Encrypted && !type.Encrypted)
        {
            return VolumeFaults.InvalidInput($"The backup is of an encrypted volume, and volumes of type {type.Name} are not: its content would become plain.");
        }

        // Bytes are copied as they lie, so both ends are encrypted, or neither is.
        return source.Volume is { } volume && volume.Encrypted != type.Encrypted
            ? VolumeFaults.InvalidInput(
                $"Invalid volume_type provided: {type.Name} (requested type is not compatible; either match source volume, or omit type argument).")
            : type;
    }

    private static Dictionary<string, string> Metadata(VolumeOrder order, VolumeSource source)
    {
        var pairs = new Dictionary<string, string>(source.Metadata, StringComparer.Ordinal);
        foreach (var (name, value) in order.Metadata) pairs[name] = value;
        return pairs;
    }
}

/// <summary>What a new volume begins as.</summary>
internal sealed record VolumeSource
{
    /// <summary>Null: zeros.</summary>
    public VolumeSourceSpec? Spec { get; init; }

    /// <summary>What it is called in messages.</summary>
    public string What { get; init; } = "";

    public long SizeGib { get; init; }

    /// <summary>The volume that it is a copy of, now or as a snapshot kept it.</summary>
    public VolumeRow? Volume { get; init; }

    public string? TypeId { get; init; }

    public bool Bootable { get; init; }

    public string? ImageMetadata { get; init; }

    public string? NodeId { get; init; }

    public string? Backend { get; init; }

    /// <summary>The backup that it is made of.</summary>
    public BackupRow? Backup { get; init; }

    /// <summary>True: its bytes must not lie plain.</summary>
    public bool Encrypted { get; init; }

    /// <summary>Pairs that come with it.</summary>
    public Dictionary<string, string> Metadata { get; init; } = [];

    public long MinGib { get; init; }

    public long VirtualGib { get; init; }
}
