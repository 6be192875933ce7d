using System.Text;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Fabric;

/// <summary>nftables of a router's namespace as text: one transaction replaces all of it, and flows live on.</summary>
internal static class RouterRules
{
    public static string Script(RouterSpec router)
    {
        var text = new StringBuilder("add table ip sov\ndelete table ip sov\ntable ip sov {\n");
        if (router.Gateway is { } gateway && gateway.Addresses.Any(a => !a.Contains(':'))) Nat(text, router, gateway);
        text.Append("}\n");
        // The daemon that announces prefixes would answer DHCPv6 too, which is the networks' own servers' to do.
        text.Append("""
            add table ip6 sov
            delete table ip6 sov
            table ip6 sov {
              chain input {
                type filter hook input priority filter; policy accept;
                udp dport 547 drop
              }
            }

            """);
        return text.ToString();
    }

    private static void Nat(StringBuilder text, RouterSpec router, RouterGatewaySpec gateway)
    {
        var leg = FabricNames.GatewayLeg(gateway.PortId);
        var address = SwitchRules.Address(gateway.Addresses.First(a => !a.Contains(':')).Split('/')[0]);
        var pairs = router.FloatingIps.Select(f => (Floating: SwitchRules.Address(f.Address), Fixed: SwitchRules.Address(f.FixedAddress)))
            .ToList();
        Map(text, "floating_to_fixed", pairs.Select(p => $"{p.Floating} : {p.Fixed}"));
        Map(text, "fixed_to_floating", pairs.DistinctBy(p => p.Fixed).Select(p => $"{p.Fixed} : {p.Floating}"));
        text.Append("""
              chain before {
                type nat hook prerouting priority dstnat; policy accept;
                dnat to ip daddr map @floating_to_fixed

            """);
        foreach (var rule in (router.Forwardings ?? []).SelectMany(Forward)) text.Append(null, $"    {rule}\n");
        text.Append("""
              }
              chain arrive {
                type filter hook prerouting priority mangle; policy accept;
                iifname "qr-*" meta mark set 1
              }

            """);
        text.Append(null, $$"""
              chain after {
                type nat hook postrouting priority srcnat; policy accept;
                oifname "{{leg}}" snat to ip saddr map @fixed_to_floating
                meta mark 1 oifname "qr-*" ct status dnat snat to ip saddr map @fixed_to_floating
                meta mark 1 oifname "qr-*" ct status dnat snat to {{address}}

            """);
        if (gateway.Snat) text.Append(null, $"    oifname \"{leg}\" meta mark 1 snat to {address}\n");
        text.Append("  }\n");
        // With SNAT, private addresses can't be reached from outside but through floating IPs and answers.
        if (gateway.Snat) text.Append(null, $$"""
              chain through {
                type filter hook forward priority filter; policy accept;
                iifname "{{leg}}" ct status dnat accept
                iifname "{{leg}}" ct state established,related accept
                iifname "{{leg}}" drop
              }

            """);
    }

    /// <summary>nft keeps a port or gives one: other ports of a range are rules of their own.</summary>
    private static IEnumerable<string> Forward(ForwardingSpec spec)
    {
        var protocol = spec.Protocol == "udp" ? "udp" : "tcp";
        var (outer, inner) = (SwitchRules.Address(spec.Address), SwitchRules.Address(spec.FixedAddress));
        if (spec.FixedFirstPort == spec.FixedLastPort)
        {
            yield return $"ip daddr {outer} {protocol} dport {spec.FirstPort}-{spec.LastPort} dnat to {inner}:{spec.FixedFirstPort}";
        }
        else if (spec.FixedFirstPort == spec.FirstPort)
        {
            yield return $"ip daddr {outer} {protocol} dport {spec.FirstPort}-{spec.LastPort} dnat to {inner}";
        }
        else
        {
            var pairs = Enumerable.Range(0, spec.LastPort - spec.FirstPort + 1).Select(i => $"{spec.FirstPort + i} : {spec.FixedFirstPort + i}");
            yield return $"ip daddr {outer} {protocol} dport {spec.FirstPort}-{spec.LastPort} dnat to {inner} : {protocol} dport map {{ {string.Join(", ", pairs)} }}";
        }
    }

    private static void Map(StringBuilder text, string name, IEnumerable<string> elements)
    {
        var list = string.Join(", ", elements);
        text.Append(null, $"  map {name} {{ type ipv4_addr : ipv4_addr; {(list.Length > 0 ? $"elements = {{ {list} }};" : "")} }}\n");
    }
}
