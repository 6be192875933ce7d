using System.Globalization;
using Dapper;

namespace Sovereign.Placement.Allocations;

/// <summary>The amounts of a claim as SQL with parameters @class0, @amount0, …: written the same way for every claim with as many classes.</summary>
internal sealed class ClaimAmounts
{
    private readonly List<KeyValuePair<string, long>> amounts;

    private ClaimAmounts(List<KeyValuePair<string, long>> amounts) => this.amounts = amounts;

    public int Count => amounts.Count;

    public static ClaimAmounts Of(IReadOnlyDictionary<string, long> resources) => new(resources.OrderBy(r => r.Key, StringComparer.Ordinal).ToList());

    public DynamicParameters Parameters()
    {
        var parameters = new DynamicParameters();
        for (var i = 0; i < amounts.Count; i++)
        {
            parameters.Add(Numbered("class", i), amounts[i].Key);
            parameters.Add(Numbered("amount", i), amounts[i].Value);
        }

        parameters.Add("classes", (long)amounts.Count);
        return parameters;
    }

    /// <summary>True for an inventory row that admits its amount and has room for it.</summary>
    public string Fits => "(" + Each(
        " OR ",
        "(resource_class = {0} AND used + {1} <= capacity AND {1} > 0 AND {1} >= min_unit AND {1} <= max_unit AND {1} % step_size = 0)") + ")";

    /// <summary>An expression of the row's amount; <paramref name="form"/> has {1} for it.</summary>
    public string ByClass(string form) => "CASE " + Each(" ", "WHEN resource_class = {0} THEN " + form) + " END";

    public string Each(string between, string form) =>
        string.Join(between, Enumerable.Range(0, amounts.Count).Select(i => string.Format(CultureInfo.InvariantCulture, form, "@" + Numbered("class", i), "@" + Numbered("amount", i))));

    private static string Numbered(string name, int i) => name + i.ToString(CultureInfo.InvariantCulture);
}
