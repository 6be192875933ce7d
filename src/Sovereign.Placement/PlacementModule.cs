using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Allocations;
using Sovereign.Placement.Candidates;
using Sovereign.Placement.Inventories;
using Sovereign.Placement.Names;
using Sovereign.Placement.Providers;
using Sovereign.Placement.Reshaping;

namespace Sovereign.Placement;

/// <summary>Who has how much of what, and who has taken it. The API is Placement's; the claim is a few statements in the caller's transaction.</summary>
public sealed class PlacementModule(KernelServices kernel) : IModule, IPlacement
{
    /// <summary>Providers that a claim looks at before it looks at all.</summary>
    private const int FirstLook = 4;

    private static readonly ServiceFace own = new("placement", "placement", "/placement", Dialect.Placement, PlacementVersions.Table);

    public string Name => "placement";

    public ServiceFace? Face => own;

    public IReadOnlyList<AccessRule> Access => PlacementAccess.Table;

    public void Map(Func<ServiceFace, Routes> face)
    {
        var api = face(own);
        PlacementVersions.Map(api);
        new ProviderEndpoints(kernel).Map(api);
        new InventoryEndpoints(kernel).Map(api);
        new AllocationEndpoints(kernel).Map(api);
        new ReshaperEndpoints(kernel).Map(api);
        new CandidateEndpoints(kernel).Map(api);
        new NameEndpoints(kernel).Map(api);
        new ProviderNameEndpoints(kernel).Map(api);
    }

    public void EnsureProvider(Tx tx, string providerId, string name, IReadOnlyList<Inventory> inventories)
    {
        var changed = EnsureRow(tx, providerId, name);
        var before = InventoryStore.Of(tx, providerId).ToDictionary(row => row.ResourceClass, StringComparer.Ordinal);
        foreach (var inventory in inventories)
        {
            if (before.Remove(inventory.ResourceClass, out var old) && old.ToInventory() == inventory) continue;
            InventoryStore.Put(tx, InventoryRow.Of(providerId, inventory));
            changed = true;
        }

        foreach (var gone in before.Values)
        {
            if (InventoryStore.Remove(tx, providerId, gone.ResourceClass)) changed = true;
            else if (gone.Capacity > 0)
            {
                // Something is still taken of a class that went away: nothing more may be.
                InventoryStore.Put(tx, InventoryRow.Of(providerId, gone.ToInventory() with { Reserved = gone.Total }));
                changed = true;
            }
        }

        if (!changed) return;
        ProviderStore.Advance(tx, providerId);
        ProviderService.Record(tx, ProviderStore.Find(tx, providerId)!, Change.Updated);
    }

    public Outcome<Done> RemoveProvider(Tx tx, string providerId) =>
        ProviderStore.Find(tx, providerId) is null ? Done.Value : ProviderService.Delete(tx, providerId);

    public Outcome<string> Claim(Tx tx, ClaimRequest request)
    {
        if (request.Resources.Count == 0 || request.Resources.Any(r => r.Value <= 0))
        {
            return new Fault.Invalid("resources", "A claim names at least one resource class, each with a positive amount.");
        }

        if (ProviderOf(tx, request.ConsumerId) is { } already) return already;
        // The first look is short, unless there is an order of preference; other replicas may have taken what it saw.
        var first = Candidate.ForClaim(tx, request, request.Among is null ? FirstLook : int.MaxValue);
        var claimed = first.Find(provider => AllocationBook.TryClaim(tx, provider, request));
        if (claimed is null && first.Count == FirstLook)
        {
            claimed = Candidate.ForClaim(tx, request, int.MaxValue).Find(provider => AllocationBook.TryClaim(tx, provider, request));
        }

        return claimed is not null ? claimed : new Fault.Conflict("No valid host was found. There are not enough hosts available.");
    }

    public void Release(Tx tx, string consumerId) => AllocationBook.Release(tx, consumerId);

    public void SetAggregate(Tx tx, string providerId, string aggregateId, bool member)
    {
        var before = NameStore.AggregatesOf(tx, providerId);
        if (before.Contains(aggregateId) == member) return;
        NameStore.SetAggregates(tx, providerId, member ? [.. before, aggregateId] : [.. before.Where(id => id != aggregateId)]);
        ProviderStore.Advance(tx, providerId);
    }

    public string? ProviderOf(Session session, string consumerId) =>
        session.Scalar<string>("SELECT provider_id FROM placement_allocations WHERE consumer_id = @consumerId ORDER BY provider_id LIMIT 1", new { consumerId });

    public IReadOnlyDictionary<string, long> Usages(Session session, string providerId) =>
        InventoryStore.Of(session, providerId).ToDictionary(row => row.ResourceClass, row => row.Used, StringComparer.Ordinal);

    /// <summary>Recounts what is taken of every inventory from the allocations.</summary>
    public IReadOnlyList<string> Verify() => kernel.Database.Read(AllocationVerifier.Run);

    private bool EnsureRow(Tx tx, string providerId, string name)
    {
        if (ProviderStore.Find(tx, providerId) is not { } provider)
        {
            var fresh = new Provider { Id = providerId, Name = name, RootId = providerId, CreatedAt = tx.Now, UpdatedAt = tx.Now };
            if (!ProviderStore.Insert(tx, fresh)) throw new InvalidOperationException($"Another resource provider is named {name}.");
            ProviderService.Record(tx, fresh, Change.Created);
            return true;
        }

        if (provider.Name == name) return false;
        if (ProviderStore.NameTaken(tx, name, providerId)) throw new InvalidOperationException($"Another resource provider is named {name}.");
        ProviderStore.Update(tx, provider with { Name = name, UpdatedAt = tx.Now });
        return true;
    }
}
