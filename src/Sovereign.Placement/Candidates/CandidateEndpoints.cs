using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Allocations;
using Sovereign.Placement.Inventories;
using Sovereign.Placement.Names;

namespace Sovereign.Placement.Candidates;

/// <summary>Where amounts could be allocated now. One provider gives all of them: ours have no trees and share nothing.</summary>
internal sealed class CandidateEndpoints(KernelServices kernel)
{
    private const int CandidatesMax = 1000;

    public void Map(Routes api) => api.Get("/allocation_candidates", "placement:allocation_candidates:list", List);

    private Task<Answer> List(Call call)
    {
        if (call.Version < new Microversion(1, 10)) return Task.FromResult<Answer>(new Fault.NotFound("The resource", "allocation_candidates"));
        return Task.FromResult(kernel.Database.Read(session => Answer.Of(CandidateQuery.Parse(call.Http.Request.Query, onProviders: false), query => Find(call, session, query))));
    }

    private static Answer Find(Call call, Session session, CandidateQuery query)
    {
        if (query.Unknown(session) is { } unknown) return unknown;
        var sums = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, amount) in query.Groups.Values.SelectMany(g => g.Resources)) sums[name] = sums.GetValueOrDefault(name) + amount;
        var apart = query.Isolate && query.Groups.Keys.Count(suffix => suffix.Length > 0) > 1;
        var providers = apart ? [] : Providers(session, query, sums).Take(Math.Min(query.Limit ?? CandidatesMax, CandidatesMax)).ToList();
        var summaries = Summaries(call, session, providers, sums);
        if (call.Version < PlacementVersions.AllocationMap)
        {
            var listed = providers.Select(id => new CandidateList([new CandidateListed(new ProviderReference(id), sums)])).ToList();
            return Answer.Json(200, new CandidatesListView(listed, summaries), CandidateJson.Wire.CandidatesListView);
        }

        var maps = providers.Select(id => new CandidateMap(new SortedDictionary<string, CandidateResources>(StringComparer.Ordinal) { [id] = new(sums) })).ToList();
        return Answer.Json(200, new CandidatesView(maps, summaries), CandidateJson.Wire.CandidatesView).Dated(call);
    }

    private static IEnumerable<string> Providers(Session session, CandidateQuery query, SortedDictionary<string, long> sums)
    {
        var rows = InventoryStore.Of(session, sums.Keys);
        var fits = rows.Where(row => query.Groups.Values.All(g => !g.Resources.TryGetValue(row.ResourceClass, out var amount) || row.Admits(amount))
            && row.Used + sums[row.ResourceClass] <= row.Capacity).GroupBy(row => row.ProviderId).Where(g => g.Count() == sums.Count);
        return fits.Select(g => (Id: g.Key, Load: g.Max(row => (double)(row.Used + sums[row.ResourceClass]) / row.Capacity)))
            .OrderBy(p => p.Load).ThenBy(p => p.Id, StringComparer.Ordinal).Select(p => p.Id).Where(id => Qualifies(session, query, id));
    }

    private static bool Qualifies(Session session, CandidateQuery query, string id)
    {
        if (query.Groups.Values.All(g => g.Required.Count == 0 && g.Forbidden.Count == 0 && g.MemberOf.Count == 0)) return true;
        var traits = NameStore.TraitsOf(session, id);
        var aggregates = NameStore.AggregatesOf(session, id);
        return query.Groups.Values.All(g =>
            g.Required.TrueForAll(traits.Contains) && !g.Forbidden.Exists(traits.Contains) && g.MemberOf.TrueForAll(any => any.Any(aggregates.Contains)));
    }

    private static SortedDictionary<string, SummaryView> Summaries(Call call, Session session, List<string> providers, SortedDictionary<string, long> sums)
    {
        var summaries = new SortedDictionary<string, SummaryView>(StringComparer.Ordinal);
        foreach (var group in InventoryStore.OfProviders(session, providers).GroupBy(row => row.ProviderId))
        {
            var rows = group.Where(row => call.Version >= PlacementVersions.WholeSummary || sums.ContainsKey(row.ResourceClass));
            summaries[group.Key] = new SummaryView(
                new SortedDictionary<string, CapacityView>(rows.ToDictionary(row => row.ResourceClass, row => new CapacityView(row.Capacity, row.Used)), StringComparer.Ordinal),
                call.Version >= PlacementVersions.SummaryTraits ? NameStore.TraitsOf(session, group.Key) : null);
        }

        return summaries;
    }
}
