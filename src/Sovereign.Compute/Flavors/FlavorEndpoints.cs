using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Flavors;

/// <summary>Routes of flavors, their extra specs and who may use private ones.</summary>
internal sealed class FlavorEndpoints(KernelServices kernel, FlavorService flavors)
{
    public void Map(BothRoutes api)
    {
        api.Get("/flavors", "compute:flavors:list", call => List(call, FlavorView.Short));
        api.Get("/flavors/detail", "compute:flavors:list", call => List(call, FlavorView.Full));
        api.Post("/flavors", "compute:flavors:create", Create);
        api.Get("/flavors/{id}", "compute:flavors:show", Show);
        api.Put("/flavors/{id}", "compute:flavors:update", Update);
        api.Delete("/flavors/{id}", "compute:flavors:delete", Delete);
        api.Post("/flavors/{id}/action", "compute:flavors:access-change", Action);
        api.Get("/flavors/{id}/os-flavor-access", "compute:flavors:access-list", Access);
        api.Get("/flavors/{id}/os-extra_specs", "compute:flavors:specs-list", Specs);
        api.Post("/flavors/{id}/os-extra_specs", "compute:flavors:specs-change", SetSpecs);
        api.Get("/flavors/{id}/os-extra_specs/{key}", "compute:flavors:specs-list", Spec);
        api.Put("/flavors/{id}/os-extra_specs/{key}", "compute:flavors:specs-change", SetSpec);
        api.Delete("/flavors/{id}/os-extra_specs/{key}", "compute:flavors:specs-change", DeleteSpec);
    }

    private Task<Answer> List(Call call, Action<Utf8JsonWriter, FlavorRow, Call> view)
    {
        var parsed = ListRequest.Parse(call.Http.Request.Query, FlavorStore.Shape(call.Version.Has(75)), "is_public", "minRam", "minDisk");
        if (parsed.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        var request = parsed.Value;
        foreach (var (name, sql) in new[] { ("minRam", "f.ram_mib >= @value"), ("minDisk", "f.disk_gib >= @value") })
        {
            if (call.Query(name) is not { } text) continue;
            if (!long.TryParse(text, out var least)) return Task.FromResult<Answer>(new Fault.Invalid(name, $"Invalid {name} filter [{text}]"));
            request.Where(sql, least);
        }

        // Only administrators can ask for private flavors, or for both kinds by "None".
        var asked = call.Query("is_public");
        if (call.Access.Everything && asked is not null && Wire.Truth(asked) is { } shared) request.Where("f.is_public = @value", shared ? 1L : 0L);
        else if (!call.Access.Everything || asked is null) request.UsableBy(call.Access.Caller.ProjectId ?? "");
        var page = kernel.Database.Read(session => FlavorStore.Page(session, request));
        return Task.FromResult(Answer.Of(page, found => Render.List(
            "flavors", found.Items, (json, flavor) => view(json, flavor, call), PageLinks.Next(call, request, found, flavor => flavor.Id))));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(FlavorJson.Wire.FlavorCreateBody);
        if (body.Fault is { } wrong) return wrong;
        return Answer.Of(await flavors.Create(call.Access, body.Value.Flavor, call.Version, call.Stop), flavor => One(call, flavor));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(flavors.Find(call.Access, call.Route("id")), flavor => One(call, flavor)));

    private async Task<Answer> Update(Call call)
    {
        if (!call.Version.Has(55)) return ComputeVersions.Unrouted(call);
        var body = await call.Body(FlavorJson.Wire.FlavorUpdateBody);
        if (body.Fault is { } wrong) return wrong;
        if (body.Value.Flavor.Description is { Length: > FlavorRow.DescriptionLengthMax }) return new Fault.Invalid("description", "The description is too long.");
        return Answer.Of(await flavors.Describe(call.Access, call.Route("id"), body.Value.Flavor.Description, call.Stop), flavor => One(call, flavor));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await flavors.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(202));

    private async Task<Answer> Action(Call call)
    {
        var body = await call.Body(FlavorJson.Wire.FlavorActionBody);
        if (body.Fault is { } wrong) return wrong;
        var (add, remove) = (body.Value.AddTenantAccess, body.Value.RemoveTenantAccess);
        if (add is null == remove is null) return new Fault.Invalid("", "One of addTenantAccess and removeTenantAccess is expected.");
        var changed = await flavors.ChangeAccess(call.Access, call.Route("id"), (add ?? remove)!.Tenant, add is not null, call.Version.Has(7), call.Stop);
        return Answer.Of(changed, projects => AccessList(call.Route("id"), projects));
    }

    private Task<Answer> Access(Call call)
    {
        var found = flavors.Find(call.Access, call.Route("id")).Then<List<string>>(flavor => flavor.IsPublic
            ? Wire.NotFound("Access list not available for public flavors.")
            : kernel.Database.Read(session => FlavorStore.Projects(session, flavor.Id)));
        return Task.FromResult(Answer.Of(found, projects => AccessList(call.Route("id"), projects)));
    }

    private Task<Answer> Specs(Call call) => Task.FromResult(Answer.Of(flavors.Find(call.Access, call.Route("id")), SpecsOf));

    private async Task<Answer> SetSpecs(Call call)
    {
        var body = await call.Body(FlavorJson.Wire.ExtraSpecsBody);
        if (body.Fault is { } wrong) return wrong;
        var read = ExtraSpecRules.Read(body.Value.ExtraSpecs, call.Version.Has(86));
        if (read.Fault is { } refused) return refused;
        var changed = await flavors.SetSpecs(call.Access, call.Route("id"), read.Value, call.Stop);
        return Answer.Of(changed, _ => Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.Texts("extra_specs", read.Value);
            json.WriteEndObject();
        }));
    }

    private Task<Answer> Spec(Call call)
    {
        var (id, key) = (call.Route("id"), call.Route("key"));
        var found = flavors.Find(call.Access, id).Then<string>(flavor =>
            flavor.Specs.TryGetValue(key, out var value) ? value : Wire.NotFound($"Flavor {id} has no extra specs with key {key}."));
        return Task.FromResult(Answer.Of(found, value => OneSpec(key, value)));
    }

    private async Task<Answer> SetSpec(Call call)
    {
        var body = await call.Body(FlavorJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } wrong) return wrong;
        var read = ExtraSpecRules.Read(body.Value, call.Version.Has(86));
        if (read.Fault is { } refused) return refused;
        var key = call.Route("key");
        if (read.Value.Count != 1 || !read.Value.TryGetValue(key, out var value))
        {
            return new Fault.Invalid("", "Request body contains too many items or another key than its path.");
        }
        return Answer.Of(await flavors.SetSpecs(call.Access, call.Route("id"), read.Value, call.Stop), _ => OneSpec(key, value));
    }

    private async Task<Answer> DeleteSpec(Call call) =>
        Answer.Of(await flavors.DeleteSpec(call.Access, call.Route("id"), call.Route("key"), call.Stop), _ => Answer.Empty(200));

    private static Answer One(Call call, FlavorRow flavor) => Render.Object(200, "flavor", json => FlavorView.Full(json, flavor, call));

    private static Answer SpecsOf(FlavorRow flavor) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.Texts("extra_specs", flavor.Specs);
        json.WriteEndObject();
    });

    private static Answer OneSpec(string key, string value) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.WriteString(key, value);
        json.WriteEndObject();
    });

    private static Answer AccessList(string id, IReadOnlyList<string> projects) => Render.List("flavor_access", projects, (json, project) =>
    {
        json.WriteString("flavor_id", id);
        json.WriteString("tenant_id", project);
    });
}
