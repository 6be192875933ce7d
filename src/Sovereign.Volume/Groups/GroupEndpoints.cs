using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Groups;

/// <summary>Routes of groups, which there are from 3.13 on.</summary>
internal sealed class GroupEndpoints(KernelServices kernel, GroupService groups)
{
    private const int Since = 13;
    private const int SourcesSince = 14;

    public void Map(BothRoutes api)
    {
        api.Get("/groups", "volume:groups:list", From(Since, call => Task.FromResult(List(call, detail: false))));
        api.Get("/groups/detail", "volume:groups:list", From(Since, call => Task.FromResult(List(call, detail: true))));
        api.Post("/groups", "volume:groups:create", From(Since, Create));
        api.Post("/groups/action", "volume:groups:create", From(SourcesSince, CreateFrom));
        api.Get("/groups/{id}", "volume:groups:show", From(Since, call => Task.FromResult(Show(call))));
        api.Put("/groups/{id}", "volume:groups:update", From(Since, Update));
        api.Post("/groups/{id}/action", "volume:groups:action", From(Since, Act));
    }

    /// <summary>A handler that is not there before a version.</summary>
    public static Func<Call, Task<Answer>> From(int since, Func<Call, Task<Answer>> handler) =>
        call => call.Version.Has(since) ? handler(call) : Task.FromResult(Reading.Unrouted(call));

    private Answer List(Call call, bool detail)
    {
        if (call.Query("metadata") is not null) return new Fault.Invalid("metadata", "Groups have no metadata to filter by.");
        var request = Lists.Request(call, GroupStore.Shape, "g", "list_volume");
        if (request.Fault is { } wrong) return wrong;
        var read = kernel.Database.Read(session => Lists.Page<GroupRow>(session, request.Value, "g.*", GroupService.Missing)
            .Map(page => (page.Items, Volumes: page.Items.ToDictionary(row => row.Id, row => Volumes(call, session, row)))));
        return Answer.Of(read, rows => Lists.Answered(
            call, "groups", request.Value, rows.Items, row => row.Id,
            (json, row) =>
            {
                if (detail) GroupView.Full(json, call, row, rows.Volumes[row.Id]);
                else GroupView.Short(json, row);
            },
            () => kernel.Database.Read(session => ListSql.Count(session, request.Value))));
    }

    private Answer Show(Call call) => Answer.Of(
        kernel.Database.Read(session => GroupService.Find(session, call.Access, call.Route("id")).Map(row => (Row: row, Volumes: Volumes(call, session, row)))),
        found => Render.Object(200, "group", json => GroupView.Full(json, call, found.Row, found.Volumes)));

    private static List<string>? Volumes(Call call, Kernel.Store.Session session, GroupRow row) =>
        call.Version.Has(25) && call.Query("list_volume") is { } asked && Truth.Of(asked) == true
            ? GroupStore.Volumes(session, row.Id).ConvertAll(volume => volume.Id) : null;

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(GroupJson.Wire.GroupBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Group;
        if ((Reading.TooLong("name", wish.Name) ?? Reading.TooLong("description", wish.Description)) is { } wrong) return wrong;
        return One(await groups.Create(call.Access, wish, call.Stop));
    }

    private async Task<Answer> CreateFrom(Call call)
    {
        var body = await call.Body(GroupJson.Wire.GroupSourceBody);
        if (body.Fault is { } malformed) return malformed;
        var source = body.Value.CreateFromSrc;
        if (call.Access.Caller.ProjectId is null) return new Fault.Forbidden("Groups belong to projects: a token of a project is needed.");
        if ((Reading.TooLong("name", source.Name) ?? Reading.TooLong("description", source.Description)) is { } wrong) return wrong;
        return One(await groups.CreateFrom(call.Access, source, call.Stop));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(GroupJson.Wire.GroupUpdateBody);
        if (body.Fault is { } malformed) return malformed;
        var wish = body.Value.Group;
        if (!wish.Name.Given && !wish.Description.Given && wish.AddVolumes is null && wish.RemoveVolumes is null)
        {
            return VolumeFaults.InvalidInput("At least one of name, description, add_volumes and remove_volumes must be given.");
        }

        if ((Reading.TooLong("name", wish.Name.Value) ?? Reading.TooLong("description", wish.Description.Value)) is { } wrong) return wrong;
        return Answer.Of(await groups.Update(call.Access, call.Route("id"), wish, call.Stop), _ => Answer.Empty(202));
    }

    private async Task<Answer> Act(Call call)
    {
        var body = await call.Body(VolumeJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } malformed) return malformed;
        if (body.Value.Count != 1) return new Fault.Invalid("", "There is no such action: None");
        var (action, given) = body.Value.First();
        var id = call.Route("id");
        switch (action)
        {
            case "delete":
                JsonElement? flag = given.ValueKind == JsonValueKind.Object && given.TryGetProperty("delete-volumes", out var asked) ? asked : null;
                var volumes = Reading.Flag("delete-volumes", flag);
                return volumes.Fault is { } unclear
                    ? unclear
                    : Answer.Of(await groups.Delete(call.Access, id, volumes.Value, call.Stop), _ => Answer.Empty(202));
            case "reset_status" when call.Version.Has(20):
                return await Reset(call, given, status => groups.Change(call.Access, "reset-status", id, (_, row) => row with { Status = status }, call.Stop));
            case "enable_replication" or "disable_replication" or "failover_replication" or "list_replication_targets" when call.Version.Has(38):
                return Answer.Of(
                    kernel.Database.Read(session => GroupService.Find(session, call.Access, id)),
                    row => new Fault.Invalid("", $"Invalid group type: Group {row.Id} is not of a type that is replicated."));
            default:
                return new Fault.Invalid("", $"There is no such action: {action}");
        }
    }

    /// <summary>What administrators say that something is.</summary>
    public static async Task<Answer> Reset<T>(Call call, JsonElement given, Func<string, Task<Outcome<T>>> set)
    {
        if (!call.Access.Everything) return VolumeFaults.NotAllowed("group:reset_status");
        if (Sovereign.Volume.Volumes.VolumeActions.Text(given, "status") is not { } status) return Reading.Wrong("status", "None", "'status' is a required property");
        return GroupStates.Settable.Contains(status)
            ? Answer.Of(await set(status), _ => Answer.Empty(202))
            : Reading.Wrong("status", status, $"It is one of {string.Join(", ", GroupStates.Settable.Order())}.");
    }

    private static Answer One(Outcome<GroupRow> made) => Answer.Of(made, row => Render.Object(202, "group", json => GroupView.Short(json, row)));
}
