namespace Sovereign.Compute.Groups;

/// <summary>Servers that belong together, or apart.</summary>
internal sealed record GroupRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>One of <see cref="GroupPolicies"/>.</summary>
    public string Policy { get; init; } = "";

    /// <summary>Members that one node may have by anti-affinity; null: one.</summary>
    public long? MaxPerHost { get; init; }

    public long CreatedAt { get; init; }
}

internal static class GroupPolicies
{
    public const string Affinity = "affinity";
    public const string AntiAffinity = "anti-affinity";
    public const string SoftAffinity = "soft-affinity";
    public const string SoftAntiAffinity = "soft-anti-affinity";

    public static bool Known(string policy, bool soft) =>
        policy is Affinity or AntiAffinity || (soft && policy is SoftAffinity or SoftAntiAffinity);
}

/// <summary>A group's policy and where its members are now.</summary>
/// <param name="MembersByNode">How many members each node has that has any.</param>
internal sealed record GroupRule(string Policy, long? MaxPerHost, IReadOnlyDictionary<string, long> MembersByNode)
{
    /// <summary>Sets of nodes to try, the best first.</summary>
    public IEnumerable<IReadOnlyList<string>> Among(IReadOnlyList<string> nodes)
    {
        var together = nodes.Where(MembersByNode.ContainsKey).ToList();
        return Policy switch
        {
            GroupPolicies.Affinity => [MembersByNode.Count == 0 ? nodes : together],
            GroupPolicies.SoftAffinity => [together, nodes],
            GroupPolicies.AntiAffinity => [nodes.Where(node => Members(node) < (MaxPerHost ?? 1)).ToList()],
            GroupPolicies.SoftAntiAffinity => nodes.GroupBy(Members).OrderBy(set => set.Key).Select(set => set.ToList()),
            _ => [nodes],
        };
    }

    /// <summary>The rule for a member that leaves its node.</summary>
    public GroupRule Without(string node) => this with
    {
        MembersByNode = MembersByNode.Select(pair => (pair.Key, Count: pair.Key == node ? pair.Value - 1 : pair.Value)).Where(pair => pair.Count > 0)
            .ToDictionary(pair => pair.Key, pair => pair.Count, StringComparer.Ordinal),
    };

    private long Members(string node) => MembersByNode.GetValueOrDefault(node);
}
