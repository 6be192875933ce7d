using System.Text.Json;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Network.Addressing;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SubnetPools;

/// <summary>The rules of a subnet pool that need no I/O.</summary>
internal static class SubnetPoolRules
{
    private const int PrefixesMax = 256;

    public static Fault? Check(SubnetPoolWish wish, AccessGrant access, string rule)
    {
        if (Attributes.Texts(("name", wish.Name), ("description", wish.Description)) is { } text) return text;
        if (Attributes.Booleans(("is_default", wish.IsDefault), ("shared", wish.Shared)) is { } boolean) return boolean;
        if (!access.Everything && wish.Shared.OrFalse()) return NetworkFaults.NotAuthorized(rule, "shared");
        if (!access.Everything && wish.IsDefault.OrFalse()) return NetworkFaults.NotAuthorized(rule, "is_default");
        return wish.DefaultQuota.Or(null) is < 0 ? NetworkFaults.Attribute("default_quota", $"'{wish.DefaultQuota.Value}' should be non-negative") : null;
    }

    public static Fault? Bounds(SubnetPoolRow row, int bits)
    {
        if (row.MinPrefixlen < 1 || row.MaxPrefixlen > bits)
        {
            return NetworkFaults.Refused("UnsupportedMinSubnetPoolPrefix", $"Prefix lengths of an IPv{row.IpVersion} subnet pool are from 1 to {bits}.");
        }

        if (row.MinPrefixlen > row.MaxPrefixlen) return Illegal("min_prefixlen", row.MinPrefixlen, "max_prefixlen", row.MaxPrefixlen);
        if (row.DefaultPrefixlen > row.MaxPrefixlen) return Illegal("default_prefixlen", row.DefaultPrefixlen, "max_prefixlen", row.MaxPrefixlen);
        return row.DefaultPrefixlen < row.MinPrefixlen ? Illegal("min_prefixlen", row.MinPrefixlen, "default_prefixlen", row.DefaultPrefixlen) : null;
    }

    /// <summary>Ranges of one IP version, without overlap, in order.</summary>
    public static Outcome<IReadOnlyList<Cidr>> Prefixes(IReadOnlyList<string> texts)
    {
        if (texts.Count is 0 or > PrefixesMax) return NetworkFaults.Attribute("prefixes", $"A list of 1 to {PrefixesMax} prefixes is expected");
        var ranges = new List<Cidr>(texts.Count);
        foreach (var text in texts)
        {
            if (!Cidr.TryParse(text, out var range) || range.Prefix == 0) return NetworkFaults.Attribute("prefixes", $"'{text}' is not a valid IP subnet");
            ranges.Add(range);
        }

        return ranges.Exists(range => range.Version != ranges[0].Version)
            ? NetworkFaults.Refused("PrefixVersionMismatch", "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.")
            : Outcome.Of<IReadOnlyList<Cidr>>(Compact(ranges));
    }

    /// <summary>What is left of ranges when others are cut out.</summary>
    public static IReadOnlyList<Cidr> Without(IReadOnlyList<Cidr> ranges, IReadOnlyList<Cidr> removed) =>
        Compact(ranges.SelectMany(range => Without(range, removed)).ToList());

    public static string Written(IReadOnlyList<Cidr> ranges) =>
        JsonSerializer.Serialize(ranges.Select(range => range.ToString()).ToList(), NetworkJson.Wire.IReadOnlyListString);

    private static IEnumerable<Cidr> Without(Cidr range, IReadOnlyList<Cidr> removed)
    {
        var hits = removed.Where(other => other.Version == range.Version && other.Overlaps(range)).ToList();
        if (hits.Count == 0) return [range];
        if (hits.Exists(other => other.Contains(range))) return [];
        return Halves(range).SelectMany(half => Without(half, hits));
    }

    private static Cidr[] Halves(Cidr range)
    {
        var lower = new Cidr(range.Network, range.Prefix + 1);
        return [lower, new Cidr(lower.Last.Next, range.Prefix + 1)];
    }

    /// <summary>Drops what another range holds and joins two halves of one.</summary>
    private static List<Cidr> Compact(List<Cidr> ranges)
    {
        var sorted = ranges.OrderBy(range => range.Network).ThenBy(range => range.Prefix).ToList();
        var kept = new List<Cidr>();
        foreach (var range in sorted)
        {
            if (kept.Count > 0 && kept[^1].Contains(range)) continue;
            kept.Add(range);
            while (kept.Count > 1 && kept[^2].Prefix == kept[^1].Prefix && kept[^1].Prefix > 1
                && Cidr.Of(kept[^2].Network, kept[^1].Prefix - 1) is var whole && whole.Network == kept[^2].Network && whole.Contains(kept[^1]))
            {
                kept.RemoveAt(kept.Count - 1);
                kept[^1] = whole;
            }
        }

        return kept;
    }

    private static Fault Illegal(string low, long lowLength, string high, long highLength) => NetworkFaults.Refused(
        "IllegalSubnetPoolPrefixBounds", $"Illegal prefix bounds: {low}={lowLength}, {high}={highLength}.");
}
