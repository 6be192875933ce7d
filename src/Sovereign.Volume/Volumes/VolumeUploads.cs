using System.Text.Json;
using Sovereign.Image;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume.Types;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Volumes;

/// <summary>An image that is being made of a volume.</summary>
internal sealed record UploadRow
{
    public string ImageId { get; init; } = "";

    public string VolumeId { get; init; } = "";

    public string NodeId { get; init; } = "";

    public long CreatedAt { get; init; }
}

/// <summary>Images made of volumes: the image is announced and the node told in one transaction; the node brings the bytes.</summary>
internal sealed class VolumeUploads(VolumeService volumes, INodes nodes, IImages images)
{
    private static readonly string[] formats = ["raw", "qcow2"];

    /// <summary>What says something of the image that the volume was made of, not of its content.</summary>
    private static readonly string[] own =
        ["image_id", "image_name", "checksum", "container_format", "disk_format", "min_disk", "min_ram", "size", "signature_verified", "stores", "owner_id"];

    public async Task<Answer> Upload(Call call, string id, JsonElement given)
    {
        var (name, format) = (VolumeActions.Text(given, "image_name"), VolumeActions.Text(given, "disk_format") ?? "raw");
        if (string.IsNullOrWhiteSpace(name)) return Reading.Wrong("image_name", name ?? "None", "'image_name' is a required property");
        if (Reading.TooLong("image_name", name) is { } wrong) return wrong;
        if (!formats.Contains(format)) return Reading.Wrong("disk_format", format, $"It is one of {string.Join(", ", formats)}.");
        var container = VolumeActions.Text(given, "container_format") ?? "bare";
        if (container != "bare") return Reading.Wrong("container_format", container, "It is bare.");
        if (VolumeActions.Text(given, "visibility") is not (null or "private")) return new Fault.Invalid("visibility", "An image made of a volume is private.");
        var image = "";
        var begun = await volumes.Change(call.Access, "upload", id, (tx, row) =>
        {
            if (row.Status != VolumeStates.Available) return VolumeFaults.InvalidVolume("Volume status must be available.");
            if (row.NodeId is null) return VolumeFaults.Unplaced(id);
            return Begin(tx, call.Access, row, name, format).Map(made =>
            {
                image = made;
                return row with { Status = VolumeStates.Uploading, PreviousStatus = row.Status };
            });
        }, call.Stop);
        return Answer.Of(begun, row => Render.Object(202, "os-volume_upload_image", json =>
        {
            json.WriteString("id", row.Id);
            json.TimeOrNull("updated_at", row.UpdatedAt);
            json.WriteString("status", row.Status);
            json.WriteString("display_description", row.Description);
            json.WriteNumber("size", row.SizeGib);
            Type(json, volumes.Read(session => TypeStore.Find(session, row.TypeId)));
            json.WriteString("image_id", image);
            json.WriteString("container_format", container);
            json.WriteString("disk_format", format);
            json.WriteString("image_name", name);
            if (!call.Version.Has(1)) return;
            json.WriteString("visibility", "private");
            json.WriteBoolean("protected", false);
        }));
    }

    /// <summary>Ends an upload when it is over; null while it is under way, else why it failed ("" when it did not).</summary>
    public string? End(Tx tx, string volumeId)
    {
        if (Of(tx, volumeId) is not { } upload) return "The upload was given up.";
        var status = images.StatusOf(tx, upload.ImageId);
        var seen = nodes.Observed(tx, upload.NodeId, ItemKinds.VolumeContent, upload.ImageId);
        var failed = status is null ? "The image was deleted while it was made."
            : status == "active" ? ""
            : seen is { Current: true, State: ItemState.Error } ? seen.Message ?? "Its node could not send it." : null;
        if (failed is null) return null;
        if (failed.Length > 0) images.Remove(tx, upload.ImageId);
        Forget(tx, upload);
        return failed;
    }

    /// <summary>Ends an upload without its image; none is fine.</summary>
    public void Cancel(Tx tx, string volumeId)
    {
        if (Of(tx, volumeId) is not { } upload) return;
        images.Remove(tx, upload.ImageId);
        Forget(tx, upload);
    }

    public static string? VolumeOf(Session session, string imageId) =>
        session.Scalar<string>("SELECT volume_id FROM volume_uploads WHERE image_id = @imageId", new { imageId });

    private Outcome<string> Begin(Tx tx, AccessGrant access, VolumeRow row, string name, string format)
    {
        var pairs = row.ImagePairs();
        var properties = pairs.Where(pair => !own.Contains(pair.Key) && !pair.Key.StartsWith("os_glance", StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
        return images.Announce(tx, access, new DiskImage(name, format, Number(pairs, "min_disk"), Number(pairs, "min_ram"), properties)).Map(id =>
        {
            tx.Execute(
                "INSERT INTO volume_uploads (image_id, volume_id, node_id, created_at) VALUES (@id, @volume, @NodeId, @Now)",
                new { id, volume = row.Id, row.NodeId, tx.Now });
            nodes.Put(tx, row.NodeId!, new ManifestItem(ItemKinds.VolumeContent, id, 0) { VolumeContent = new VolumeContentSpec(id, row.Id, null, null, format) });
            tx.Due(VolumeRow.Kind, row.Id);
            return id;
        });
    }

    private void Forget(Tx tx, UploadRow upload)
    {
        nodes.Remove(tx, upload.NodeId, ItemKinds.VolumeContent, upload.ImageId);
        tx.Execute("DELETE FROM volume_uploads WHERE image_id = @ImageId", new { upload.ImageId });
    }

    private static UploadRow? Of(Session session, string volumeId) =>
        session.FirstOrDefault<UploadRow>("SELECT * FROM volume_uploads WHERE volume_id = @volumeId", new { volumeId });

    private static int Number(Dictionary<string, string> pairs, string name) => int.TryParse(pairs.GetValueOrDefault(name), out var number) ? number : 0;

    private static void Type(Utf8JsonWriter json, TypeRow? type)
    {
        if (type is null)
        {
            json.WriteNull("volume_type");
            return;
        }

        json.WriteStartObject("volume_type");
        json.WriteString("id", type.Id);
        json.WriteString("name", type.Name);
        json.WriteString("description", type.Description);
        json.WriteBoolean("is_public", type.IsPublic);
        json.Texts("extra_specs", type.Specs());
        json.WriteString("qos_specs_id", type.QosId);
        json.TimeOrNull("created_at", type.CreatedAt);
        json.TimeOrNull("updated_at", type.UpdatedAt);
        json.WriteBoolean("deleted", false);
        json.WriteNull("deleted_at");
        json.WriteEndObject();
    }
}
