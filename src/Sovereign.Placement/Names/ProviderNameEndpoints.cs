using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Providers;

namespace Sovereign.Placement.Names;

/// <summary>The traits and aggregates that a provider carries.</summary>
internal sealed class ProviderNameEndpoints(KernelServices kernel)
{
    private const int NamesMax = 1000;

    public void Map(Routes api)
    {
        api.Get("/resource_providers/{id}/traits", "placement:resource_providers:traits:list", Traits);
        api.Put("/resource_providers/{id}/traits", "placement:resource_providers:traits:update", PutTraits);
        api.Delete("/resource_providers/{id}/traits", "placement:resource_providers:traits:delete", DeleteTraits);
        api.Get("/resource_providers/{id}/aggregates", "placement:resource_providers:aggregates:list", Aggregates);
        api.Put("/resource_providers/{id}/aggregates", "placement:resource_providers:aggregates:update", PutAggregates);
    }

    private Task<Answer> Traits(Call call) => Task.FromResult(kernel.Database.Read(session => Answer.Of(
        ProviderStore.Need(session, call.Route("id")),
        provider => Answer.Json(200, new ProviderTraits(NameStore.TraitsOf(session, provider.Id), provider.Generation), NameJson.Wire.ProviderTraits)
            .Dated(call, provider.UpdatedAt))));

    private async Task<Answer> PutTraits(Call call)
    {
        var body = await call.Body(NameJson.Wire.ProviderTraits);
        if (body.Fault is { } wrong) return wrong;
        var names = body.Value.Traits.Distinct(StringComparer.Ordinal).ToList();
        if (names.Count > NamesMax) return new Fault.Invalid("traits", "JSON does not validate: too many traits.");
        var done = await Change(call, body.Value.ResourceProviderGeneration, tx =>
        {
            var unknown = names.Where(name => !NameStore.TraitExists(tx, name)).ToList();
            if (unknown.Count > 0) return new Fault.Invalid("traits", $"No such trait(s): {string.Join(", ", unknown)}.");
            NameStore.SetTraits(tx, call.Route("id"), names);
            return Done.Value;
        });
        return done.Fault ?? await Traits(call);
    }

    private async Task<Answer> DeleteTraits(Call call)
    {
        var done = await Change(call, null, tx =>
        {
            NameStore.SetTraits(tx, call.Route("id"), []);
            return Done.Value;
        });
        return Answer.Of(done, _ => Answer.Empty(204));
    }

    private Task<Answer> Aggregates(Call call) => Task.FromResult(kernel.Database.Read(session => Answer.Of(
        ProviderStore.Need(session, call.Route("id")), provider => Show(call, session, provider))));

    private async Task<Answer> PutAggregates(Call call)
    {
        var generations = call.Version >= PlacementVersions.AggregateGeneration;
        IReadOnlyList<string> names;
        long? seen = null;
        if (generations)
        {
            var body = await call.Body(NameJson.Wire.AggregatesPut);
            if (body.Fault is { } wrong) return wrong;
            (names, seen) = (body.Value.Aggregates, body.Value.ResourceProviderGeneration);
        }
        else
        {
            var body = await call.Body(NameJson.Wire.IReadOnlyListString);
            if (body.Fault is { } wrong) return wrong;
            names = body.Value;
        }

        if (names.Count > NamesMax || names.Any(name => !Guid.TryParse(name, out _))) return new Fault.Invalid("aggregates", "JSON does not validate: aggregates are a list of UUIDs.");
        var done = await Change(call, seen, tx =>
        {
            NameStore.SetAggregates(tx, call.Route("id"), names.Distinct(StringComparer.Ordinal));
            return Done.Value;
        });
        return done.Fault ?? await Aggregates(call);
    }

    private Task<Outcome<Done>> Change(Call call, long? seen, Func<Tx, Outcome<Done>> body) => kernel.Queue.Write<Done>(
        "provider.names",
        call.Origin,
        tx =>
        {
            var found = ProviderStore.Need(tx, call.Route("id"));
            if (found.Fault is { } missing) return missing;
            var generation = seen ?? found.Value.Generation;
            if (!ProviderStore.Advance(tx, found.Value.Id, generation)) return PlacementFaults.ProviderChanged(found.Value.Id, generation);
            var done = body(tx);
            if (done.Ok) ProviderService.Record(tx, found.Value with { Generation = generation + 1 }, Kernel.Journal.Change.Updated);
            return done;
        },
        call.Stop);

    private static Answer Show(Call call, Session session, Provider provider) => Answer.Json(
        200,
        new AggregatesView(NameStore.AggregatesOf(session, provider.Id), call.Version >= PlacementVersions.AggregateGeneration ? provider.Generation : null),
        NameJson.Wire.AggregatesView).Dated(call, provider.UpdatedAt);
}
