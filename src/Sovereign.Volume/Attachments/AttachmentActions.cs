using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Attachments;

/// <summary>The older way to attach: actions on the volume, of which each stands for a step of an attachment.</summary>
internal sealed class AttachmentActions(KernelServices kernel, AttachmentService attachments)
{
    /// <summary>Null: it is no action of these.</summary>
    public async Task<Answer?> Act(Call call, string id, string action, JsonElement given)
    {
        switch (action)
        {
            case "os-reserve":
                return Done202(await Change(call, action, (tx, _) => attachments.Reserve(tx, call.Access, id, null, null, readOnly: false)
                    .Map(row => attachments.Begin(tx, row)).Fault, id));
            case "os-unreserve":
                return Done202(await Change(call, action, (tx, all) => Each(
                    [.. all.Where(row => row.ServerId is null)], [AttachmentStates.Reserved, AttachmentStates.Attaching], row => attachments.Remove(tx, row)), id));
            case "os-attach":
                return await Attach(call, id, given);
            case "os-begin_detaching":
                return Done202(await Change(call, action, (tx, all) => all.Find(row => row.Status == AttachmentStates.Attached) is { } row
                    ? Left(tx, row)
                    : VolumeFaults.InvalidVolume("Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach."), id));
            case "os-roll_detaching":
                return Done202(await Change(call, action, (tx, all) => Each(all, [AttachmentStates.Detaching], row => attachments.Stay(tx, row)), id));
            case "os-detach" or "os-force_detach":
                return await Detach(call, id, action, given);
            case "os-initialize_connection":
                return await Connect(call, id);
            case "os-terminate_connection":
                return Done202(await Change(call, action, (_, _) => null, id));
            default:
                return null;
        }
    }

    private async Task<Answer> Attach(Call call, string id, JsonElement given)
    {
        var (server, host, device) = (VolumeActions.Text(given, "instance_uuid"), VolumeActions.Text(given, "host_name"), VolumeActions.Text(given, "mountpoint"));
        if (server is null && host is null) return new Fault.Invalid("instance_uuid", "Invalid request to attach volume to an invalid target");
        if (server is not null && !Guid.TryParse(server, out _)) return Reading.Wrong("instance_uuid", server, "It is not a 'uuid'");
        if (device is { Length: > Reading.TextLengthMax }) return Reading.Wrong("mountpoint", device, "It is too long.");
        if (VolumeActions.Text(given, "mode") is not (null or "rw" or "ro")) return Reading.Wrong("mode", VolumeActions.Text(given, "mode")!, "It is one of rw, ro.");
        return Done202(await Change(call, "os-attach", (tx, all) =>
        {
            var reserved = all.Find(row => row.ServerId is null && row.Status is AttachmentStates.Reserved or AttachmentStates.Attaching);
            var row = reserved is null
                ? attachments.Reserve(tx, call.Access, id, server, device, VolumeActions.Text(given, "mode") == "ro")
                : Outcome.Of(reserved with { ServerId = server, Device = device });
            if (row.Fault is { } refused) return refused;
            attachments.Attach(tx, row.Value with { HostName = host, Device = device });
            return null;
        }, id));
    }

    private async Task<Answer> Detach(Call call, string id, string action, JsonElement given)
    {
        var named = VolumeActions.Text(given, "attachment_id");
        return Done202(await Change(call, action, (tx, all) =>
        {
            var rows = all.Where(row => row.Status is AttachmentStates.Attached or AttachmentStates.Detaching).Where(row => named is null || row.Id == named).ToList();
            if (rows.Count > 1) return VolumeFaults.InvalidVolume("Detach volume failed: More than one attachment, but no attachment_id provided.");
            if (rows.Count == 0) return named is null ? null : VolumeFaults.InvalidVolume($"Volume {id} has no attachment {named}.");
            attachments.Remove(tx, rows[0], anyway: action == "os-force_detach");
            return null;
        }, id));
    }

    private async Task<Answer> Connect(Call call, string id)
    {
        AttachmentRow? connected = null;
        var done = await Change(call, "os-initialize_connection", (_, all) =>
        {
            connected = all.FirstOrDefault() ?? new AttachmentRow { VolumeId = id };
            return null;
        }, id);
        return Answer.Of(done, _ => Render.Object(200, "connection_info", json =>
        {
            json.WriteString("driver_volume_type", "sovereign");
            json.WriteStartObject("data");
            AttachmentView.Connection(json, connected!);
            json.WriteEndObject();
        }));
    }

    private Fault? Left(Tx tx, AttachmentRow row)
    {
        attachments.Leave(tx, row);
        return null;
    }

    private static Fault? Each(List<AttachmentRow> all, string[] statuses, Action<AttachmentRow> change)
    {
        foreach (var row in all.Where(row => statuses.Contains(row.Status))) change(row);
        return null;
    }

    private Task<Outcome<Done>> Change(Call call, string name, Func<Tx, List<AttachmentRow>, Fault?> change, string id) => kernel.Queue.Write<Done>(
        "volume." + name,
        call.Origin,
        tx =>
        {
            var found = VolumeService.Find(tx, call.Access, id);
            if (found.Fault is { } missing) return missing;
            return change(tx, AttachmentStore.OfVolume(tx, id)) is { } refused ? refused : Done.Value;
        },
        call.Stop);

    private static Answer Done202(Outcome<Done> outcome) => Answer.Of(outcome, _ => Answer.Empty(202));
}
