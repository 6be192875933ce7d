using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Inventories;
using Sovereign.Placement.Names;

namespace Sovereign.Placement.Candidates;

/// <summary>resources, required, member_of and in_tree of a query, with their groups; each since its microversion.</summary>
internal sealed partial class CandidateQuery
{
    private readonly SortedDictionary<string, CandidateGroup> groups = new(StringComparer.Ordinal);
    private readonly Microversion version;

    private CandidateQuery(Microversion version) => this.version = version;

    /// <summary>By suffix; "" is the group without one, whose amounts may come from several providers.</summary>
    public IReadOnlyDictionary<string, CandidateGroup> Groups => groups;

    public int? Limit { get; private set; }

    /// <summary>True: groups with a suffix must be on different providers.</summary>
    public bool Isolate { get; private set; }

    /// <summary>What the root of the tree must and must not have.</summary>
    public CandidateGroup Root { get; } = new();

    /// <summary>Suffixes of groups whose providers must hang together.</summary>
    public List<IReadOnlyList<string>> SameSubtree { get; } = [];

    public static Outcome<CandidateQuery> OfCandidates(IQueryCollection query, Microversion version)
    {
        var parsed = new CandidateQuery(version);
        foreach (var (name, values) in query)
        {
            if (parsed.Read(name, values!) is { } wrong) return wrong;
        }

        return parsed.Whole(query);
    }

    /// <summary>Those of the list of providers: one group.</summary>
    public static Outcome<CandidateQuery> OfProviders(IQueryCollection query, Microversion version)
    {
        var parsed = new CandidateQuery(version);
        foreach (var (name, first) in new[] { ("resources", 4), ("required", 18), ("member_of", 3), ("in_tree", 14) })
        {
            if (!query.TryGetValue(name, out var values)) continue;
            var wrong = parsed.Since(first)
                ? parsed.Member(name, "", values!)
                : PlacementFaults.BadQuery(name, $"Invalid query string parameters: '{name}' is since 1.{first}.");
            if (wrong is not null) return wrong;
        }

        return parsed;
    }

    /// <summary>The traits, aggregates and tree as conditions of a list of providers.</summary>
    public void Narrow(ListRequest request)
    {
        foreach (var group in groups.Values)
        {
            if (group.InTree is { } tree) request.Where("p.root_id = (SELECT t.root_id FROM placement_providers t WHERE t.id = @value)", tree);
            foreach (var any in group.Required) request.Where("p.id IN (SELECT provider_id FROM placement_provider_traits WHERE name IN @value)", any);
            foreach (var name in group.Forbidden) request.Where("p.id NOT IN (SELECT provider_id FROM placement_provider_traits WHERE name = @value)", name);
            foreach (var any in group.MemberOf) request.Where("p.id IN (SELECT provider_id FROM placement_provider_aggregates WHERE name IN @value)", any);
            foreach (var name in group.NotMemberOf) request.Where("p.id NOT IN (SELECT provider_id FROM placement_provider_aggregates WHERE name = @value)", name);
        }
    }

    /// <summary>Unknown names are refused, not silently without a match.</summary>
    public Fault? Unknown(Session session)
    {
        foreach (var group in groups.Values.Append(Root))
        {
            var classes = group.Resources.Keys.Where(name => !NameStore.ClassExists(session, name)).ToList();
            if (classes.Count > 0) return PlacementFaults.BadQuery("resources", $"Invalid resource class in resources parameter: {string.Join(", ", classes)}");
            var traits = group.Traits.Where(name => !NameStore.TraitExists(session, name)).ToList();
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

    private Fault? Read(string name, IReadOnlyList<string?> values)
    {
        var value = values[^1] ?? "";
        switch (name)
        {
            case "limit" when Since(16) && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0:
                Limit = limit;
                return null;
            case "group_policy" when Since(25) && value is "none" or "isolate":
                Isolate = value == "isolate";
                return null;
            case "root_required" when Since(35):
                return Required(Root, "root_required", value);
            case "same_subtree" when Since(36):
                SameSubtree.AddRange(values.Select(one => (IReadOnlyList<string>)(one ?? "").Split(',')));
                return null;
        }

        var match = Since(33) ? NamedGroup().Match(name) : NumberedGroup().Match(name);
        return match.Success && (match.Groups[2].Length == 0 || Since(25)) && Since(FirstOfCandidates(match.Groups[1].Value))
            ? Member(match.Groups[1].Value, match.Groups[2].Value, values)
            : PlacementFaults.BadQuery(name, $"Invalid query string parameters: '{name}={value}' is not understood here.");
    }

    private Fault? Member(string what, string suffix, IReadOnlyList<string?> values)
    {
        var many = what == "member_of" ? Since(24) : what == "required" && Since(39);
        if (!many && values.Count > 1) return PlacementFaults.BadQuery(what + suffix, $"Query parameter {what}{suffix} may be given only once.");
        if (!groups.TryGetValue(suffix, out var group)) groups[suffix] = group = new CandidateGroup();
        foreach (var value in values)
        {
            var wrong = what switch
            {
                "resources" => Resources(group, value ?? ""),
                "required" => Required(group, what, value ?? ""),
                "member_of" => MemberOf(group, value ?? ""),
                _ => Tree(group, value ?? ""),
            };
            if (wrong is not null) return wrong;
        }

        return null;
    }

    private static Fault? Resources(CandidateGroup group, string value)
    {
        foreach (var part in value.Split(','))
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !long.TryParse(part[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var amount) || amount is < 1 or > InventoryRow.NumberMax)
            {
                return PlacementFaults.BadQuery(
                    "resources", $"Badly formed resources parameter. Expected resources query string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024. Got: {value}.");
            }

            if (!group.Resources.TryAdd(part[..colon], amount)) return PlacementFaults.BadQuery("resources", $"Resource class {part[..colon]} is given twice.");
        }

        return null;
    }

    private Fault? Required(CandidateGroup group, string name, string value)
    {
        var malformed = PlacementFaults.BadQuery(
            name, $"Invalid query string parameters: Expected '{name}' parameter value of the form: HW_CPU_X86_VMX,!CUSTOM_MAGIC. Got: {value}");
        if (name == "required" && Since(39) && value.StartsWith("in:", StringComparison.Ordinal))
        {
            var any = value[3..].Split(',');
            if (any.Any(trait => trait.Length == 0 || trait[0] == '!')) return malformed;
            group.Required.Add(any);
            return null;
        }

        foreach (var part in value.Split(','))
        {
            if (part.TrimStart('!').Length == 0 || (part[0] == '!' && !Since(22))) return malformed;
            if (part[0] == '!') group.Forbidden.Add(part[1..]);
            else group.Required.Add([part]);
        }

        return group.Forbidden.FirstOrDefault(trait => group.Required.Any(any => any.Count == 1 && any[0] == trait)) is { } both
            ? PlacementFaults.BadQuery(name, $"Conflicting required and forbidden traits found: {both}")
            : null;
    }

    private Fault? MemberOf(CandidateGroup group, string value)
    {
        var not = Since(32) && value.StartsWith('!');
        var rest = not ? value[1..] : value;
        var names = rest.StartsWith("in:", StringComparison.Ordinal) ? rest[3..].Split(',') : [rest];
        if (names.Any(name => !Guid.TryParse(name, out _))) return PlacementFaults.BadQuery("member_of", $"Expected 'member_of' parameter to contain valid UUID(s). Got: {value}");
        if (not) group.NotMemberOf.AddRange(names);
        else group.MemberOf.Add(names);
        return null;
    }

    private static Fault? Tree(CandidateGroup group, string value)
    {
        if (!Guid.TryParse(value, out _)) return PlacementFaults.BadQuery("in_tree", $"Expected 'in_tree' parameter to be a format of uuid. Got: {value}");
        group.InTree = value;
        return null;
    }

    private Outcome<CandidateQuery> Whole(IQueryCollection query)
    {
        if (groups.Values.All(g => g.Resources.Count == 0))
        {
            return new Fault.Invalid("resources", "Invalid query string parameters: 'resources' is a required property") { Type = "placement.query.missing_value" };
        }

        var named = SameSubtree.SelectMany(names => names).ToHashSet(StringComparer.Ordinal);
        if (named.FirstOrDefault(name => name.Length == 0 || !groups.ContainsKey(name)) is { } unknown)
        {
            return PlacementFaults.BadQuery("same_subtree", $"Real suffixes should be specified in same_subtree: '{unknown}' is none.");
        }

        if (groups.FirstOrDefault(g => g.Value.Resources.Count == 0 && !named.Contains(g.Key)).Key is { } empty)
        {
            return PlacementFaults.BadQuery("required" + empty, $"All traits parameters must be associated with resources: group '{empty}' has none.");
        }

        return groups.Keys.Count(suffix => suffix.Length > 0) > 1 && !query.ContainsKey("group_policy")
            ? PlacementFaults.BadQuery("group_policy", "The \"group_policy\" parameter is required when specifying more than one \"resources{N}\" parameter.")
            : this;
    }

    /// <summary>The minor version from which on candidates may be narrowed by this.</summary>
    private static int FirstOfCandidates(string what) => what switch { "required" => 17, "member_of" => 21, "in_tree" => 31, _ => 10 };

    private bool Since(int minor) => version >= new Microversion(1, minor);

    [GeneratedRegex("^(resources|required|member_of|in_tree)([1-9][0-9]{0,8})?\\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NumberedGroup();

    [GeneratedRegex("^(resources|required|member_of|in_tree)([a-zA-Z0-9_-]{1,64})?\\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamedGroup();
}
