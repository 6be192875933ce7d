using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Groups;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.GroupSnapshots;

internal sealed record GroupSnapshotBody(GroupSnapshotWish GroupSnapshot);

internal sealed record GroupSnapshotWish(string GroupId, string? Name = null, string? Description = null);

[JsonSerializable(typeof(GroupSnapshotBody))]
[JsonSerializable(typeof(GroupSnapshotDocument))]
internal sealed partial class GroupSnapshotJson : JsonSerializerContext
{
    public static readonly GroupSnapshotJson Wire = new(WireJson.Options());
}

/// <summary>Routes of group snapshots, which there are from 3.14 on.</summary>
internal sealed class GroupSnapshotEndpoints(KernelServices kernel, GroupSnapshotService snapshots)
{
    private const int Since = 14;

    public void Map(BothRoutes api)
    {
        api.Get("/group_snapshots", "volume:group-snapshots:list", GroupEndpoints.From(Since, call => Task.FromResult(List(call, detail: false))));
        api.Get("/group_snapshots/detail", "volume:group-snapshots:list", GroupEndpoints.From(Since, call => Task.FromResult(List(call, detail: true))));
        api.Post("/group_snapshots", "volume:group-snapshots:create", GroupEndpoints.From(Since, Create));
        api.Get("/group_snapshots/{id}", "volume:group-snapshots:show", GroupEndpoints.From(Since, call => Task.FromResult(Answer.Of(
            kernel.Database.Read(session => GroupSnapshotService.Find(session, call.Access, call.Route("id"))),
            row => Render.Object(200, "group_snapshot", json => Full(json, call, row))))));
        api.Delete("/group_snapshots/{id}", "volume:group-snapshots:delete", GroupEndpoints.From(Since, async call =>
            Answer.Of(await snapshots.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(202))));
        api.Post("/group_snapshots/{id}/action", "volume:group-snapshots:action", GroupEndpoints.From(Since, Act));
    }

    private Answer List(Call call, bool detail)
    {
        if (call.Query("metadata") is not null) return new Fault.Invalid("metadata", "Group snapshots have no metadata to filter by.");
        var request = Lists.Request(call, GroupSnapshotStore.Shape, "s");
        if (request.Fault is { } wrong) return wrong;
        var page = kernel.Database.Read(session => Lists.Page<GroupSnapshotRow>(session, request.Value, "s.*", GroupSnapshotService.Missing));
        return Answer.Of(page, rows => Lists.Answered(
            call, "group_snapshots", request.Value, rows.Items, row => row.Id,
            (json, row) =>
            {
                if (detail) Full(json, call, row);
                else Short(json, row);
            },
            () => kernel.Database.Read(session => ListSql.Count(session, request.Value))));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(GroupSnapshotJson.Wire.GroupSnapshotBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.GroupSnapshot;
        if ((Reading.TooLong("name", wish.Name) ?? Reading.TooLong("description", wish.Description)) is { } wrong) return wrong;
        return Answer.Of(await snapshots.Create(call.Access, wish, call.Stop), row => Render.Object(202, "group_snapshot", json =>
        {
            Short(json, row);
            json.WriteString("group_type_id", row.TypeId);
        }));
    }

    private async Task<Answer> Act(Call call)
    {
        var body = await call.Body(VolumeJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } malformed) return malformed;
        if (body.Value.Count != 1 || body.Value.First() is not { Key: "reset_status" } action || !call.Version.Has(19))
        {
            return new Fault.Invalid("", $"There is no such action: {body.Value.Keys.FirstOrDefault() ?? "None"}");
        }

        return await GroupEndpoints.Reset(call, action.Value, status =>
            snapshots.Change(call.Access, "reset-status", call.Route("id"), (_, row) => row with { Status = status }, call.Stop));
    }

    private static void Short(Utf8JsonWriter json, GroupSnapshotRow row)
    {
        json.WriteString("id", row.Id);
        json.WriteString("name", row.Name);
    }

    private static void Full(Utf8JsonWriter json, Call call, GroupSnapshotRow row)
    {
        Short(json, row);
        json.WriteString("group_id", row.GroupId);
        json.WriteString("group_type_id", row.TypeId);
        json.WriteString("status", row.Status);
        json.TimeOrNull("created_at", row.CreatedAt);
        json.WriteString("description", row.Description);
        if (call.Version.Has(58) && call.Access.Everything) json.WriteString("project_id", row.ProjectId);
    }
}
