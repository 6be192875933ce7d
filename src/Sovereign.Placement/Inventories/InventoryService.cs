using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Placement.Names;
using Sovereign.Placement.Providers;

namespace Sovereign.Placement.Inventories;

internal sealed class InventoryService(KernelServices kernel)
{
    /// <summary>Puts inventories in place of what the provider has.</summary>
    /// <param name="only">Null: all classes are replaced; otherwise this one, and it must be there (PUT) or not (POST).</param>
    public Task<Outcome<Provider>> Put(
        Origin origin, string providerId, long? seen, IReadOnlyList<Inventory> wanted, InventoryScope only, bool reservedMayBeAll, CancellationToken stop)
    {
        foreach (var inventory in wanted)
        {
            if (InventoryRow.Check(inventory, reservedMayBeAll) is { } wrong) return Task.FromResult<Outcome<Provider>>(wrong);
        }

        return Change(origin, providerId, seen, (tx, rows) =>
        {
            foreach (var inventory in wanted)
            {
                if (!NameStore.ClassExists(tx, inventory.ResourceClass)) return new Fault.Invalid("resource_class", $"Unknown resource class in inventory for resource provider {providerId}: No such resource class {inventory.ResourceClass}.");
                var there = rows.Exists(row => row.ResourceClass == inventory.ResourceClass);
                if (only == InventoryScope.Existing && !there) return new Fault.Invalid("resource_class", $"Unable to update inventory: {inventory.ResourceClass} is not in the inventory of {providerId}.");
                if (only == InventoryScope.New && there) return new Fault.Conflict($"Update conflict: {inventory.ResourceClass} is already in the inventory of {providerId}.");
                InventoryStore.Put(tx, InventoryRow.Of(providerId, inventory));
            }

            if (only != InventoryScope.All) return Done.Value;
            return Remove(tx, providerId, rows.Select(row => row.ResourceClass).Except(wanted.Select(i => i.ResourceClass)));
        }, stop);
    }

    public Task<Outcome<Provider>> Remove(Origin origin, string providerId, string? resourceClass, CancellationToken stop) =>
        Change(origin, providerId, null, (tx, rows) =>
        {
            if (resourceClass is null) return Remove(tx, providerId, rows.Select(row => row.ResourceClass));
            return rows.Exists(row => row.ResourceClass == resourceClass)
                ? Remove(tx, providerId, [resourceClass])
                : new Fault.NotFound("No inventory of class", resourceClass);
        }, stop);

    private Task<Outcome<Provider>> Change(
        Origin origin, string providerId, long? seen, Func<Tx, List<InventoryRow>, Outcome<Done>> body, CancellationToken stop) => kernel.Queue.Write<Provider>(
        "inventory.update",
        origin,
        tx =>
        {
            var found = ProviderStore.Need(tx, providerId);
            if (found.Fault is { } missing) return missing;
            var generation = seen ?? found.Value.Generation;
            if (!ProviderStore.Advance(tx, providerId, generation)) return PlacementFaults.ProviderChanged(providerId, generation);
            var done = body(tx, InventoryStore.Of(tx, providerId));
            if (done.Fault is { } fault) return fault;
            ProviderStore.Weigh(tx, providerId);
            var provider = ProviderStore.Find(tx, providerId)!;
            ProviderService.Record(tx, provider, Kernel.Journal.Change.Updated);
            return provider;
        },
        stop);

    private static Outcome<Done> Remove(Tx tx, string providerId, IEnumerable<string> classes)
    {
        var inUse = classes.Where(name => !InventoryStore.Remove(tx, providerId, name)).ToList();
        return inUse.Count == 0 ? Done.Value : PlacementFaults.InventoryInUse(string.Join(", ", inUse), providerId);
    }
}

/// <summary>Which inventories a request is about.</summary>
internal enum InventoryScope
{
    All,
    Existing,
    New,
}
