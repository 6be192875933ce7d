using System.Globalization;
using System.Net;
using System.Text;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>nftables of the switching namespace as text. A port's number (16 bits, local to the node) travels in the packet mark:
/// the port it came from in the low half, the port it goes to in the high half; the bridge family sets it, the inet family decides by
/// it.</summary>
internal static class SwitchRules
{
    private const string MetadataAddress = "169.254.169.254";

    // A flood must not fill what reads the log: each rule that logs has this much of its own.
    private const string LogPace = "limit rate 100/second burst 100 packets";

    public static string Base() => """
        add table bridge sov
        add map bridge sov from { typeof iifname : verdict; }
        add map bridge sov to { typeof oifname : verdict; }
        add chain bridge sov enter { type filter hook prerouting priority -310; policy accept; }
        add chain bridge sov leave { type filter hook forward priority -10; policy accept; }
        flush chain bridge sov enter
        flush chain bridge sov leave
        add rule bridge sov enter iifname vmap @from
        add rule bridge sov leave oifname vmap @to
        add table inet sov
        add map inet sov zones { typeof iifname : ct zone; }
        add map inet sov egress_ports { type mark : verdict; }
        add map inet sov ingress_ports { type mark : verdict; }
        add set inet sov logged_egress { type mark; }
        add set inet sov logged_ingress { type mark; }
        add chain inet sov zone { type filter hook prerouting priority -300; policy accept; }
        add chain inet sov egress { type filter hook forward priority 0; policy accept; }
        add chain inet sov ingress { type filter hook forward priority 1; policy accept; }
        flush chain inet sov zone
        flush chain inet sov egress
        flush chain inet sov ingress
        add rule inet sov zone ct zone set iifname map @zones
        add rule inet sov egress meta mark & 0x0000ffff vmap @egress_ports
        add rule inet sov ingress meta mark & 0xffff0000 vmap @ingress_ports

        """;

    public static string Zone(string bridge, int number) => $"add element inet sov zones {{ \"{bridge}\" : {number} }}\n";

    public static string NoZone(string bridge, int number) => Zone(bridge, number) + $"delete element inet sov zones {{ \"{bridge}\" }}\n";

    /// <summary>The chains of a group and its member sets, so that others may refer to it before its own spec arrives.</summary>
    private static string GroupNames(string group) => string.Concat(MemberSets.Of(group).Select(s => $"add set inet sov {s}\n"))
        + string.Concat(GroupChains(group).Select(c => $"add chain {c}\n"));

    /// <summary>Rules by direction, and where what they accept goes: to be logged where its port is, and on.</summary>
    private static string[] GroupChains(string group) => [$"inet sov gi_{group}", $"inet sov ge_{group}", $"inet sov ai_{group}", $"inet sov ae_{group}"];

    private static string Flush(string group) => string.Concat(GroupChains(group).Select(c => $"flush chain {c}\n"));

    public static string Group(GroupSpec spec)
    {
        var group = FabricNames.Group(spec.Id);
        var script = new StringBuilder(GroupNames(group));
        foreach (var remote in spec.Rules.Select(r => r.RemoteGroupId).OfType<string>()
            .Distinct()) script.Append(GroupNames(FabricNames.Group(remote)));
        script.Append(Flush(group));
        foreach (var rule in spec.Rules)
        {
            var (chain, accepted) = rule.Ingress ? ("gi_" + group, "ai_" + group) : ("ge_" + group, "ae_" + group);
            foreach (var remote in rule.RemoteGroupId is null ? [""] : MemberSets.Sides(rule))
                script.Append(CultureInfo.InvariantCulture, $"add rule inet sov {chain} {Match(rule, remote)} goto {accepted}\n");
        }
        script.Append(CultureInfo.InvariantCulture, $$"""
            add rule inet sov ai_{{group}} meta mark & 0xffff0000 @logged_ingress {{LogPace}} {{Log("ACCEPT ingress " + group)}}
            add rule inet sov ai_{{group}} accept
            add rule inet sov ae_{{group}} meta mark & 0x0000ffff @logged_egress {{LogPace}} {{Log("ACCEPT egress " + group)}}
            add rule inet sov ae_{{group}} accept

            """);
        return script.ToString();
    }

    public static string EmptyGroup(string id)
    {
        var group = FabricNames.Group(id);
        return GroupNames(group) + Flush(group)
            + string.Concat(MemberSets.Names(group).Select(s => $"flush set inet sov {s}\n"));
    }

    public static string DeleteGroup(string id)
    {
        var group = FabricNames.Group(id);
        return string.Concat(GroupChains(group).Select(c => $"delete chain {c}\n"))
            + string.Concat(MemberSets.Names(group).Select(s => $"delete set inet sov {s}\n"));
    }

    public static string Port(PortSpec port, int number, bool stateful)
    {
        var tap = FabricNames.Tap(port.Id);
        var low = number.ToString(CultureInfo.InvariantCulture);
        var high = (number << 16).ToString(CultureInfo.InvariantCulture);
        var script = new StringBuilder();
        foreach (var chain in PortChains(number)) script.Append(CultureInfo.InvariantCulture, $"add chain {chain}\nflush chain {chain}\n");
        void Rule(string chain, string rule) => script.Append(CultureInfo.InvariantCulture, $"add rule {chain} {rule}\n");
        Rule($"bridge sov s_{number}", $"meta mark set {low}");
        Rule($"bridge sov o_{number}", $"meta mark set meta mark & 0x0000ffff | 0x{number << 16:x8}");
        if (port.PortSecurity)
        {
            foreach (var rule in Spoofing(port)) Rule($"bridge sov s_{number}", rule);
            Filter(Rule, port, number, stateful);
        }
        script.Append(Logged(number, port.PortSecurity && port.Logs?.Any(log => log.Accepts) == true));
        script.Append(CultureInfo.InvariantCulture, $$"""
            add element inet sov egress_ports { {{low}} : jump e_{{number}} }
            add element inet sov ingress_ports { {{high}} : jump i_{{number}} }
            add element bridge sov to { "{{tap}}" : jump o_{{number}} }
            add element bridge sov from { "{{tap}}" : jump s_{{number}} }

            """);
        return script.ToString();
    }

    public static string NoPort(string tap, int number)
    {
        var low = number.ToString(CultureInfo.InvariantCulture);
        var high = (number << 16).ToString(CultureInfo.InvariantCulture);
        return string.Concat(PortChains(number).Select(c => $"flush chain {c}\n")) + $$"""
            delete element bridge sov from { "{{tap}}" }
            delete element bridge sov to { "{{tap}}" }
            delete element inet sov egress_ports { {{low}} }
            delete element inet sov ingress_ports { {{high}} }

            """ + Logged(number, false) + string.Concat(PortChains(number).Select(c => $"delete chain {c}\n"));
    }

    private static string Log(string prefix) => $"log prefix \"{prefix}\" group {PacketLog.Group} snaplen 128";

    /// <summary>Whether what groups accept of the port is logged.</summary>
    private static string Logged(int number, bool on)
    {
        var (egress, ingress) = (string.Create(CultureInfo.InvariantCulture, $"logged_egress {{ {number} }}\n"),
            string.Create(CultureInfo.InvariantCulture, $"logged_ingress {{ {number << 16} }}\n"));
        return string.Concat(new[] { egress, ingress }.Select(set => $"add element inet sov {set}" + (on ? "" : $"delete element inet sov {set}")));
    }

    private static string[] PortChains(int number) => [$"bridge sov s_{number}", $"bridge sov o_{number}", $"inet sov e_{number}",
        $"inet sov i_{number}"];

    private static void Filter(Action<string, string> rule, PortSpec port, int number, bool stateful)
    {
        var (egress, ingress) = ($"inet sov e_{number}", $"inet sov i_{number}");
        foreach (var allowed in Ipv6Rules.Egress) rule(egress, allowed);
        foreach (var allowed in Ipv6Rules.Ingress) rule(ingress, allowed);
        rule(egress, "udp sport 68 udp dport 67 accept");
        rule(egress, $"ip daddr {MetadataAddress} tcp dport 80 accept");
        // DHCP and metadata answers come from the fabric itself: no guest's number is in the low half.
        rule(ingress, "meta mark & 0x0000ffff == 0 udp sport 67 udp dport 68 accept");
        rule(ingress, $"meta mark & 0x0000ffff == 0 ip saddr {MetadataAddress} tcp sport 80 accept");
        if (stateful)
        {
            rule(egress, "ct state established,related accept");
            rule(ingress, "ct state established,related accept");
        }
        foreach (var id in port.GroupIds)
        {
            rule(egress, $"jump ge_{FabricNames.Group(id)}");
            rule(ingress, $"jump gi_{FabricNames.Group(id)}");
        }
        if (port.Logs?.Any(log => log.Drops) == true)
        {
            rule(egress, $"{LogPace} {Log("DROP egress")}");
            rule(ingress, $"{LogPace} {Log("DROP ingress")}");
        }
        rule(egress, "drop");
        rule(ingress, "drop");
    }

    private static IEnumerable<string> Spoofing(PortSpec port)
    {
        var own = Mac(port.Mac);
        var all = port.Addresses.Select(a => (Mac: own, Source: Address(a.Address)))
            .Concat(port.AllowedPairs.Select(p => (Mac: p.Mac is null ? own : Mac(p.Mac), Source: Cidr(p.Cidr)))).ToList();
        var macs = all.Select(p => p.Mac).Append(own).Distinct().ToList();
        yield return $"ether saddr != {{ {string.Join(", ", macs)} }} drop";
        foreach (var rule in Ipv6Rules.Spoofing(macs, [.. all.Where(p => p.Source.Contains(':'))])) yield return rule;
        var sources = all.Where(p => !p.Source.Contains(':')).GroupBy(p => p.Mac, p => p.Source).ToDictionary(g => g.Key, g => g.Distinct().ToList());
        // How a guest that came from another node is made known to switches.
        yield return $"ether saddr {own} ether type 0x8035 accept";
        yield return $"ether saddr {own} ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept";
        yield return "udp sport 67 udp dport 68 drop";   // a guest is no DHCP server
        foreach (var (mac, allowed) in sources)
        {
            foreach (var source in allowed)
            {
                yield return $"ether saddr {mac} ip saddr {source} accept";
                yield return $"ether saddr {mac} arp saddr ether {mac} arp saddr ip {source} accept";
            }
            yield return $"ether saddr {mac} arp saddr ether {mac} arp saddr ip 0.0.0.0 arp operation request accept";
        }
        yield return "drop";
    }

    /// <param name="members">Matches the members of the group that the rule is about; "" where it is about none.</param>
    private static string Match(RuleSpec rule, string members)
    {
        var side = rule.Ingress ? "saddr" : "daddr";
        var (family, header) = rule.Ipv6 ? ("ipv6", "ip6") : ("ipv4", "ip");
        var parts = new List<string> { "meta nfproto " + family };
        if (rule.RemoteCidr is not null && Cidr(rule.RemoteCidr) is var cidr
            && !cidr.EndsWith("/0", StringComparison.Ordinal)) parts.Add($"{header} {side} {cidr}");
        if (members.Length > 0) parts.Add(members);
        if (rule.Protocol is null or "any" or "0") return string.Join(' ', parts);
        var protocol = Protocols.Number(rule.Protocol) ?? throw new NodeException($"Rule {rule.Id} names the unknown protocol "
            + $"{rule.Protocol}.");
        // "icmp" in a rule of IPv6 means its own.
        if (rule.Ipv6 && protocol == Protocols.Icmp) protocol = Protocols.Icmpv6;
        parts.Add($"meta l4proto {protocol}");
        if (protocol == (rule.Ipv6 ? Protocols.Icmpv6 : Protocols.Icmp))
        {
            var icmp = rule.Ipv6 ? "icmpv6" : "icmp";
            if (rule.PortMin is { } type) parts.Add($"{icmp} type {type}");
            if (rule.PortMax is { } code) parts.Add($"{icmp} code {code}");
        }
        else if (rule.PortMin is not null || rule.PortMax is not null)
        {
            parts.Add($"th dport {rule.PortMin ?? 0}-{rule.PortMax ?? 65535}");
        }
        return string.Join(' ', parts);
    }

    // Everything that reaches nft's text is parsed and written anew: a spec can never bring words of its own.
    internal static string Address(string text) =>
        !text.Contains('%') && IPAddress.TryParse(text, out var address) ? address.ToString() : throw new NodeException($"'{text}' is no IP address.");

    internal static string Cidr(string text)
    {
        if (!text.Contains('/')) return Address(text);
        var slash = text.IndexOf('/');
        return !text.Contains('%') && IPAddress.TryParse(text[..slash], out var address) && int.TryParse(text[(slash + 1)..], NumberStyles.None,
            CultureInfo.InvariantCulture, out var prefix) && prefix <= address.GetAddressBytes().Length * 8
            ? $"{address}/{prefix}" : throw new NodeException($"'{text}' is no IP range.");
    }

    internal static string Mac(string text) =>
        System.Net.NetworkInformation.PhysicalAddress.TryParse(text, out var mac) && mac.GetAddressBytes() is { Length: 6 } bytes
            ? string.Join(':', bytes.Select(b => b.ToString("x2", CultureInfo.InvariantCulture)))
                : throw new NodeException($"'{text}' is no MAC address.");
}
