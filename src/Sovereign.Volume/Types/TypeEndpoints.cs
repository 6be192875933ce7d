using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Types;

/// <summary>Routes of volume types and of who may use them.</summary>
internal sealed class TypeEndpoints(KernelServices kernel, TypeService types)
{
    /// <summary>Specs that every user may see.</summary>
    private static readonly string[] shown = ["RESKEY:availability_zones", TypeRow.MultiattachSpec, "replication_enabled"];

    public void Map(BothRoutes api)
    {
        api.Get("/types", "volume:types:list", call => Task.FromResult(List(call)));
        api.Post("/types", "volume:types:create", Create);
        api.Get("/types/{id}", "volume:types:show", call => Task.FromResult(Show(call)));
        api.Put("/types/{id}", "volume:types:update", Update);
        api.Delete("/types/{id}", "volume:types:delete", async call => Answer.Of(await types.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(202)));
        api.Post("/types/{id}/action", "volume:types:access", Action);
        api.Get("/types/{id}/os-volume-type-access", "volume:types:access", call => Task.FromResult(Projects(call)));
        api.Get("/types/{id}/extra_specs", "volume:types:specs", call => Task.FromResult(Answer.Of(types.Find(call.Access, call.Route("id")), row =>
            Render.Object(200, "extra_specs", json => Texts(json, Visible(call, row))))));
        api.Post("/types/{id}/extra_specs", "volume:types:specs-change", SetSpecs);
        api.Get("/types/{id}/extra_specs/{key}", "volume:types:specs", call => Task.FromResult(
            Answer.Of(types.Find(call.Access, call.Route("id")), row => Spec(call, row))));
        api.Put("/types/{id}/extra_specs/{key}", "volume:types:specs-change", SetSpec);
        api.Delete("/types/{id}/extra_specs/{key}", "volume:types:specs-change", async call =>
            Answer.Of(await types.DeleteSpec(call.Access, call.Route("id"), call.Route("key"), call.Stop), _ => Answer.Empty(202)));
    }

    private Answer List(Call call)
    {
        var parsed = ListRequest.Parse(
            call.Http.Request.Query, TypeStore.Shape, "is_public", "offset", "extra_specs", "all_tenants", "name");
        if (parsed.Fault is { } wrong) return wrong;
        var request = parsed.Value;
        var asked = call.Query("is_public");
        if (asked is null || !call.Access.Everything || !string.Equals(asked, "none", StringComparison.OrdinalIgnoreCase))
        {
            if (asked is not null && call.Access.Everything)
            {
                if (Truth.Of(asked) is not { } open) return new Fault.Invalid("is_public", $"Invalid is_public filter [{asked}]");
                request.Where("t.is_public = @value", open ? 1L : 0L);
            }
            else
            {
                request.UsableBy(call.Access.Caller.ProjectId ?? "");
            }
        }

        if (call.Access.Everything && call.Query("name") is { } name) request.Where("t.name = @value", name);
        if (Lists.Metadata(call.Query("extra_specs"), "t.extra_specs", request) is { } malformed) return malformed;
        var page = kernel.Database.Read(session => Lists.Page<TypeRow>(session, request, "t.*", VolumeFaults.Type));
        return Answer.Of(page, rows => Lists.Answered(call, "volume_types", request, rows.Items, row => row.Id, (json, row) => View(json, call, row)));
    }

    private Answer Show(Call call)
    {
        var found = call.Route("id") == "default"
            ? kernel.Database.Read(session => TypeStore.Default(session, call.Access.Caller.ProjectId)) is { } row ? Outcome.Of(row)
                : VolumeFaults.Missing("Default volume type can not be found.")
            : types.Find(call.Access, call.Route("id"));
        return One(call, found);
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(TypeJson.Wire.TypeBody);
        return body.Fault is { } malformed ? malformed : One(call, await types.Create(call.Access, body.Value.VolumeType, call.Stop), qos: false);
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(TypeJson.Wire.TypeBody);
        if (body.Fault is { } malformed) return malformed;
        return Answer.Of(await types.Update(call.Access, call.Route("id"), body.Value.VolumeType, call.Stop), row => Render.Object(200, "volume_type", json =>
        {
            json.WriteString("id", row.Id);
            json.WriteString("name", row.Name);
            json.WriteBoolean("is_public", row.IsPublic);
            json.WriteString("description", row.Description);
            json.Texts("extra_specs", row.Specs());
        }));
    }

    private async Task<Answer> Action(Call call)
    {
        var body = await call.Body(TypeJson.Wire.TypeActionBody);
        if (body.Fault is { } malformed) return malformed;
        var (add, remove) = (body.Value.AddProjectAccess, body.Value.RemoveProjectAccess);
        if (add is null == remove is null) return new Fault.Invalid("", "There is no such action on volume types.");
        var project = (add ?? remove)!.Project;
        if (project.Length is 0 or > Reading.TextLengthMax) return Reading.Wrong("project", project, "It is the id of a project.");
        return Answer.Of(await types.ChangeAccess(call.Access, call.Route("id"), project, add is not null, call.Stop), _ => Answer.Empty(202));
    }

    private Answer Projects(Call call) => Answer.Of(types.Find(call.Access, call.Route("id")), row => row.IsPublic
        ? VolumeFaults.Missing("Access list not available for public volume types.")
        : Render.List("volume_type_access", types.Projects(row.Id), (json, project) =>
        {
            json.WriteString("volume_type_id", row.Id);
            json.WriteString("project_id", project);
        }));

    private async Task<Answer> SetSpecs(Call call)
    {
        var body = await call.Body(TypeJson.Wire.SpecsBody);
        if (body.Fault is { } malformed) return malformed;
        return Answer.Of(
            await types.SetSpecs(call.Access, call.Route("id"), body.Value.ExtraSpecs, call.Stop),
            row => Render.Object(200, "extra_specs", json => Texts(json, row.Specs().Where(spec => body.Value.ExtraSpecs.ContainsKey(spec.Key)))));
    }

    private async Task<Answer> SetSpec(Call call)
    {
        var body = await call.Body(VolumeJson.Wire.DictionaryStringString);
        if (body.Fault is { } malformed) return malformed;
        var key = call.Route("key");
        if (body.Value.Count != 1 || !body.Value.ContainsKey(key)) return new Fault.Invalid("", "Request body and URI mismatch.");
        var pair = body.Value.ToDictionary(one => one.Key, one => (string?)one.Value);
        return Answer.Of(await types.SetSpecs(call.Access, call.Route("id"), pair, call.Stop), row => Spec(call, row));
    }

    private static Answer Spec(Call call, TypeRow row) => Visible(call, row).FirstOrDefault(spec => spec.Key == call.Route("key")) is { Key: not null } found
        ? Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString(found.Key, found.Value);
            json.WriteEndObject();
        })
        : VolumeFaults.Missing($"Volume Type {row.Id} has no extra specs with key {call.Route("key")}.");

    private static Answer One(Call call, Outcome<TypeRow> found, bool qos = true) =>
        Answer.Of(found, row => Render.Object(200, "volume_type", json => View(json, call, row, qos)));

    private static void View(Utf8JsonWriter json, Call call, TypeRow row, bool qos = true)
    {
        json.WriteString("id", row.Id);
        json.WriteString("name", row.Name);
        json.WriteBoolean("is_public", row.IsPublic);
        json.WriteString("description", row.Description);
        json.Texts("extra_specs", Visible(call, row));
        if (call.Access.Everything && qos) json.WriteString("qos_specs_id", row.QosId);
        json.WriteBoolean("os-volume-type-access:is_public", row.IsPublic);
    }

    private static IEnumerable<KeyValuePair<string, string>> Visible(Call call, TypeRow row) =>
        row.Specs().Where(spec => call.Access.Everything || shown.Contains(spec.Key));

    private static void Texts(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, string>> pairs)
    {
        foreach (var (name, value) in pairs) json.WriteString(name, value);
    }
}
