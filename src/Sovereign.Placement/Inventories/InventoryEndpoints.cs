using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Providers;

namespace Sovereign.Placement.Inventories;

internal sealed class InventoryEndpoints(KernelServices kernel)
{
    private readonly InventoryService service = new(kernel);

    public void Map(Routes api)
    {
        api.Get("/resource_providers/{id}/inventories", "placement:resource_providers:inventories:list", List);
        api.Put("/resource_providers/{id}/inventories", "placement:resource_providers:inventories:update", Replace);
        api.Post("/resource_providers/{id}/inventories", "placement:resource_providers:inventories:create", Create);
        api.Delete("/resource_providers/{id}/inventories", "placement:resource_providers:inventories:delete", Delete);
        api.Get("/resource_providers/{id}/inventories/{class}", "placement:resource_providers:inventories:show", Show);
        api.Put("/resource_providers/{id}/inventories/{class}", "placement:resource_providers:inventories:update", Update);
        api.Delete("/resource_providers/{id}/inventories/{class}", "placement:resource_providers:inventories:delete", Delete);
        api.Get("/resource_providers/{id}/usages", "placement:resource_providers:usages", Usages);
    }

    private Task<Answer> List(Call call) => Read(call, (provider, rows) => All(call, provider, rows));

    private Task<Answer> Show(Call call) => Read(call, (provider, rows) => rows.Find(row => row.ResourceClass == call.Route("class")) is { } row
        ? Answer.Json(200, InventoryView.From(row, provider.Generation), InventoryJson.Wire.InventoryView).Dated(call, provider.UpdatedAt)
        : new Fault.NotFound("No inventory of class", call.Route("class")));

    private Task<Answer> Usages(Call call) => Read(call, (provider, rows) =>
    {
        var used = new SortedDictionary<string, long>(rows.ToDictionary(row => row.ResourceClass, row => row.Used), StringComparer.Ordinal);
        return Answer.Json(200, new UsagesView(provider.Generation, used), InventoryJson.Wire.UsagesView).Dated(call, provider.UpdatedAt);
    });

    private async Task<Answer> Replace(Call call)
    {
        var body = await call.Body(InventoryJson.Wire.InventoriesPut);
        if (body.Fault is { } wrong) return wrong;
        if (body.Value.Inventories.ContainsValue(null!)) return new Fault.Invalid("inventories", "JSON does not validate: None is not of type 'object'");
        var wanted = body.Value.Inventories.Select(i => i.Value.ToInventory(i.Key)).ToList();
        return await Put(call, body.Value.ResourceProviderGeneration, wanted, InventoryScope.All);
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(InventoryJson.Wire.InventoryPut);
        return body.Fault is { } wrong
            ? wrong
            : await Put(call, body.Value.ResourceProviderGeneration, [body.Value.ToInventory(call.Route("class"))], InventoryScope.Existing);
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(InventoryJson.Wire.InventoryPost);
        return body.Fault is { } wrong ? wrong : await Put(call, null, [body.Value.ToInventory(body.Value.ResourceClass)], InventoryScope.New);
    }

    private async Task<Answer> Put(Call call, long? seen, IReadOnlyList<Inventory> wanted, InventoryScope scope)
    {
        var done = await service.Put(call.Origin, call.Route("id"), seen, wanted, scope, call.Version >= PlacementVersions.ReservedMayBeAll, call.Stop);
        if (done.Fault is { } fault) return fault;
        if (scope == InventoryScope.All) return await List(call);
        var one = wanted[0].ResourceClass;
        return await Read(call, (provider, rows) => rows.Find(row => row.ResourceClass == one) is { } row
            ? Answer.Json(scope == InventoryScope.New ? 201 : 200, InventoryView.From(row, provider.Generation), InventoryJson.Wire.InventoryView)
                .With("Location", call.Link($"/resource_providers/{provider.Id}/inventories/{one}")).Dated(call, provider.UpdatedAt)
            : new Fault.NotFound("No inventory of class", one));
    }

    private async Task<Answer> Delete(Call call)
    {
        var one = call.Http.Request.RouteValues["class"] as string;
        return Answer.Of(await service.Remove(call.Origin, call.Route("id"), one, call.Stop), _ => Answer.Empty(204));
    }

    private Task<Answer> Read(Call call, Func<Provider, List<InventoryRow>, Answer> render) => Task.FromResult(kernel.Database.Read(session =>
        Answer.Of(ProviderStore.Need(session, call.Route("id")), provider => render(provider, InventoryStore.Of(session, provider.Id)))));

    private static Answer All(Call call, Provider provider, List<InventoryRow> rows)
    {
        var views = new SortedDictionary<string, InventoryView>(rows.ToDictionary(row => row.ResourceClass, row => InventoryView.From(row, null)), StringComparer.Ordinal);
        return Answer.Json(200, new InventoriesView(provider.Generation, views), InventoryJson.Wire.InventoriesView).Dated(call, provider.UpdatedAt);
    }
}
