using System.Globalization;
using System.Text;
using Dapper;
using Sovereign.Kernel.Store;
using Sovereign.Placement.Inventories;

namespace Sovereign.Placement.Candidates;

/// <summary>Which providers have room for amounts, and in which order they are taken.</summary>
internal static class Candidate
{
    /// <summary>Providers with room for a claim: by preference where there is one, else the least loaded first, ties by id.</summary>
    public static List<string> ForClaim(Session session, ClaimRequest request)
    {
        var parameters = new DynamicParameters();
        var fits = new List<string>(request.Resources.Count);
        var load = new StringBuilder();
        foreach (var (name, amount) in request.Resources.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            var n = fits.Count.ToString(CultureInfo.InvariantCulture);
            parameters.Add("class" + n, name);
            parameters.Add("amount" + n, amount);
            fits.Add($"(resource_class = @class{n} AND used + @amount{n} <= capacity AND @amount{n} >= min_unit AND @amount{n} <= max_unit AND @amount{n} % step_size = 0)");
            load.Append(CultureInfo.InvariantCulture, $" WHEN resource_class = @class{n} THEN (used + @amount{n}) * 1000000 / capacity");
        }

        parameters.Add("classes", (long)fits.Count);
        var found = session.Query<string>(
            $"""
            SELECT provider_id FROM placement_inventories WHERE {string.Join(" OR ", fits)}
            GROUP BY provider_id HAVING COUNT(*) = @classes ORDER BY MAX(CASE{load} END), provider_id
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
