using System.Text;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Fabric;

/// <summary>The members of a security group as sets of nftables: addresses of IPv4 and of IPv6, which change one by one, and beside them the
/// ranges that allowed address pairs bring, which are few and are written anew as a whole.</summary>
internal static class MemberSets
{
    private static readonly (string Prefix, bool Ipv6, bool Range)[] kinds = [("m_", false, false), ("n_", true, false), ("mr_", false, true),
        ("nr_", true, true)];

    /// <summary>The sets with their types.</summary>
    public static IEnumerable<string> Of(string group) => kinds.Select(kind =>
        $"{kind.Prefix}{group} {{ type {(kind.Ipv6 ? "ipv6_addr" : "ipv4_addr")}; {(kind.Range ? "flags interval; " : "")}}}");

    public static IEnumerable<string> Names(string group) => kinds.Select(kind => kind.Prefix + group);

    /// <summary>What matches the members of the group that a rule is about, one word for each kind of set.</summary>
    public static IEnumerable<string> Sides(RuleSpec rule) => kinds.Where(kind => kind.Ipv6 == rule.Ipv6).Select(kind =>
        $"{(rule.Ipv6 ? "ip6" : "ip")} {(rule.Ingress ? "saddr" : "daddr")} @{kind.Prefix}{FabricNames.Group(rule.RemoteGroupId!)}");

    /// <summary>A group's members in one spelling.</summary>
    public static IReadOnlySet<string> Normal(GroupSpec spec) => spec.MemberAddresses.Select(SwitchRules.Cidr).ToHashSet();

    /// <summary>Member changes alone: no rule is rewritten. A null before-list means unknown.</summary>
    public static string Change(GroupSpec spec, IReadOnlySet<string>? before)
    {
        var group = FabricNames.Group(spec.Id);
        var now = Normal(spec);
        var script = new StringBuilder();
        foreach (var (prefix, ipv6, range) in kinds)
        {
            var set = prefix + group;
            var had = before?.Where(Here).ToList();
            var has = now.Where(Here).ToList();
            var anew = had is null || (range && !had.ToHashSet().SetEquals(has));
            if (anew) script.Append(null, $"flush set inet sov {set}\n");
            Elements("delete", set, anew ? [] : had!.Except(has).ToList());
            Elements("add", set, anew ? range ? Disjoint(has) : has : has.Except(had!).ToList());

            bool Here(string member) => member.Contains(':') == ipv6 && member.Contains('/') == range;
        }
        return script.ToString();

        void Elements(string what, string set, List<string> members)
        {
            if (members.Count > 0) script.Append(null, $"{what} element inet sov {set} {{ {string.Join(", ", members)} }}\n");
        }
    }

    // Intervals of a set must not overlap, and two prefixes that do lie one in the other.
    private static List<string> Disjoint(List<string> ranges)
    {
        var all = ranges.Select(r => (Text: r, Network: Masked(r))).DistinctBy(r => r.Network).ToList();
        return all.Where(r => !all.Exists(o => o.Network.PrefixLength < r.Network.PrefixLength && o.Network.Contains(r.Network.BaseAddress)))
            .Select(r => r.Network.ToString()).ToList();
    }

    private static System.Net.IPNetwork Masked(string range)
    {
        var (slash, bytes) = (range.IndexOf('/'), System.Net.IPAddress.Parse(range[..range.IndexOf('/')]).GetAddressBytes());
        var bits = int.Parse(range.AsSpan(slash + 1), null);
        for (var i = 0; i < bytes.Length; i++) bytes[i] &= (byte)(0xff << Math.Clamp(8 - (bits - (8 * i)), 0, 8));
        return new System.Net.IPNetwork(new System.Net.IPAddress(bytes), bits);
    }
}
