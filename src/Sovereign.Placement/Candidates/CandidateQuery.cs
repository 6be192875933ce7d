using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Placement.Inventories;
using Sovereign.Placement.Names;

namespace Sovereign.Placement.Candidates;

/// <summary>One group of a request: amounts that one provider must give, and what that provider must be.</summary>
internal sealed class CandidateGroup
{
    public Dictionary<string, long> Resources { get; } = new(StringComparer.Ordinal);

    public List<string> Required { get; } = [];

    public List<string> Forbidden { get; } = [];

    /// <summary>Of each list the provider must be in at least one aggregate.</summary>
    public List<List<string>> MemberOf { get; } = [];
}

/// <summary>resources, required and member_of of a query, with their numbered groups.</summary>
internal sealed partial class CandidateQuery
{
    private readonly SortedDictionary<string, CandidateGroup> groups = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, CandidateGroup> Groups => groups;

    public int? Limit { get; private set; }

    /// <summary>True: numbered groups must be on different providers of a tree.</summary>
    public bool Isolate { get; private set; }

    private string? InTree { get; set; }

    /// <param name="onProviders">The list of providers: no groups, and in_tree.</param>
    public static Outcome<CandidateQuery> Parse(IQueryCollection query, bool onProviders)
    {
        var parsed = new CandidateQuery();
        foreach (var (name, values) in query)
        {
            var match = GroupName().Match(name);
            if (!match.Success || (onProviders && match.Groups[2].Length > 0))
            {
                if (parsed.Other(name, values[^1] ?? "", onProviders) is { } refused) return refused;
                continue;
            }

            var suffix = match.Groups[2].Value;
            if (!parsed.groups.TryGetValue(suffix, out var group)) parsed.groups[suffix] = group = new CandidateGroup();
            if (match.Groups[1].Value != "member_of" && values.Count > 1) return PlacementFaults.BadQuery(name, $"Query parameter {name} may be given only once.");
            foreach (var value in values)
            {
                if (Add(group, match.Groups[1].Value, value ?? "") is { } wrong) return wrong;
            }
        }

        return onProviders ? parsed : parsed.Whole(query);
    }

    /// <summary>The traits, aggregates and tree as conditions of a list of providers.</summary>
    public void Narrow(ListRequest request)
    {
        if (InTree is not null) request.Where("p.root_id = (SELECT t.root_id FROM placement_providers t WHERE t.id = @value)", InTree);
        foreach (var group in groups.Values)
        {
            foreach (var name in group.Required) request.Where("p.id IN (SELECT provider_id FROM placement_provider_traits WHERE name = @value)", name);
            foreach (var name in group.Forbidden) request.Where("p.id NOT IN (SELECT provider_id FROM placement_provider_traits WHERE name = @value)", name);
            foreach (var names in group.MemberOf) request.Where("p.id IN (SELECT provider_id FROM placement_provider_aggregates WHERE name IN @value)", names);
        }
    }

    /// <summary>Unknown names are refused, not silently without a match.</summary>
    public Fault? Unknown(Session session)
    {
        foreach (var group in groups.Values)
        {
            var classes = group.Resources.Keys.Where(name => !NameStore.ClassExists(session, name)).ToList();
            if (classes.Count > 0) return PlacementFaults.BadQuery("resources", $"Invalid resource class in resources parameter: {string.Join(", ", classes)}");
            var traits = group.Required.Concat(group.Forbidden).Where(name => !NameStore.TraitExists(session, name)).ToList();
            if (traits.Count > 0) return PlacementFaults.BadQuery("required", $"No such trait(s): {string.Join(", ", traits)}.");
        }

        return null;
    }

    public Outcome<IReadOnlyList<T>> WithRoom<T>(Session session, IReadOnlyList<T> items, Func<T, string> id)
    {
        if (Unknown(session) is { } wrong) return wrong;
        if (!groups.TryGetValue("", out var group) || group.Resources.Count == 0) return Outcome.Of(items);
        var room = Candidate.Loads(InventoryStore.Of(session, group.Resources.Keys), group.Resources);
        return items.Where(item => room.ContainsKey(id(item))).ToList();
    }

    private Fault? Other(string name, string value, bool onProviders)
    {
        if (onProviders)
        {
            if (name == "in_tree") InTree = value;
            return null;
        }

        switch (name)
        {
            case "limit" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0:
                Limit = limit;
                return null;
            case "group_policy" when value is "none" or "isolate":
                Isolate = value == "isolate";
                return null;
            default:
                return PlacementFaults.BadQuery(name, $"Invalid query string parameters: '{name}={value}' is not understood here.");
        }
    }

    private Outcome<CandidateQuery> Whole(IQueryCollection query)
    {
        if (groups.Count == 0 || groups.Values.All(g => g.Resources.Count == 0))
        {
            return new Fault.Invalid("resources", "Invalid query string parameters: 'resources' is a required property") { Type = "placement.query.missing_value" };
        }

        if (groups.FirstOrDefault(g => g.Value.Resources.Count == 0).Key is { } empty)
        {
            return PlacementFaults.BadQuery("required" + empty, $"All traits parameters must be associated with resources: group '{empty}' has none.");
        }

        return groups.Keys.Count(suffix => suffix.Length > 0) > 1 && !query.ContainsKey("group_policy")
            ? PlacementFaults.BadQuery("group_policy", "The \"group_policy\" parameter is required when specifying more than one \"resources{N}\" parameter.")
            : this;
    }

    private static Fault? Add(CandidateGroup group, string what, string value)
    {
        switch (what)
        {
            case "resources":
                foreach (var part in value.Split(','))
                {
                    var colon = part.IndexOf(':', StringComparison.Ordinal);
                    if (colon <= 0 || !long.TryParse(part[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var amount) || amount is < 1 or > InventoryRow.NumberMax)
                    {
                        return PlacementFaults.BadQuery("resources", $"Badly formed resources parameter. Expected resources query string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024. Got: {value}.");
                    }

                    if (!group.Resources.TryAdd(part[..colon], amount)) return PlacementFaults.BadQuery("resources", $"Resource class {part[..colon]} is given twice.");
                }

                return null;
            case "required":
                foreach (var part in value.Split(','))
                {
                    if (part.Length == 0) return PlacementFaults.BadQuery("required", $"Invalid query string parameters: Expected 'required' parameter value of the form: HW_CPU_X86_VMX,!CUSTOM_MAGIC. Got: {value}");
                    if (part[0] == '!') group.Forbidden.Add(part[1..]);
                    else group.Required.Add(part);
                }

                return null;
            default:
                var names = value.StartsWith("in:", StringComparison.Ordinal) ? value[3..].Split(',').ToList() : [value];
                if (names.Any(name => !Guid.TryParse(name, out _))) return PlacementFaults.BadQuery("member_of", $"Expected 'member_of' parameter to contain valid UUID(s). Got: {value}");
                group.MemberOf.Add(names);
                return null;
        }
    }

    [GeneratedRegex("^(resources|required|member_of)([1-9][0-9]{0,8})?\\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex GroupName();
}
