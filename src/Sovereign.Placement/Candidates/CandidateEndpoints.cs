using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Allocations;

namespace Sovereign.Placement.Candidates;

/// <summary>Where amounts could be allocated now.</summary>
internal sealed class CandidateEndpoints(KernelServices kernel)
{
    private const int CandidatesMax = 1000;

    public void Map(Routes api) => api.Get("/allocation_candidates", "placement:allocation_candidates:list", List);

    private Task<Answer> List(Call call)
    {
        if (call.Version < new Microversion(1, 10)) return Task.FromResult<Answer>(new Fault.NotFound("The resource", "allocation_candidates"));
        return Task.FromResult(kernel.Database.Read(session => Answer.Of(CandidateQuery.OfCandidates(call.Http.Request.Query, call.Version), query => Find(call, session, query))));
    }

    private static Answer Find(Call call, Session session, CandidateQuery query)
    {
        if (query.Unknown(session) is { } unknown) return unknown;
        var providers = CandidateProvider.All(session);
        var found = new CandidateSearch(query, call.Version, providers, Math.Min(query.Limit ?? CandidatesMax, CandidatesMax)).Run();
        var summaries = Summaries(call, query, providers, found);
        if (call.Version < PlacementVersions.AllocationMap)
        {
            var listed = found.Select(one => new CandidateList(one.Amounts.Select(a => new CandidateListed(new ProviderReference(a.Key), a.Value)).ToList())).ToList();
            return Answer.Json(200, new CandidatesListView(listed, summaries), CandidateJson.Wire.CandidatesListView);
        }

        var maps = found.Select(one => new CandidateMap(
            new SortedDictionary<string, CandidateResources>(one.Amounts.ToDictionary(a => a.Key, a => new CandidateResources(a.Value)), StringComparer.Ordinal),
            call.Version >= PlacementVersions.Mappings ? one.Mappings : null)).ToList();
        return Answer.Json(200, new CandidatesView(maps, summaries), CandidateJson.Wire.CandidatesView).Dated(call);
    }

    /// <summary>Of the providers in the candidates; from nested providers on, of their whole trees.</summary>
    private static SortedDictionary<string, SummaryView> Summaries(
        Call call, CandidateQuery query, IReadOnlyDictionary<string, CandidateProvider> providers, List<CandidateAnswer> found)
    {
        var nested = call.Version >= PlacementVersions.Nested;
        var asked = query.Groups.Values.SelectMany(g => g.Resources.Keys).ToHashSet(StringComparer.Ordinal);
        var ids = found.SelectMany(one => one.Amounts.Keys.Concat(one.Mappings.Values.SelectMany(m => m))).ToHashSet(StringComparer.Ordinal);
        var roots = ids.Select(id => providers[id].Row.RootId).ToHashSet(StringComparer.Ordinal);
        var summaries = new SortedDictionary<string, SummaryView>(StringComparer.Ordinal);
        foreach (var provider in providers.Values.Where(p => nested ? roots.Contains(p.Row.RootId) : ids.Contains(p.Row.Id)))
        {
            var rows = provider.Inventories.Values.Where(row => call.Version >= PlacementVersions.WholeSummary || asked.Contains(row.ResourceClass));
            summaries[provider.Row.Id] = new SummaryView(
                new SortedDictionary<string, CapacityView>(rows.ToDictionary(row => row.ResourceClass, row => new CapacityView(row.Capacity, row.Used)), StringComparer.Ordinal),
                call.Version >= PlacementVersions.SummaryTraits ? [.. provider.Traits.Order(StringComparer.Ordinal)] : null,
                nested ? new Optional<string?>(true, provider.Row.ParentId.Length == 0 ? null : provider.Row.ParentId) : default,
                nested ? provider.Row.RootId : null);
        }

        return summaries;
    }
}
