using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Attachments;

/// <summary>Routes of attachments, which are there from 3.27 on.</summary>
internal sealed class AttachmentEndpoints(KernelServices kernel, AttachmentService attachments)
{
    private const int Since = 27;

    public void Map(BothRoutes api)
    {
        api.Get("/attachments", "volume:attachments:list", Versioned(Since, call => Task.FromResult(List(call, AttachmentView.Short))));
        api.Get("/attachments/detail", "volume:attachments:list", Versioned(Since, call => Task.FromResult(List(call, AttachmentView.Full))));
        api.Post("/attachments", "volume:attachments:create", Versioned(Since, Create));
        api.Get("/attachments/{id}", "volume:attachments:show", Versioned(Since, call => Task.FromResult(
            One(kernel.Database.Read(session => Find(session, call))))));
        api.Put("/attachments/{id}", "volume:attachments:update", Versioned(Since, Update));
        api.Delete("/attachments/{id}", "volume:attachments:delete", Versioned(Since, Delete));
        api.Post("/attachments/{id}/action", "volume:attachments:complete", Versioned(44, Complete));
    }

    private static Func<Call, Task<Answer>> Versioned(int minor, Func<Call, Task<Answer>> handler) =>
        call => call.Version.Has(minor) ? handler(call) : Task.FromResult(Reading.Unrouted(call));

    private Answer List(Call call, Action<Utf8JsonWriter, AttachmentRow> view)
    {
        var request = Lists.Request(call, AttachmentStore.Shape, "a");
        if (request.Fault is { } wrong) return wrong;
        var page = kernel.Database.Read(session => Lists.Page<AttachmentRow>(session, request.Value, "a.*", Missing));
        return Answer.Of(page, rows => Lists.Answered(call, "attachments", request.Value, rows.Items, row => row.Id, view));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(AttachmentJson.Wire.AttachmentBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Attachment;
        if (wish.VolumeUuid is not { } volume) return Reading.Wrong("volume_uuid", "None", "'volume_uuid' is a required property");
        var mode = call.Version.Has(54) ? wish.Mode ?? "rw" : "rw";
        if (mode is not ("rw" or "ro")) return Reading.Wrong("mode", mode, "It is one of rw, ro.");
        var made = await kernel.Queue.Write<AttachmentRow>(
            "volume-attachment.create",
            call.Origin,
            tx => attachments.Reserve(tx, call.Access, volume, wish.InstanceUuid, wish.Mountpoint, mode == "ro")
                .Map(row => wish.Connector is { Count: > 0 } connector ? Connected(tx, row, connector) : row),
            call.Stop);
        return One(made);
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(AttachmentJson.Wire.AttachmentBody);
        if (body.Fault is { } malformed) return malformed;
        if (body.Value.Attachment.Connector is not { Count: > 0 } connector)
        {
            return new Fault.Invalid("connector", "Invalid input received: Connector must be provided.");
        }

        return One(await Change(call, "volume-attachment.update", (tx, row) => Connected(tx, row, connector)));
    }

    private async Task<Answer> Complete(Call call)
    {
        var body = await call.Body(AttachmentJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } malformed) return malformed;
        if (body.Value.Count != 1 || !body.Value.ContainsKey("os-complete")) return new Fault.Invalid("", "There is no such action on attachments.");
        return Answer.Of(await Change(call, "volume-attachment.complete", attachments.Attach), _ => Answer.Empty(204));
    }

    /// <summary>Gives the volume back; the answer tells which attachments remain.</summary>
    private async Task<Answer> Delete(Call call)
    {
        var volume = "";
        var gone = await Change(call, "volume-attachment.delete", (tx, row) =>
        {
            attachments.Remove(tx, row);
            volume = row.VolumeId;
            return row;
        });
        return Answer.Of(gone, _ => Render.List(
            "attachments", kernel.Database.Read(session => AttachmentStore.OfVolume(session, volume)), AttachmentView.Short));
    }

    /// <summary>A connector says where the volume will be used.</summary>
    private static AttachmentRow Connected(Tx tx, AttachmentRow row, Dictionary<string, JsonElement> connector)
    {
        var connected = row with
        {
            Connector = JsonSerializer.Serialize(connector, AttachmentJson.Wire.DictionaryStringJsonElement),
            HostName = Text(connector, "host") ?? row.HostName,
            Device = Text(connector, "mountpoint") ?? row.Device,
            Mode = Text(connector, "mode") is "ro" ? "ro" : row.Mode,
            Status = row.Status == AttachmentStates.Reserved ? AttachmentStates.Attaching : row.Status,
        };
        AttachmentService.Save(tx, connected);
        return connected;
    }

    private static string? Text(Dictionary<string, JsonElement> connector, string name) =>
        connector.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private Task<Outcome<AttachmentRow>> Change(Call call, string name, Func<Tx, AttachmentRow, AttachmentRow> change) => kernel.Queue.Write<AttachmentRow>(
        name, call.Origin, tx => Find(tx, call).Map(row => change(tx, row)), call.Stop);

    private static Outcome<AttachmentRow> Find(Session session, Call call) =>
        AttachmentStore.Find(session, call.Route("id")) is { } row && call.Access.Covers(row.ProjectId) ? row : Missing(call.Route("id"));

    private static Fault Missing(string id) => VolumeFaults.Missing($"Volume attachment could not be found with filter: attachment_id = {id}.");

    private static Answer One(Outcome<AttachmentRow> found) => Answer.Of(found, row => Render.Object(200, "attachment", json => AttachmentView.Full(json, row)));
}
