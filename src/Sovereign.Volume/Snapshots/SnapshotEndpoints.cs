using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Managing;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Snapshots;

/// <summary>Routes of snapshots.</summary>
internal sealed class SnapshotEndpoints(KernelServices kernel, SnapshotService snapshots, ManagingService managing)
{
    public void Map(BothRoutes api)
    {
        api.Get("/snapshots", "volume:snapshots:list", call => Task.FromResult(List(call, SnapshotView.Short)));
        api.Get("/snapshots/detail", "volume:snapshots:list", call => Task.FromResult(List(call, SnapshotView.Full)));
        api.Post("/snapshots", "volume:snapshots:create", Create);
        api.Get("/snapshots/{id}", "volume:snapshots:show", call => Task.FromResult(One(call, 200, snapshots.Find(call.Access, call.Route("id")), SnapshotView.Full)));
        api.Put("/snapshots/{id}", "volume:snapshots:update", Update);
        api.Delete("/snapshots/{id}", "volume:snapshots:delete", async call =>
            Answer.Of(await snapshots.Delete(call.Access, call.Route("id"), force: false, call.Stop), _ => Answer.Empty(202)));
        api.Post("/snapshots/{id}/action", "volume:snapshots:action", Act);
        new PairRoutes(
            "/snapshots",
            "volume:snapshot-metadata",
            call => snapshots.Find(call.Access, call.Route("id")).Map(row => row.Pairs()),
            async (call, change) => (await snapshots.Change(
                call.Access, call.Route("id"), (_, row) => change(row.Pairs()).Map(pairs => row with { Metadata = VolumeJson.Texts(pairs) }), call.Stop))
                .Map(row => row.Pairs())).Map(api);
    }

    private Answer List(Call call, Action<Utf8JsonWriter, Call, SnapshotRow> view)
    {
        var request = Lists.Request(call, SnapshotStore.Shape, "s");
        if (request.Fault is { } wrong) return wrong;
        var page = kernel.Database.Read(session => Lists.Page<SnapshotRow>(session, request.Value, "s.*", VolumeFaults.Snapshot));
        return Answer.Of(page, rows => Lists.Answered(
            call, "snapshots", request.Value, rows.Items, row => row.Id, (json, row) => view(json, call, row),
            () => kernel.Database.Read(session => ListSql.Count(session, request.Value))));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(SnapshotJson.Wire.SnapshotBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Snapshot;
        // The original looks a volume up before it looks at whether one was named.
        if (wish.VolumeId is null) return VolumeFaults.Volume("None");
        var force = Reading.Flag("force", wish.Force);
        if (force.Fault is { } wrong) return wrong;
        if (call.Version.Has(66) && wish.Force is { ValueKind: not JsonValueKind.Null } && !force.Value)
        {
            return new Fault.Invalid("force", "Invalid input received: A snapshot of a volume in use needs no force; since 3.66 'force' can't be false.");
        }

        var metadata = wish.Metadata ?? [];
        if ((Wrong(wish) ?? Reading.WrongMetadata("metadata", metadata)) is { } text) return text;
        var pairs = metadata.ToDictionary(pair => pair.Key, pair => pair.Value!);
        return One(
            call, 202,
            await snapshots.Order(call.Access, wish.VolumeId, Name(wish, null), About(wish, null), pairs, force.Value || call.Version.Has(66), call.Stop),
            SnapshotView.Short);
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(SnapshotJson.Wire.SnapshotBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Snapshot;
        if (Wrong(wish) is { } text) return text;
        return One(
            call, 200,
            await snapshots.Change(
                call.Access, call.Route("id"), (_, row) => row with { Name = Name(wish, row.Name), Description = About(wish, row.Description) }, call.Stop),
            SnapshotView.Short);
    }

    private async Task<Answer> Act(Call call)
    {
        var body = await call.Body(VolumeJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } malformed) return malformed;
        if (body.Value.Count != 1) return new Fault.Invalid("", "There is no such action: 'None'");
        var (action, given) = body.Value.First();
        if (action is "os-reset_status" or "os-force_delete" or "os-unmanage" && !call.Access.Everything)
        {
            return VolumeFaults.NotAllowed("volume_extension:snapshot_admin_actions:" + action[3..]);
        }

        switch (action)
        {
            case "os-force_delete":
                return Answer.Of(await snapshots.Delete(call.Access, call.Route("id"), force: true, call.Stop), _ => Answer.Empty(202));
            case "os-unmanage":
                return Answer.Of(await managing.UnmanageSnapshot(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(202));
            case "os-reset_status" or "os-update_snapshot_status":
                return await SetStatus(call, action, given);
            default:
                return new Fault.Invalid("", $"There is no such action: {action}");
        }
    }

    private async Task<Answer> SetStatus(Call call, string action, JsonElement given)
    {
        if (given.ValueKind != JsonValueKind.Object || !given.TryGetProperty("status", out var named) || named.ValueKind != JsonValueKind.String)
        {
            return Reading.Wrong("status", "None", "'status' is a required property");
        }

        var status = named.GetString()!.ToLowerInvariant();
        if (!SnapshotStates.Settable.Contains(status)) return Reading.Wrong("status", status, $"It is one of {string.Join(", ", SnapshotStates.Settable.Order())}.");
        var progress = given.TryGetProperty("progress", out var percent) ? percent.ToString() : null;
        if (progress is not null && !(progress.EndsWith('%') && int.TryParse(progress[..^1], out var whole) && whole is >= 0 and <= 100))
        {
            return Reading.Wrong("progress", progress, "snapshot progress must be an integer percentage");
        }

        return Answer.Of(
            await snapshots.Change(
                call.Access,
                call.Route("id"),
                (_, row) => action == "os-update_snapshot_status" && row.Status is not (SnapshotStates.Creating or SnapshotStates.Deleting)
                    ? new Fault.Invalid("status", $"Snapshot status {row.Status} not allowed for update_snapshot_status")
                    : row with { Status = status, Progress = progress ?? row.Progress },
                call.Stop),
            _ => Answer.Empty(202));
    }

    private static Fault.Invalid? Wrong(SnapshotWish wish) => Reading.TooLong("name", Name(wish, null)) ?? Reading.TooLong("description", About(wish, null));

    private static string? Name(SnapshotWish wish, string? otherwise) => wish.Name.Given ? wish.Name.Value?.Trim() : wish.DisplayName.Or(otherwise);

    private static string? About(SnapshotWish wish, string? otherwise) => wish.Description.Given ? wish.Description.Value : wish.DisplayDescription.Or(otherwise);

    private static Answer One(Call call, int status, Outcome<SnapshotRow> found, Action<Utf8JsonWriter, Call, SnapshotRow> view) =>
        Answer.Of(found, row => Render.Object(status, "snapshot", json => view(json, call, row)));
}
