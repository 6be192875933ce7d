using System.Globalization;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Placement.Inventories;
using Sovereign.Placement.Providers;

namespace Sovereign.Placement.Allocations;

/// <summary>The bookkeeping of claims, inside the caller's transaction. Amounts are only ever taken by the inventory row's conditional UPDATE.</summary>
internal static class AllocationBook
{
    private const string Kind = "allocation";

    /// <summary>Gives the consumer exactly what is wished, in place of what it has.</summary>
    public static Outcome<Done> Replace(Tx tx, AllocationWish wish)
    {
        var consumer = AllocationStore.Consumer(tx, wish.ConsumerId);
        if (wish.Checked && consumer?.Generation != wish.Generation) return PlacementFaults.ConsumerChanged(wish.ConsumerId, wish.Generation);
        var before = AllocationStore.OfConsumer(tx, wish.ConsumerId);
        foreach (var old in before) InventoryStore.Give(tx, old.ProviderId, old.ResourceClass, old.Used);
        AllocationStore.DeleteOf(tx, wish.ConsumerId);
        foreach (var (provider, resources) in wish.ByProvider.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            if (ProviderStore.Find(tx, provider) is null)
            {
                return new Fault.Invalid("allocations", $"Allocation for resource provider '{provider}' that does not exist.");
            }

            foreach (var (resourceClass, amount) in resources.OrderBy(r => r.Key, StringComparer.Ordinal))
            {
                if (!InventoryStore.Take(tx, provider, resourceClass, amount)) return Refusal(tx, provider, resourceClass, amount);
                AllocationStore.Insert(tx, new Allocation { ConsumerId = wish.ConsumerId, ProviderId = provider, ResourceClass = resourceClass, Used = amount });
            }
        }

        foreach (var provider in before.Select(a => a.ProviderId).Union(wish.ByProvider.Keys).Order(StringComparer.Ordinal)) ProviderStore.Advance(tx, provider);
        return Settle(tx, wish, consumer);
    }

    /// <summary>Claims all resources of a fresh consumer on one provider; false leaves nothing behind. One statement for each table: claims are hot.</summary>
    public static bool TryClaim(Tx tx, string providerId, ClaimRequest request)
    {
        var amounts = ClaimAmounts.Of(request.Resources);
        var taken = InventoryStore.TakeAll(tx, providerId, amounts);
        if (taken.Count < request.Resources.Count)
        {
            foreach (var resourceClass in taken) InventoryStore.Give(tx, providerId, resourceClass, request.Resources[resourceClass]);
            return false;
        }

        var consumer = new Consumer
        {
            Id = request.ConsumerId, ProjectId = request.ProjectId, UserId = request.UserId, Type = Consumer.InstanceType, Generation = 1,
            CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        if (!AllocationStore.InsertConsumer(tx, consumer)) throw new InvalidOperationException($"Consumer {request.ConsumerId} has no allocations and is there.");
        AllocationStore.InsertAll(tx, request.ConsumerId, providerId, amounts);
        ProviderStore.Advance(tx, providerId);
        tx.Record(
            Kind, request.ConsumerId, request.ProjectId, Change.Created, new Dictionary<string, Dictionary<string, long>> { [providerId] = new(request.Resources) },
            AllocationJson.Wire.DictionaryStringDictionaryStringInt64);
        return true;
    }

    /// <summary>Releases all; false when the consumer had nothing.</summary>
    public static bool Release(Tx tx, string consumerId)
    {
        var before = AllocationStore.OfConsumer(tx, consumerId);
        if (before.Count == 0) return false;
        var consumer = AllocationStore.Consumer(tx, consumerId);
        foreach (var old in before) InventoryStore.Give(tx, old.ProviderId, old.ResourceClass, old.Used);
        AllocationStore.DeleteOf(tx, consumerId);
        AllocationStore.DeleteConsumer(tx, consumerId);
        foreach (var provider in before.Select(a => a.ProviderId).Distinct()) ProviderStore.Advance(tx, provider);
        tx.Record(Kind, consumerId, consumer?.ProjectId, Change.Deleted, AllocationJson.Document(before), AllocationJson.Wire.DictionaryStringDictionaryStringInt64);
        return true;
    }

    private static Outcome<Done> Settle(Tx tx, AllocationWish wish, Consumer? consumer)
    {
        var now = new Consumer
        {
            Id = wish.ConsumerId, ProjectId = wish.ProjectId, UserId = wish.UserId, Type = wish.Type ?? consumer?.Type ?? Consumer.UnknownType,
            Generation = 1, CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        if (wish.ByProvider.Count == 0) AllocationStore.DeleteConsumer(tx, wish.ConsumerId);
        else if (consumer is null ? !AllocationStore.InsertConsumer(tx, now) : !AllocationStore.UpdateConsumer(tx, now, consumer.Generation))
        {
            return PlacementFaults.ConsumerChanged(wish.ConsumerId, consumer?.Generation);
        }

        if (consumer is null && wish.ByProvider.Count == 0) return Done.Value;
        var change = wish.ByProvider.Count == 0 ? Change.Deleted : consumer is null ? Change.Created : Change.Updated;
        tx.Record(
            Kind, wish.ConsumerId, wish.ProjectId, change, AllocationJson.Document(AllocationStore.OfConsumer(tx, wish.ConsumerId)),
            AllocationJson.Wire.DictionaryStringDictionaryStringInt64);
        return Done.Value;
    }

    private static Fault Refusal(Tx tx, string provider, string resourceClass, long amount)
    {
        var row = InventoryStore.Of(tx, provider).Find(r => r.ResourceClass == resourceClass);
        if (row is null) return new Fault.Conflict($"Unable to allocate inventory: Inventory for '{resourceClass}' on resource provider '{provider}' invalid.");
        var why = row.Admits(amount)
            ? $"The requested amount would exceed the capacity {row.Capacity}, of which {row.Used} are used."
            : "The requested amount would violate inventory constraints (min_unit, max_unit, step_size).";
        return new Fault.Conflict(string.Create(
            CultureInfo.InvariantCulture,
            $"Unable to allocate inventory: Unable to create allocation of {amount} for '{resourceClass}' on resource provider '{provider}'. {why}"));
    }
}
