using Sovereign.Kernel.Wire;

namespace Sovereign.Placement.Candidates;

/// <summary>One way to satisfy a request: which provider gives what, and which providers serve which group.</summary>
internal sealed record CandidateAnswer(
    SortedDictionary<string, SortedDictionary<string, long>> Amounts, SortedDictionary<string, SortedSet<string>> Mappings);

/// <summary>Finds the ways to satisfy a request, tree by tree: every group's choices, then what of their product fits together.</summary>
internal sealed class CandidateSearch(CandidateQuery query, Microversion version, IReadOnlyDictionary<string, CandidateProvider> providers, int max)
{
    /// <summary>Bound of the work that one question may make.</summary>
    private const int StepsMax = 50_000;
    private const int WaysMax = 4_000;
    private readonly bool nested = version >= PlacementVersions.Nested;
    private int steps;

    private sealed record Choice(string Suffix, IReadOnlyList<(CandidateProvider Provider, string Class, long Amount)> Parts, CandidateProvider? Alone);

    public List<CandidateAnswer> Run()
    {
        var found = new List<CandidateAnswer>();
        var shared = providers.Values.Where(p => p.IsShared).ToList();
        foreach (var tree in providers.Values.GroupBy(p => p.Row.RootId, StringComparer.Ordinal))
        {
            if (found.Count >= max || steps >= StepsMax) break;
            if (!providers.TryGetValue(tree.Key, out var root) || !Fits(root, query.Root)) continue;
            var members = tree.ToList();
            var reachable = members.SelectMany(p => p.Aggregates).ToHashSet(StringComparer.Ordinal);
            var lenders = shared.Where(p => p.Row.RootId != tree.Key && p.Aggregates.Overlaps(reachable)).ToList();
            var choices = query.Groups.Select(g => Choices(g.Key, g.Value, root, members, lenders).ToList()).ToList();
            if (choices.TrueForAll(c => c.Count > 0)) Combine(choices, [], members, found);
        }

        return found;
    }

    /// <summary>Traits of one provider alone.</summary>
    private static bool Fits(CandidateProvider provider, CandidateGroup group) =>
        group.Required.TrueForAll(any => any.Any(provider.Traits.Contains)) && !group.Forbidden.Exists(provider.Traits.Contains);

    private IEnumerable<Choice> Choices(string suffix, CandidateGroup group, CandidateProvider root, List<CandidateProvider> members, List<CandidateProvider> lenders)
    {
        if (group.InTree is { } wanted && (!providers.TryGetValue(wanted, out var inside) || inside.Row.RootId != root.Row.RootId)) return [];
        var usable = members.Where(p => p.InAggregates(group, root, ofTree: suffix.Length == 0))
            .Concat(lenders.Where(p => group.InTree is null && p.InAggregates(group, root, ofTree: false)))
            .Where(p => !group.Forbidden.Exists(p.Traits.Contains)).ToList();
        return suffix.Length > 0 ? Granular(suffix, group, usable) : Spread(group, usable);
    }

    /// <summary>A group with a suffix: one provider gives all of it and has all of its traits.</summary>
    private static IEnumerable<Choice> Granular(string suffix, CandidateGroup group, List<CandidateProvider> usable) => usable
        .Where(p => Fits(p, group) && group.Resources.All(r => p.HasRoom(r.Key, r.Value)))
        .Select(p => new Choice(suffix, group.Resources.Select(r => (p, r.Key, r.Value)).ToList(), p));

    /// <summary>The group without a suffix: each class from any provider of the tree; the traits may come from all that give.</summary>
    private IEnumerable<Choice> Spread(CandidateGroup group, List<CandidateProvider> usable)
    {
        var ways = new List<List<(CandidateProvider Provider, string Class, long Amount)>> { new() };
        foreach (var (resourceClass, amount) in group.Resources.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            var givers = usable.Where(p => p.HasRoom(resourceClass, amount)).ToList();
            ways = [.. ways.SelectMany(way => givers.Select(p => way.Append((p, resourceClass, amount)).ToList())).Take(WaysMax)];
            steps += ways.Count;
        }

        return ways.Where(way => group.Required.TrueForAll(any => any.Any(trait => way.Exists(part => part.Provider.Traits.Contains(trait)))))
            .Select(way => new Choice("", way, null));
    }

    private void Combine(List<List<Choice>> choices, List<Choice> taken, List<CandidateProvider> members, List<CandidateAnswer> found)
    {
        if (found.Count >= max || ++steps > StepsMax) return;
        if (taken.Count == choices.Count)
        {
            if (Answer(taken, members) is { } answer) found.Add(answer);
            return;
        }

        foreach (var choice in choices[taken.Count])
        {
            if (query.Isolate && choice.Alone is { } own && taken.Exists(t => t.Alone == own && Gives(t) && Gives(choice))) continue;
            taken.Add(choice);
            Combine(choices, taken, members, found);
            taken.RemoveAt(taken.Count - 1);
        }
    }

    private static bool Gives(Choice choice) => choice.Parts.Count > 0;

    private CandidateAnswer? Answer(List<Choice> taken, List<CandidateProvider> members)
    {
        var sums = new SortedDictionary<string, SortedDictionary<string, long>>(StringComparer.Ordinal);
        var mappings = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var choice in taken)
        {
            mappings[choice.Suffix] = new SortedSet<string>(
                choice.Alone is { } alone ? [alone.Row.Id] : choice.Parts.Select(part => part.Provider.Row.Id), StringComparer.Ordinal);
            foreach (var (provider, resourceClass, amount) in choice.Parts)
            {
                if (!sums.TryGetValue(provider.Row.Id, out var given)) sums[provider.Row.Id] = given = new SortedDictionary<string, long>(StringComparer.Ordinal);
                var beside = given.GetValueOrDefault(resourceClass);
                if (!provider.HasRoom(resourceClass, amount, beside)) return null;
                given[resourceClass] = beside + amount;
            }
        }

        // What lenders give alone is a candidate of their own tree; before nested providers a tree gives by one of its own.
        var own = members.Count(p => sums.ContainsKey(p.Row.Id));
        if (own == 0 || (own > 1 && !nested)) return null;
        return query.SameSubtree.TrueForAll(suffixes => HangTogether(suffixes.SelectMany(suffix => mappings[suffix]).Distinct().ToList()))
            ? new CandidateAnswer(sums, mappings) : null;
    }

    /// <summary>One of the providers is above, or is, each of the others.</summary>
    private bool HangTogether(List<string> ids) => ids.Exists(top => ids.TrueForAll(id => IsUnder(id, top)));

    private bool IsUnder(string id, string top)
    {
        for (var at = id; at.Length > 0 && providers.TryGetValue(at, out var provider); at = provider.Row.ParentId)
        {
            if (at == top) return true;
        }

        return false;
    }
}
