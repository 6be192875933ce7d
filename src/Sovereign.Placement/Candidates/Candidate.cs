using Sovereign.Kernel.Store;
using Sovereign.Placement.Allocations;
using Sovereign.Placement.Inventories;

namespace Sovereign.Placement.Candidates;

/// <summary>Which providers have room for amounts, and in which order they are taken.</summary>
internal static class Candidate
{
    /// <summary>Providers with room for a claim: by preference where there is one, else the least loaded first, ties by id.</summary>
    /// <param name="max">How many at most: nearly every claim takes the first.</param>
    public static List<string> ForClaim(Session session, ClaimRequest request, int max)
    {
        var amounts = ClaimAmounts.Of(request.Resources);
        var parameters = amounts.Parameters();
        parameters.Add("max", (long)max);
        var among = "";
        if (request.Among is { } wanted)
        {
            parameters.Add("among", wanted.ToList());
            among = "p.id IN @among AND ";
        }

        var found = session.Query<string>(
            $"""
            SELECT p.id FROM placement_providers p
            WHERE {among}(SELECT COUNT(*) FROM placement_inventories i WHERE i.provider_id = p.id AND {amounts.Fits}) = @classes
            ORDER BY p.load, p.id LIMIT @max
            """,
            parameters);
        return request.Among is null ? found : request.Among.Intersect(found, StringComparer.Ordinal).ToList();
    }

    /// <summary>Each provider with room for all amounts, with the load of its fullest class after taking them, 0 to 1.</summary>
    public static Dictionary<string, double> Loads(List<InventoryRow> rows, IReadOnlyDictionary<string, long> amounts)
    {
        var loads = new Dictionary<string, (double Load, int Classes)>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            if (!amounts.TryGetValue(row.ResourceClass, out var amount) || !row.Admits(amount) || row.Used + amount > row.Capacity) continue;
            var (load, classes) = loads.GetValueOrDefault(row.ProviderId);
            loads[row.ProviderId] = (Math.Max(load, (double)(row.Used + amount) / row.Capacity), classes + 1);
        }

        return loads.Where(l => l.Value.Classes == amounts.Count).ToDictionary(l => l.Key, l => l.Value.Load, StringComparer.Ordinal);
    }
}
