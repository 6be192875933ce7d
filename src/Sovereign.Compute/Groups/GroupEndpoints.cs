using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Wire;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Compute.Groups;

/// <summary>Routes of server groups.</summary>
internal sealed class GroupEndpoints(GroupService groups)
{
    private const int PageItemsMax = 1000;

    public void Map(BothRoutes api)
    {
        api.Get("/os-server-groups", "compute:server-groups:list", List);
        api.Post("/os-server-groups", "compute:server-groups:create", Create);
        api.Get("/os-server-groups/{id}", "compute:server-groups:show", Show);
        api.Delete("/os-server-groups/{id}", "compute:server-groups:delete", Delete);
    }

    private Task<Answer> List(Call call)
    {
        if (Number(call.Query("limit"), PageItemsMax) is not { } limit) return Wrong("limit");
        if (Number(call.Query("offset"), 0) is not { } offset) return Wrong("offset");
        var all = call.Access.Everything && call.Query("all_projects") is { } asked && Wire.Truth(asked) != false;
        var rows = groups.List(all ? null : call.Access.Caller.ProjectId ?? "", Math.Min(limit, PageItemsMax), offset);
        return Task.FromResult(Render.List("server_groups", rows, (json, row) => View(json, row, call.Version)));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(GroupJson.Wire.GroupCreateBody);
        if (body.Fault is { } malformed) return malformed;
        return One(call, await groups.Create(call.Access, body.Value.ServerGroup, call.Version, call.Stop));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(One(call, groups.Find(call.Access, call.Route("id"))));

    private async Task<Answer> Delete(Call call) => Answer.Of(await groups.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private Answer One(Call call, Outcome<GroupRow> found) =>
        Answer.Of(found, row => Render.Object(200, "server_group", json => View(json, row, call.Version)));

    private void View(Utf8JsonWriter json, GroupRow row, Microversion version)
    {
        json.WriteString("id", row.Id);
        json.WriteString("name", row.Name);
        if (version.Has(64))
        {
            json.WriteString("policy", row.Policy);
            json.WriteStartObject("rules");
            if (row.MaxPerHost is { } max) json.WriteNumber("max_server_per_host", max);
            json.WriteEndObject();
        }
        else
        {
            json.WriteStartArray("policies");
            json.WriteStringValue(row.Policy);
            json.WriteEndArray();
            json.WriteStartObject("metadata");
            json.WriteEndObject();
        }

        json.WriteStartArray("members");
        foreach (var member in groups.Members(row.Id)) json.WriteStringValue(member);
        json.WriteEndArray();
        if (!version.Has(13)) return;
        json.WriteString("project_id", row.ProjectId);
        json.WriteString("user_id", row.UserId);
    }

    private static int? Number(string? text, int otherwise) =>
        text is null ? otherwise : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static Task<Answer> Wrong(string name) =>
        Task.FromResult<Answer>(new Fault.Invalid(name, $"Invalid input for query parameters {name}. It is a number that is not negative."));
}
