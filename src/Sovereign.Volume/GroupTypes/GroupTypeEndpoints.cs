using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.GroupTypes;

internal sealed record GroupTypeBody(GroupTypeWish GroupType);

internal sealed record GroupTypeWish(
    Optional<string> Name = default, Optional<string> Description = default, JsonElement? IsPublic = null, Dictionary<string, string?>? GroupSpecs = null);

internal sealed record GroupSpecsBody(Dictionary<string, string?> GroupSpecs);

[JsonSerializable(typeof(GroupTypeBody))]
[JsonSerializable(typeof(GroupSpecsBody))]
[JsonSerializable(typeof(GroupTypeDocument))]
internal sealed partial class GroupTypeJson : JsonSerializerContext
{
    public static readonly GroupTypeJson Wire = new(WireJson.Options());
}

/// <summary>Routes of group types and of their specs, which there are from 3.11 on.</summary>
internal sealed class GroupTypeEndpoints(KernelServices kernel, GroupTypeService types)
{
    private const int Since = 11;

    public void Map(BothRoutes api)
    {
        api.Get("/group_types", "volume:group-types:list", From(call => Task.FromResult(List(call))));
        api.Post("/group_types", "volume:group-types:create", From(Create));
        api.Get("/group_types/{id}", "volume:group-types:show", From(call => Task.FromResult(call.Route("id") == "default"
            ? VolumeFaults.Missing("Default group type can not be found.")
            : One(call, 200, types.Find(call.Access, call.Route("id"))))));
        api.Put("/group_types/{id}", "volume:group-types:update", From(Update));
        api.Delete("/group_types/{id}", "volume:group-types:delete", From(async call =>
            Answer.Of(await types.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(202))));
        const string Specs = "/group_types/{id}/group_specs";
        api.Get(Specs, "volume:group-types:specs", From(call => Task.FromResult(Answer.Of(types.Find(call.Access, call.Route("id")), row => All(200, row.Pairs())))));
        api.Post(Specs, "volume:group-types:specs", From(SetSpecs));
        api.Get(Specs + "/{key}", "volume:group-types:specs", From(call => Task.FromResult(
            Answer.Of(types.Find(call.Access, call.Route("id")), row => Spec(row, call.Route("key"))))));
        api.Put(Specs + "/{key}", "volume:group-types:specs", From(SetSpec));
        api.Delete(Specs + "/{key}", "volume:group-types:specs", From(async call =>
            Answer.Of(await types.DeleteSpec(call.Access, call.Route("id"), call.Route("key"), call.Stop), _ => Answer.Empty(202))));
    }

    private static Func<Call, Task<Answer>> From(Func<Call, Task<Answer>> handler) =>
        call => call.Version.Has(Since) ? handler(call) : Task.FromResult(Reading.Unrouted(call));

    private Answer List(Call call)
    {
        var parsed = ListRequest.Parse(call.Http.Request.Query, GroupTypeStore.Shape, "is_public", "offset", "all_tenants");
        if (parsed.Fault is { } wrong) return wrong;
        var request = parsed.Value;
        var asked = call.Access.Everything ? call.Query("is_public") : "true";
        if (!string.Equals(asked, "none", StringComparison.OrdinalIgnoreCase))
        {
            if (Truth.Of(asked ?? "true") is not { } open) return new Fault.Invalid("is_public", $"Invalid is_public filter [{asked}]");
            request.Where("t.is_public = @value", open ? 1L : 0L);
        }

        var page = kernel.Database.Read(session => Lists.Page<GroupTypeRow>(session, request, "t.*", GroupTypeService.Missing));
        return Answer.Of(page, rows => Lists.Answered(call, "group_types", request, rows.Items, row => row.Id, (json, row) => View(json, call, row)));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(GroupTypeJson.Wire.GroupTypeBody);
        return body.Fault is { } malformed ? malformed : One(call, 202, await types.Create(call.Access, body.Value.GroupType, call.Stop));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(GroupTypeJson.Wire.GroupTypeBody);
        return body.Fault is { } malformed ? malformed : One(call, 200, await types.Update(call.Access, call.Route("id"), body.Value.GroupType, call.Stop));
    }

    private async Task<Answer> SetSpecs(Call call)
    {
        var body = await call.Body(GroupTypeJson.Wire.GroupSpecsBody);
        if (body.Fault is { } malformed) return malformed;
        var asked = body.Value.GroupSpecs;
        return Answer.Of(
            await types.SetSpecs(call.Access, call.Route("id"), asked, call.Stop), row => All(202, row.Pairs().Where(pair => asked.ContainsKey(pair.Key))));
    }

    private async Task<Answer> SetSpec(Call call)
    {
        var body = await call.Body(VolumeJson.Wire.DictionaryStringString);
        if (body.Fault is { } malformed) return malformed;
        var key = call.Route("key");
        if (body.Value.Count != 1 || !body.Value.ContainsKey(key)) return new Fault.Invalid("", "Request body and URI mismatch.");
        var pair = body.Value.ToDictionary(one => one.Key, one => (string?)one.Value);
        return Answer.Of(await types.SetSpecs(call.Access, call.Route("id"), pair, call.Stop), row => Spec(row, key));
    }

    private static Answer Spec(GroupTypeRow row, string key) => row.Pairs().TryGetValue(key, out var value)
        ? Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString(key, value);
            json.WriteEndObject();
        })
        : GroupTypeService.NoSpec(row.Id, key);

    private static Answer All(int status, IEnumerable<KeyValuePair<string, string>> pairs) => Render.Json(status, json =>
    {
        json.WriteStartObject();
        json.Texts("group_specs", pairs);
        json.WriteEndObject();
    });

    private static Answer One(Call call, int status, Outcome<GroupTypeRow> found) =>
        Answer.Of(found, row => Render.Object(status, "group_type", json => View(json, call, row)));

    private static void View(Utf8JsonWriter json, Call call, GroupTypeRow row)
    {
        json.WriteString("id", row.Id);
        json.WriteString("name", row.Name);
        json.WriteString("description", row.Description);
        json.WriteBoolean("is_public", row.IsPublic);
        if (call.Access.Everything) json.Texts("group_specs", row.Pairs());
    }
}
