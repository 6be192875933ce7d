using Sovereign.Kernel.Store;
using Sovereign.Placement.Inventories;
using Sovereign.Placement.Names;
using Sovereign.Placement.Providers;

namespace Sovereign.Placement.Candidates;

/// <summary>A provider as a search sees it.</summary>
internal sealed class CandidateProvider(Provider row, IEnumerable<InventoryRow> inventories, IEnumerable<string> traits, IEnumerable<string> aggregates)
{
    private const string Shares = "MISC_SHARES_VIA_AGGREGATE";

    public Provider Row { get; } = row;

    public IReadOnlyDictionary<string, InventoryRow> Inventories { get; } = inventories.ToDictionary(i => i.ResourceClass, StringComparer.Ordinal);

    public HashSet<string> Traits { get; } = traits.ToHashSet(StringComparer.Ordinal);

    public HashSet<string> Aggregates { get; } = aggregates.ToHashSet(StringComparer.Ordinal);

    /// <summary>True when providers of the same aggregates may take from it: shared storage.</summary>
    public bool IsShared => Traits.Contains(Shares);

    /// <summary>All providers with what a search asks of them: four statements.</summary>
    public static IReadOnlyDictionary<string, CandidateProvider> All(Session session)
    {
        var inventories = session.Query<InventoryRow>("SELECT * FROM placement_inventories").ToLookup(i => i.ProviderId, StringComparer.Ordinal);
        var traits = NameStore.AllTraits(session);
        var aggregates = NameStore.AllAggregates(session);
        return session.Query<Provider>("SELECT * FROM placement_providers ORDER BY load, id")
            .ToDictionary(p => p.Id, p => new CandidateProvider(p, inventories[p.Id], traits[p.Id], aggregates[p.Id]), StringComparer.Ordinal);
    }

    /// <summary>Room for the amount, beside what the same candidate takes already.</summary>
    public bool HasRoom(string resourceClass, long amount, long takenBeside = 0) =>
        Inventories.TryGetValue(resourceClass, out var row) && row.Admits(amount) && row.Used + takenBeside + amount <= row.Capacity;

    /// <summary>In the aggregates that the group asks for: itself or by its root, which stands for its tree.</summary>
    public bool InAggregates(CandidateGroup group, CandidateProvider root, bool ofTree) =>
        group.MemberOf.TrueForAll(any => any.Any(Aggregates.Contains) || (ofTree && any.Any(root.Aggregates.Contains)))
        && !group.NotMemberOf.Exists(name => Aggregates.Contains(name) || (ofTree && root.Aggregates.Contains(name)));
}
