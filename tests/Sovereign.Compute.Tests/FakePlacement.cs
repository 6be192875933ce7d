using System.Collections.Concurrent;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Placement;

namespace Sovereign.Compute.Tests;

/// <summary>Counts virtual CPUs only; the least loaded provider with room wins.</summary>
internal sealed class FakePlacement : IPlacement
{
    private readonly ConcurrentDictionary<string, (string Name, double Capacity)> providers = new();
    private readonly ConcurrentDictionary<string, (string Provider, long Vcpus)> claims = new();
    private readonly ConcurrentDictionary<string, long> used = new();

    public int Claims => claims.Count;

    public void EnsureProvider(Tx tx, string providerId, string name, IReadOnlyList<Inventory> inventories) =>
        providers[providerId] = (name, inventories.Where(i => i.ResourceClass == "VCPU").Sum(i => i.Total * i.AllocationRatio));

    public Outcome<string> Claim(Tx tx, ClaimRequest request)
    {
        if (claims.TryGetValue(request.ConsumerId, out var known)) return known.Provider;
        var vcpus = request.Resources["VCPU"];
        var best = providers.Where(p => request.Among is null || request.Among.Contains(p.Key))
            .Where(p => used.GetValueOrDefault(p.Key) + vcpus <= p.Value.Capacity).OrderBy(p => used.GetValueOrDefault(p.Key)).Select(p => p.Key).FirstOrDefault();
        if (best is null) return new Fault.Conflict("No provider has room.");
        claims[request.ConsumerId] = (best, vcpus);
        used.AddOrUpdate(best, vcpus, (_, now) => now + vcpus);
        return best;
    }

    public Outcome<Done> RemoveProvider(Tx tx, string providerId)
    {
        providers.TryRemove(providerId, out _);
        return Done.Value;
    }

    public void Release(Tx tx, string consumerId)
    {
        if (claims.TryRemove(consumerId, out var claim)) used.AddOrUpdate(claim.Provider, 0, (_, now) => now - claim.Vcpus);
    }

    public void SetAggregate(Tx tx, string providerId, string aggregateId, bool member) => Aggregates[(providerId, aggregateId)] = member;

    public ConcurrentDictionary<(string Provider, string Aggregate), bool> Aggregates { get; } = new();

    public string? ProviderOf(Session session, string consumerId) => claims.TryGetValue(consumerId, out var claim) ? claim.Provider : null;

    public IReadOnlyDictionary<string, long> Usages(Session session, string providerId) =>
        new Dictionary<string, long> { ["VCPU"] = used.GetValueOrDefault(providerId) };
}
