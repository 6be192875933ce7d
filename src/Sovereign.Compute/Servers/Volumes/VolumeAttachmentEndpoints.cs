using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers.Volumes;

/// <summary>A volume attachment that is asked for.</summary>
internal sealed record VolumeAttachmentAsked(string VolumeId, string? Device, string? Tag, bool DeleteOnTermination);

/// <summary>Routes of a server's volumes (os-volume_attachments).</summary>
internal sealed class VolumeAttachmentEndpoints(ServerService servers, VolumeAttachmentService volumes, VolumeSwaps swaps)
{
    private const int TagLengthMax = 60;

    public void Map(BothRoutes api)
    {
        api.Get("/servers/{id}/os-volume_attachments", "compute:servers:volumes", List);
        api.Post("/servers/{id}/os-volume_attachments", "compute:servers:volumes-attach", Attach);
        api.Get("/servers/{id}/os-volume_attachments/{volume}", "compute:servers:volumes", Show);
        api.Put("/servers/{id}/os-volume_attachments/{volume}", "compute:servers:volumes-update", Update);
        api.Delete("/servers/{id}/os-volume_attachments/{volume}", "compute:servers:volumes-detach", Detach);
    }

    private Task<Answer> List(Call call)
    {
        var (limit, offset) = (Number(call, "limit"), Number(call, "offset"));
        if ((limit.Fault ?? offset.Fault) is { } wrong) return Task.FromResult<Answer>(wrong);
        return Found(call, row => Render.List(
            "volumeAttachments",
            BlockDevices.Of(row).Skip(offset.Value ?? 0).Take(limit.Value ?? int.MaxValue),
            (json, device) => View(json, row, device, call.Version)));
    }

    private Task<Answer> Show(Call call) => Found(call, row => Device(row, call.Route("volume")) is { } device
        ? Render.Object(200, "volumeAttachment", json => View(json, row, device, call.Version))
        : VolumeAttachmentService.Missing(row.Id, call.Route("volume")));

    private async Task<Answer> Attach(Call call)
    {
        var body = await call.Body(ServerJson.Wire.VolumeAttachmentBody);
        if (body.Fault is { } malformed) return malformed;
        var asked = body.Value.VolumeAttachment;
        if (!Guid.TryParse(asked.VolumeId, out _)) return new Fault.Invalid("volumeId", "Invalid input for field/attribute volumeId. It is a UUID.");
        if (asked.Tag is not null && !call.Version.Has(49)) return Wire.Unexpected("tag");
        if (asked.DeleteOnTermination is not null && !call.Version.Has(79)) return Wire.Unexpected("delete_on_termination");
        if (asked.Tag is { } tag && (tag.Length is 0 or > TagLengthMax || tag.AsSpan().IndexOfAny(',', '/') >= 0))
        {
            return new Fault.Invalid("tag", "Invalid input for field/attribute tag. It has 1 to 60 characters without , and /.");
        }

        if (asked.Device is { } device && !BlockDevices.IsName(device))
        {
            return new Fault.Invalid("device", "Invalid input for field/attribute device. It is a path such as /dev/vdb.");
        }

        if (Wire.Truth(asked.DeleteOnTermination, false) is not { } delete) return new Fault.Invalid("delete_on_termination", "delete_on_termination is a boolean.");
        var made = await volumes.Attach(
            call.Access,
            call.Route("id"),
            new VolumeAttachmentAsked(asked.VolumeId, asked.Device, asked.Tag, delete),
            call.Version.Has(20),
            call.Stop);
        return Answer.Of(made, done => Render.Object(200, "volumeAttachment", json => View(json, done.Row, done.Device, call.Version, made: true)));
    }

    /// <summary>Another volume in its place, for administrators; from 2.85 on whether the volume goes with the server.</summary>
    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(ServerJson.Wire.VolumeAttachmentBody);
        if (body.Fault is { } malformed) return malformed;
        var (asked, volume) = (body.Value.VolumeAttachment, call.Route("volume"));
        if (asked.DeleteOnTermination is not null && !call.Version.Has(85)) return Wire.Unexpected("delete_on_termination");
        if (asked.VolumeId != volume || !call.Version.Has(85)) return await Swap(call, volume, asked.VolumeId);
        if (Wire.Truth(asked.DeleteOnTermination, false) is not { } delete) return new Fault.Invalid("delete_on_termination", "delete_on_termination is a boolean.");
        return Answer.Of(await volumes.SetDeleteOnTermination(call.Access, call.Route("id"), volume, delete, call.Stop), _ => Answer.Empty(202));
    }

    private async Task<Answer> Swap(Call call, string volume, string next)
    {
        if (!call.Access.Everything) return new Fault.Forbidden("Policy doesn't allow os_compute_api:os-volumes-attachments:swap to be performed.");
        if (!Guid.TryParse(next, out _)) return new Fault.Invalid("volumeId", "Invalid input for field/attribute volumeId. It is a UUID.");
        return Answer.Of(await swaps.Order(call.Access, call.Route("id"), volume, next, call.Stop), _ => Answer.Empty(202));
    }

    private async Task<Answer> Detach(Call call) =>
        Answer.Of(await volumes.Detach(call.Access, call.Route("id"), call.Route("volume"), call.Version.Has(20), call.Stop), _ => Answer.Empty(202));

    /// <param name="made">True: it was just made, of which newer versions say no more than older ones.</param>
    private static void View(Utf8JsonWriter json, ServerRow row, BlockDeviceRow device, Microversion version, bool made = false)
    {
        var isNewer = version.Has(89) && !made;
        if (!isNewer) json.WriteString("id", device.VolumeId);
        json.WriteString("serverId", row.Id);
        json.WriteString("volumeId", device.VolumeId);
        json.WriteString("device", device.Device);
        if (version.Has(70)) json.WriteString("tag", device.Tag);
        if (version.Has(79)) json.WriteBoolean("delete_on_termination", device.DeleteOnTermination);
        if (!isNewer) return;
        json.WriteString("attachment_id", device.AttachmentId);
        json.WriteString("bdm_uuid", device.AttachmentId);
    }

    private static BlockDeviceRow? Device(ServerRow row, string volume) => BlockDevices.Of(row).Find(device => device.VolumeId == volume);

    private static Outcome<int?> Number(Call call, string name)
    {
        if (call.Query(name) is not { } text) return (int?)null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : new Fault.Invalid(name, $"Invalid input for query parameters {name}. Value: {text}. It is a number that is not negative.");
    }

    private Task<Answer> Found(Call call, Func<ServerRow, Answer> render) => Task.FromResult(Answer.Of(servers.Find(call.Access, call.Route("id")), render));
}
