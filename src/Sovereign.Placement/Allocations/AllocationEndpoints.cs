using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Inventories;
using Sovereign.Placement.Providers;

namespace Sovereign.Placement.Allocations;

internal sealed class AllocationEndpoints(KernelServices kernel)
{
    private readonly AllocationService service = new(kernel);

    public void Map(Routes api)
    {
        api.Get("/allocations/{consumer}", "placement:allocations:list", Show);
        api.Put("/allocations/{consumer}", "placement:allocations:update", Put);
        api.Delete("/allocations/{consumer}", "placement:allocations:delete", Delete);
        api.Post("/allocations", "placement:allocations:manage", Manage);
        api.Get("/resource_providers/{id}/allocations", "placement:resource_providers:allocations:list", OfProvider);
        api.Get("/usages", "placement:usages", Usages);
    }

    private Task<Answer> Show(Call call) => Task.FromResult(kernel.Database.Read(session =>
    {
        var consumer = AllocationStore.Consumer(session, call.Route("consumer"));
        var views = new SortedDictionary<string, ProviderAllocationView>(StringComparer.Ordinal);
        foreach (var group in AllocationStore.OfConsumer(session, call.Route("consumer")).GroupBy(a => a.ProviderId))
        {
            views[group.Key] = new ProviderAllocationView(ProviderStore.Find(session, group.Key)!.Generation, AllocationJson.Resources(group));
        }

        var named = call.Version >= PlacementVersions.AllocationMap && consumer is not null;
        var generation = call.Version >= PlacementVersions.ConsumerGeneration ? consumer?.Generation : null;
        var view = new ConsumerAllocationsView(views, named ? consumer!.ProjectId : null, named ? consumer!.UserId : null, generation,
            consumer is not null && call.Version >= PlacementVersions.ConsumerType ? consumer.Type : null);
        return Answer.Json(200, view, AllocationJson.Wire.ConsumerAllocationsView).Dated(call, consumer?.UpdatedAt);
    }));

    private async Task<Answer> Put(Call call)
    {
        var wish = call.Version < PlacementVersions.AllocationMap ? await ReadList(call) : await ReadMap(call);
        if (wish.Fault is { } wrong) return wrong;
        if (wish.Value.ByProvider.Count == 0 && call.Version < PlacementVersions.ConsumerGeneration)
        {
            return new Fault.Invalid("allocations", "JSON does not validate: allocations does not have enough properties.");
        }

        return Answer.Of(await service.Replace(call.Origin, [wish.Value], call.Stop), _ => Answer.Empty(204));
    }

    private async Task<Answer> Manage(Call call)
    {
        if (call.Version < new Microversion(1, 13)) return new Fault.NotFound("The resource", "allocations");
        var body = await call.Body(AllocationJson.Wire.DictionaryStringAllocationsPut);
        if (body.Fault is { } wrong) return wrong;
        var generations = call.Version >= PlacementVersions.ConsumerGeneration;
        var wishes = new List<AllocationWish>();
        foreach (var (consumer, put) in body.Value)
        {
            if (Refusal(put, call.Version) is { } refused) return refused;
            wishes.Add(AllocationService.Wish(consumer, put, generations));
        }

        return Answer.Of(await service.Replace(call.Origin, wishes, call.Stop), _ => Answer.Empty(204));
    }

    private async Task<Answer> Delete(Call call) =>
        Answer.Of(await service.Release(call.Origin, call.Route("consumer"), call.Stop), _ => Answer.Empty(204));

    private Task<Answer> OfProvider(Call call) => Task.FromResult(kernel.Database.Read(session => Answer.Of(
        ProviderStore.Need(session, call.Route("id")),
        provider =>
        {
            var generations = call.Version >= PlacementVersions.ConsumerGeneration
                ? AllocationStore.ConsumersOfProvider(session, provider.Id).ToDictionary(c => c.Id, c => c.Generation)
                : [];
            var views = new SortedDictionary<string, ConsumerResourcesView>(StringComparer.Ordinal);
            foreach (var group in AllocationStore.OfProvider(session, provider.Id).GroupBy(a => a.ConsumerId))
            {
                views[group.Key] = new ConsumerResourcesView(
                    AllocationJson.Resources(group), generations.TryGetValue(group.Key, out var generation) ? generation : null);
            }

            return Answer.Json(200, new ProviderAllocationsView(provider.Generation, views), AllocationJson.Wire.ProviderAllocationsView).Dated(call, provider.UpdatedAt);
        })));

    private Task<Answer> Usages(Call call)
    {
        var project = call.Query("project_id");
        if (string.IsNullOrEmpty(project)) return Task.FromResult<Answer>(new Fault.Invalid("project_id", "Invalid query string parameters: 'project_id' is a required property"));
        if (!call.Access.Covers(project)) return Task.FromResult<Answer>(new Fault.Forbidden("Policy does not allow placement:usages to be performed."));
        if (call.Version >= PlacementVersions.ConsumerType) return Task.FromResult(TypedUsages(call, project));
        var totals = kernel.Database.Read(session => AllocationStore.Totals(session, project, call.Query("user_id")));
        return Task.FromResult(Answer.Json(200, new UsagesView(null, AllocationJson.Resources(totals)), InventoryJson.Wire.UsagesView).Dated(call));
    }

    private Answer TypedUsages(Call call, string project)
    {
        var (user, type) = (call.Query("user_id"), call.Query("consumer_type"));
        var together = type == "all";
        return kernel.Database.Read(session =>
        {
            var usages = new SortedDictionary<string, SortedDictionary<string, long>>(StringComparer.Ordinal);
            void Add(TypedTotal total, string name)
            {
                var key = together ? "all" : total.Type;
                if (!usages.TryGetValue(key, out var sums)) usages[key] = sums = new SortedDictionary<string, long>(StringComparer.Ordinal);
                sums[name] = sums.GetValueOrDefault(name) + total.Used;
            }

            foreach (var total in AllocationStore.CountsByType(session, project, user, together ? null : type)) Add(total, "consumer_count");
            foreach (var total in AllocationStore.TotalsByType(session, project, user, together ? null : type)) Add(total, total.ResourceClass);
            return Answer.Json(200, new TypedUsagesView(usages), AllocationJson.Wire.TypedUsagesView).Dated(call);
        });
    }

    private static async Task<Outcome<AllocationWish>> ReadMap(Call call)
    {
        var body = await call.Body(AllocationJson.Wire.AllocationsPut);
        var generations = call.Version >= PlacementVersions.ConsumerGeneration;
        return body.Then<AllocationWish>(put => Refusal(put, call.Version) is { } refused ? refused : AllocationService.Wish(call.Route("consumer"), put, generations));
    }

    private static async Task<Outcome<AllocationWish>> ReadList(Call call)
    {
        var body = await call.Body(AllocationJson.Wire.AllocationsPutList);
        return body.Then<AllocationWish>(put =>
        {
            if (call.Version >= PlacementVersions.ProjectRequired && (put.ProjectId is null || put.UserId is null))
            {
                return new Fault.Invalid("project_id", "JSON does not validate: 'project_id' and 'user_id' are required properties");
            }

            var map = new Dictionary<string, ResourcesBody>(StringComparer.Ordinal);
            foreach (var one in put.Allocations)
            {
                if (!map.TryAdd(one.ResourceProvider.Uuid, new ResourcesBody(one.Resources))) return new Fault.Invalid("allocations", "JSON does not validate: a resource provider is named twice.");
            }

            // Before 1.8 a consumer needed no owner; such ones belong to the null project, as in the original.
            const string nobody = "00000000-0000-0000-0000-000000000000";
            return AllocationService.Wish(call.Route("consumer"), new AllocationsPut(map, put.ProjectId ?? nobody, put.UserId ?? nobody), generations: false);
        });
    }

    /// <summary>What this microversion asks for or does not know.</summary>
    public static Fault? Refusal(AllocationsPut? put, Microversion version)
    {
        // A null among a map's values passes the parser.
        if (put is null) return new Fault.Invalid("allocations", "JSON does not validate: None is not of type 'object'");
        var fields = new (string Name, bool Given, Microversion Since, bool Required)[]
        {
            ("consumer_generation", put.ConsumerGeneration.Given, PlacementVersions.ConsumerGeneration, true),
            ("mappings", put.Mappings is not null, PlacementVersions.Mappings, false),
            ("consumer_type", put.ConsumerType is not null, PlacementVersions.ConsumerType, true),
        };
        foreach (var (name, given, since, required) in fields)
        {
            if (given && version < since) return new Fault.Invalid(name, $"JSON does not validate: Additional properties are not allowed ('{name}' was unexpected)");
            if (!given && required && version >= since) return new Fault.Invalid(name, $"JSON does not validate: '{name}' is a required property");
        }

        return put.ConsumerType is { } type && (type.Length is 0 or > AllocationService.IdLengthMax || !type.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_'))
            ? new Fault.Invalid("consumer_type", $"JSON does not validate: '{type}' does not match '^[A-Z0-9_]+$'")
            : null;
    }
}
