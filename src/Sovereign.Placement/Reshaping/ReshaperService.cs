using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Placement.Allocations;
using Sovereign.Placement.Inventories;
using Sovereign.Placement.Names;
using Sovereign.Placement.Providers;

namespace Sovereign.Placement.Reshaping;

/// <summary>Moves inventories and what is taken from them between providers at once: what was free before is nobody's in between.</summary>
internal sealed class ReshaperService(KernelServices kernel)
{
    public Task<Outcome<Done>> Reshape(
        Origin origin, IReadOnlyDictionary<string, InventoriesPut> inventories, IReadOnlyList<AllocationWish> wishes, CancellationToken stop)
    {
        var wrong = inventories.Values.SelectMany(put => put.Inventories).Select(i => InventoryRow.Check(i.Value.ToInventory(i.Key), reservedMayBeAll: true))
            .Concat(wishes.Select(AllocationService.Check)).FirstOrDefault(fault => fault is not null);
        if (wrong is not null) return Task.FromResult<Outcome<Done>>(wrong);
        return kernel.Queue.Write<Done>(
            "placement.reshape",
            origin,
            tx =>
            {
                foreach (var (providerId, put) in inventories)
                {
                    if (Stale(tx, providerId, put) is { } stale) return stale;
                }

                foreach (var wish in wishes)
                {
                    if (GiveBack(tx, wish) is { } changed) return changed;
                }

                foreach (var (providerId, put) in inventories.OrderBy(i => i.Key, StringComparer.Ordinal))
                {
                    if (Replace(tx, providerId, put) is { } refused) return refused;
                }

                foreach (var wish in wishes)
                {
                    var done = AllocationBook.Replace(tx, wish);
                    if (done.Fault is { } fault) return fault;
                }

                return Done.Value;
            },
            stop);
    }

    private static Fault? Stale(Tx tx, string providerId, InventoriesPut put)
    {
        if (ProviderStore.Find(tx, providerId) is not { } provider)
        {
            return new Fault.Invalid("inventories", $"Resource provider {providerId} in inventories does not exist.");
        }

        return provider.Generation == put.ResourceProviderGeneration ? null : PlacementFaults.ProviderChanged(providerId, put.ResourceProviderGeneration);
    }

    /// <summary>The room comes back before inventories change; the consumer keeps its row and generation until it is given anew.</summary>
    private static Fault? GiveBack(Tx tx, AllocationWish wish)
    {
        var consumer = AllocationStore.Consumer(tx, wish.ConsumerId);
        if (consumer?.Generation != wish.Generation) return PlacementFaults.ConsumerChanged(wish.ConsumerId, wish.Generation);
        foreach (var old in AllocationStore.OfConsumer(tx, wish.ConsumerId))
        {
            InventoryStore.Give(tx, old.ProviderId, old.ResourceClass, old.Used);
            if (!wish.ByProvider.ContainsKey(old.ProviderId)) ProviderStore.Advance(tx, old.ProviderId);
        }

        AllocationStore.DeleteOf(tx, wish.ConsumerId);
        return null;
    }

    private static Fault? Replace(Tx tx, string providerId, InventoriesPut put)
    {
        foreach (var (name, body) in put.Inventories)
        {
            if (!NameStore.ClassExists(tx, name)) return new Fault.Invalid("inventories", $"No such resource class {name}.");
            InventoryStore.Put(tx, InventoryRow.Of(providerId, body.ToInventory(name)));
        }

        var inUse = InventoryStore.Of(tx, providerId).Select(row => row.ResourceClass).Except(put.Inventories.Keys)
            .Where(name => !InventoryStore.Remove(tx, providerId, name)).ToList();
        if (inUse.Count > 0) return PlacementFaults.InventoryInUse(string.Join(", ", inUse), providerId);
        ProviderStore.Advance(tx, providerId);
        ProviderService.Record(tx, ProviderStore.Find(tx, providerId)!, Change.Updated);
        return null;
    }
}
