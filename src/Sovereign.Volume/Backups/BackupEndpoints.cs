using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Backups;

/// <summary>Routes of backups.</summary>
internal sealed class BackupEndpoints(KernelServices kernel, BackupService backups, BackupRestoring restoring, BackupRecords records)
{
    public void Map(BothRoutes api)
    {
        api.Get("/backups", "volume:backups:list", call => Task.FromResult(List(call, detail: false)));
        api.Get("/backups/detail", "volume:backups:list", call => Task.FromResult(List(call, detail: true)));
        api.Post("/backups", "volume:backups:create", Create);
        api.Get("/backups/{id}", "volume:backups:show", call => Task.FromResult(Show(call)));
        api.Put("/backups/{id}", "volume:backups:update", Update);
        api.Delete("/backups/{id}", "volume:backups:delete", async call =>
            Answer.Of(await backups.Delete(call.Access, call.Route("id"), force: false, call.Stop), _ => Answer.Empty(202)));
        api.Post("/backups/{id}/restore", "volume:backups:restore", Restore);
        api.Get("/backups/{id}/export_record", "volume:backups:record", call => Task.FromResult(Export(call)));
        api.Post("/backups/import_record", "volume:backups:record", Import);
        api.Post("/backups/{id}/action", "volume:backups:action", Act);
    }

    private Answer List(Call call, bool detail)
    {
        var request = Lists.Request(call, BackupRows.Shape, "b");
        if (request.Fault is { } wrong) return wrong;
        var read = kernel.Database.Read(session => Lists.Page<BackupRow>(session, request.Value, "b.*", BackupService.Missing)
            .Map(page => (page.Items, Parents: BackupRows.Parents(session, page.Items.Select(row => row.Id).ToList()))));
        return Answer.Of(read, rows => Lists.Answered(
            call, "backups", request.Value, rows.Items, row => row.Id,
            (json, row) =>
            {
                if (detail) BackupView.Full(json, call, row, rows.Parents.Contains(row.Id));
                else BackupView.Short(json, call, row);
            },
            () => kernel.Database.Read(session => ListSql.Count(session, request.Value))));
    }

    private Answer Show(Call call) => Answer.Of(
        kernel.Database.Read(session => BackupService.Find(session, call.Access, call.Route("id"))
            .Map(row => (Row: row, Parent: BackupRows.HasDependents(session, row.Id)))),
        found => Render.Object(200, "backup", json => BackupView.Full(json, call, found.Row, found.Parent)));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(BackupRequests.Wire.BackupBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Backup;
        var (force, incremental) = (Reading.Flag("force", wish.Force), Reading.Flag("incremental", wish.Incremental));
        if ((force.Fault ?? incremental.Fault) is { } wrong) return wrong;
        if (wish.Metadata is not null && !call.Version.Has(43)) return Unexpected("metadata");
        if (wish.AvailabilityZone is not null && !call.Version.Has(51)) return Unexpected("availability_zone");
        var metadata = wish.Metadata ?? [];
        if ((Reading.TooLong("name", wish.Name) ?? Reading.TooLong("description", wish.Description) ?? Reading.TooLong("container", wish.Container)
            ?? Reading.WrongMetadata("metadata", metadata)) is { } text) return text;
        var order = new BackupOrder(wish.VolumeId, wish.Name?.Trim(), wish.Description, incremental.Value, force.Value)
        {
            SnapshotId = wish.SnapshotId, Container = string.IsNullOrEmpty(wish.Container) ? null : wish.Container, Zone = wish.AvailabilityZone,
            Metadata = metadata.ToDictionary(pair => pair.Key, pair => pair.Value!),
        };
        return Answer.Of(await backups.Create(call.Access, order, call.Stop), row => Render.Object(202, "backup", json => BackupView.Short(json, call, row)));
    }

    private async Task<Answer> Update(Call call)
    {
        if (!call.Version.Has(9)) return Reading.Unrouted(call);
        var body = await call.Body(BackupRequests.Wire.BackupUpdateBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Backup;
        if (wish.Metadata is not null && !call.Version.Has(43)) return Unexpected("metadata");
        if (!wish.Name.Given && !wish.Description.Given && wish.Metadata is null) return new Fault.Invalid("backup", "Name, description or metadata is needed.");
        if ((Reading.TooLong("name", wish.Name.Value) ?? Reading.TooLong("description", wish.Description.Value)
            ?? (wish.Metadata is null ? null : Reading.WrongMetadata("metadata", wish.Metadata))) is { } wrong) return wrong;
        var changed = await backups.Change(call.Access, "update", call.Route("id"), (_, row) => row with
        {
            Name = wish.Name.Given ? wish.Name.Value?.Trim() : row.Name,
            Description = wish.Description.Or(row.Description),
            Metadata = wish.Metadata is null ? row.Metadata : VolumeJson.Texts(wish.Metadata.Select(pair => KeyValuePair.Create(pair.Key, pair.Value!))),
        }, call.Stop);
        return Answer.Of(changed, row => Render.Object(200, "backup", json => BackupView.Short(json, call, row)));
    }

    private async Task<Answer> Restore(Call call)
    {
        var body = await call.Body(BackupRequests.Wire.RestoreBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Restore;
        if (Reading.TooLong("name", wish.Name) is { } wrong) return wrong;
        var id = call.Route("id");
        var volumeId = string.IsNullOrEmpty(wish.VolumeId) ? null : wish.VolumeId;
        return Answer.Of(await restoring.Restore(call.Access, id, volumeId, wish.Name?.Trim(), call.Stop), volume => Render.Object(202, "restore", json =>
        {
            json.WriteString("backup_id", id);
            json.WriteString("volume_id", volume.Id);
            json.WriteString("volume_name", volume.Name ?? "");
        }));
    }

    private Answer Export(Call call) => Answer.Of(records.Export(call.Access, call.Route("id")), url => Render.Object(200, "backup-record", json =>
    {
        json.WriteString("backup_service", records.Service);
        json.WriteString("backup_url", url);
    }));

    private async Task<Answer> Import(Call call)
    {
        var body = await call.Body(BackupRequests.Wire.RecordBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Record;
        return Answer.Of(
            await records.Import(call.Access, wish.BackupService, wish.BackupUrl, call.Stop),
            row => Render.Object(201, "backup", json => BackupView.Short(json, call, row)));
    }

    private async Task<Answer> Act(Call call)
    {
        var body = await call.Body(VolumeJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } malformed) return malformed;
        if (body.Value.Count != 1) return new Fault.Invalid("", "There is no such action: None");
        var (action, given) = body.Value.First();
        if (action is not ("os-reset_status" or "os-force_delete")) return new Fault.Invalid("", $"There is no such action: {action}");
        var id = call.Route("id");
        if (action == "os-force_delete") return Answer.Of(await backups.Delete(call.Access, id, force: true, call.Stop), _ => Answer.Empty(202));
        if (Volumes.VolumeActions.Text(given, "status") is not { } status) return Reading.Wrong("status", "None", "'status' is a required property");
        return BackupStates.Settable.Contains(status)
            ? Answer.Of(await backups.Reset(call.Access, id, status, call.Stop), _ => Answer.Empty(202))
            : Reading.Wrong("status", status, $"It is one of {string.Join(", ", BackupStates.Settable.Order())}.");
    }

    private static Fault.Invalid Unexpected(string name) => new(name, $"Additional properties are not allowed ('{name}' was unexpected)");
}
