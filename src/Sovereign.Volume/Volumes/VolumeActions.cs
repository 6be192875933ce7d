using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.Managing;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Volumes;

/// <summary>The actions on a volume, by the name that the body has.</summary>
internal sealed class VolumeActions(VolumeService volumes, VolumeCreation creation, VolumeUploads uploads, AttachmentActions attaching, ManagingService managing)
{
    private static readonly string[] administrators = ["os-reset_status", "os-force_delete", "os-force_detach", "os-migrate_volume", "os-unmanage"];

    public async Task<Answer> Act(Call call)
    {
        var body = await call.Body(VolumeJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } malformed) return malformed;
        if (body.Value.Count != 1) return new Fault.Invalid("", "There is no such action: None");
        var (action, given) = body.Value.First();
        if (administrators.Contains(action) && !call.Access.Everything) return VolumeFaults.NotAllowed("volume_extension:volume_admin_actions:" + action[3..]);
        var id = call.Route("id");
        switch (action)
        {
            case "os-extend":
                return await Extend(call, id, given);
            case "os-set_bootable":
                return await Flagged(call, id, given, "bootable", 200, (row, on) => row with { Bootable = on });
            case "os-update_readonly_flag":
                return await Flagged(call, id, given, "readonly", 202, (row, on) => row.Status is VolumeStates.Available
                    ? row with { ReadOnly = on ? 1 : 2 }
                    : VolumeFaults.InvalidVolume($"Volume {id} status must be available to update readonly flag, but current status is: {row.Status}."));
            case "os-retype":
                return await Retype(call, id, given);
            case "os-reset_status":
                return await Reset(call, id, given);
            case "os-force_delete":
                return Answer.Of(await volumes.Delete(call.Access, id, cascade: false, force: true, call.Stop), _ => Answer.Empty(202));
            case "os-unmanage":
                return Answer.Of(await managing.Unmanage(call.Access, id, call.Stop), _ => Answer.Empty(202));
            case "os-set_image_metadata" or "os-unset_image_metadata" or "os-show_image_metadata":
                return await ImagePairs(call, id, action, given);
            case "os-volume_upload_image":
                return await uploads.Upload(call, id, given);
            case "revert" when call.Version.Has(40):
                return Text(given, "snapshot_id") is { } snapshot
                    ? Answer.Of(await volumes.Revert(call.Access, id, snapshot, call.Stop), _ => Answer.Empty(202))
                    : Reading.Wrong("snapshot_id", "None", "'snapshot_id' is a required property");
            case "os-reimage" when call.Version.Has(68):
                return Text(given, "image_id") is { } image
                    ? Answer.Of(
                        await volumes.Change(call.Access, "reimage", id, (tx, row) => creation.Reimage(tx, call.Access, row, image), call.Stop),
                        _ => Answer.Empty(202))
                    : Reading.Wrong("image_id", "None", "'image_id' is a required property");
            default:
                return await attaching.Act(call, id, action, given) ?? new Fault.Invalid("", $"There is no such action: {action}");
        }
    }

    public static string? Text(JsonElement given, string name) =>
        given.ValueKind == JsonValueKind.Object && given.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement? Member(JsonElement given, string name) =>
        given.ValueKind == JsonValueKind.Object && given.TryGetProperty(name, out var value) ? value : null;

    private async Task<Answer> Extend(Call call, string id, JsonElement given)
    {
        var size = Reading.Size("new_size", Member(given, "new_size"));
        if (size.Fault is { } wrong) return wrong;
        return Answer.Of(await volumes.Extend(call.Access, id, size.Value, call.Version.Has(42), call.Stop), _ => Answer.Empty(202));
    }

    private async Task<Answer> Flagged(Call call, string id, JsonElement given, string name, int status, Func<VolumeRow, bool, Outcome<VolumeRow>> change)
    {
        if (Member(given, name) is not { } value) return new Fault.Invalid(name, $"Must specify {name} in request.");
        var flag = Reading.Flag(name, value);
        if (flag.Fault is { } wrong) return wrong;
        return Answer.Of(await volumes.Change(call.Access, name, id, (_, row) => change(row, flag.Value), call.Stop), _ => Answer.Empty(status));
    }

    private async Task<Answer> Retype(Call call, string id, JsonElement given)
    {
        if (Text(given, "new_type") is not { Length: > 0 } type) return Reading.Wrong("new_type", "None", "'new_type' is a required property");
        if (Text(given, "migration_policy") is not (null or "never" or "on-demand"))
        {
            return Reading.Wrong("migration_policy", Text(given, "migration_policy")!, "It is one of never, on-demand.");
        }

        return Answer.Of(await volumes.Retype(call.Access, id, type, call.Stop), _ => Answer.Empty(202));
    }

    private async Task<Answer> Reset(Call call, string id, JsonElement given)
    {
        var (status, attach) = (Text(given, "status")?.ToLowerInvariant(), Text(given, "attach_status"));
        if (status is null && attach is null && Text(given, "migration_status") is null)
        {
            return new Fault.Invalid("status", "Must specify 'status', 'attach_status' or 'migration_status' in request.");
        }

        if (status is not null && !VolumeStates.Settable.Contains(status))
        {
            return Reading.Wrong("status", status, $"It is one of {string.Join(", ", VolumeStates.Settable.Order())}.");
        }

        if (attach is not (null or "attached" or "detached")) return Reading.Wrong("attach_status", attach, "It is one of attached, detached.");
        return Answer.Of(
            await volumes.Change(call.Access, "reset-status", id, (tx, row) =>
            {
                if (attach == "detached") AttachmentStore.DeleteOfVolume(tx, id);
                Backups.BackupBooks.Restored(tx, row.BackupId);
                return row with { Status = status ?? row.Status, PreviousStatus = null, BackupId = null, Message = null };
            }, call.Stop),
            _ => Answer.Empty(202));
    }

    private async Task<Answer> ImagePairs(Call call, string id, string action, JsonElement given)
    {
        if (action == "os-show_image_metadata") return Answer.Of(volumes.Find(call.Access, id), Pairs);
        if (action == "os-unset_image_metadata")
        {
            if (Text(given, "key") is not { } key) return Reading.Wrong("key", "None", "'key' is a required property");
            return Answer.Of(await volumes.Change(call.Access, "image-metadata", id, (_, row) =>
            {
                var pairs = row.ImagePairs();
                return pairs.Remove(key) ? row with { ImageMetadata = VolumeJson.Texts(pairs) } : VolumeFaults.Missing("Metadata item was not found.");
            }, call.Stop), _ => Answer.Empty(200));
        }

        if (Member(given, "metadata") is not { ValueKind: JsonValueKind.Object } asked) return Reading.Wrong("metadata", "None", "'metadata' is a required property");
        var wanted = asked.EnumerateObject().ToDictionary(one => one.Name, one => one.Value.ValueKind == JsonValueKind.String ? one.Value.GetString() : null);
        if (Reading.WrongMetadata("metadata", wanted) is { } wrong) return wrong;
        return Answer.Of(await volumes.Change(call.Access, "image-metadata", id, (_, row) =>
        {
            var pairs = row.ImagePairs();
            foreach (var (name, value) in wanted) pairs[name] = value!;
            return row with { ImageMetadata = VolumeJson.Texts(pairs) };
        }, call.Stop), Pairs);
    }

    private static Answer Pairs(VolumeRow row) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.Texts("metadata", row.ImagePairs());
        json.WriteEndObject();
    });
}
