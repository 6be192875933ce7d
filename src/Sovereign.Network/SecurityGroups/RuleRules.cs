using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Network.Addressing;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SecurityGroups;

/// <summary>The rules of a security group rule that need no I/O, in Neutron's words.</summary>
internal static class RuleRules
{
    private const long PortMax = 65_535;
    private const long IcmpMax = 255;
    private static readonly string[] portProtocols = ["tcp", "udp", "udplite", "sctp", "dccp", "6", "17", "33", "132", "136"];
    private static readonly string[] icmpProtocols = ["icmp", "icmpv6", "ipv6-icmp", "1", "58"];
    private static readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal)
    {
        ["ah"] = 51, ["dccp"] = 33, ["egp"] = 8, ["esp"] = 50, ["gre"] = 47, ["icmp"] = 1, ["icmpv6"] = 58, ["igmp"] = 2, ["ip"] = 0, ["ipip"] = 4,
        ["ipv6-encap"] = 41, ["ipv6-frag"] = 44, ["ipv6-icmp"] = 58, ["ipv6-nonxt"] = 59, ["ipv6-opts"] = 60, ["ipv6-route"] = 43, ["ospf"] = 89,
        ["pgm"] = 113, ["rsvp"] = 46, ["sctp"] = 132, ["tcp"] = 6, ["udp"] = 17, ["udplite"] = 136, ["vrrp"] = 112,
    };

    /// <summary>A checked rule without id, project and times.</summary>
    public static Outcome<RuleRow> Check(RuleWish wish)
    {
        if (wish.SecurityGroupId.Or(null) is not { Length: > 0 } groupId)
        {
            return new Fault.Invalid("security_group_id", "Failed to parse request. Required attribute 'security_group_id' not specified");
        }

        if (wish.Direction.Or(null) is not (Directions.Ingress or Directions.Egress))
        {
            return NetworkFaults.Attribute("direction", $"'{wish.Direction.Or(null)}' is not in ['ingress', 'egress']");
        }

        var ethertype = wish.Ethertype.Or(Ethertypes.Ipv4) ?? Ethertypes.Ipv4;
        if (!ethertype.Equals(Ethertypes.Ipv4, StringComparison.OrdinalIgnoreCase) && !ethertype.Equals(Ethertypes.Ipv6, StringComparison.OrdinalIgnoreCase))
        {
            return NetworkFaults.Refused(
                "SecurityGroupRuleInvalidEtherType", $"Security group rule for ethertype '{ethertype}' not supported. Allowed values are ['IPv4', 'IPv6'].");
        }

        ethertype = ethertype.EndsWith('4') ? Ethertypes.Ipv4 : Ethertypes.Ipv6;
        if (Attributes.Texts(("description", wish.Description is { Given: true, Value: null } ? default : wish.Description)) is { } text) return text;
        var protocol = Protocol(wish.Protocol);
        if (protocol.Fault is { } wrongProtocol) return wrongProtocol;
        var (min, max) = (wish.PortRangeMin.Or(null), wish.PortRangeMax.Or(null));
        if (Ports(protocol.Value, min, max) is { } wrongPorts) return wrongPorts;
        var (prefix, remote) = (NotEmpty(wish.RemoteIpPrefix.Or(null)), NotEmpty(wish.RemoteGroupId.Or(null)));
        var addresses = NotEmpty(wish.RemoteAddressGroupId.Or(null));
        if (new[] { prefix, remote, addresses }.Count(given => given is not null) > 1)
        {
            return NetworkFaults.Refused(
                "SecurityGroupMultipleRemoteEntites", "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.");
        }

        var normalized = Normalize(prefix, ethertype);
        if (normalized.Fault is { } wrongPrefix) return wrongPrefix;
        return new RuleRow
        {
            GroupId = groupId, Direction = wish.Direction.Value!, Ethertype = ethertype, Protocol = protocol.Value, PortMin = min, PortMax = max,
            RemoteCidr = prefix, NormalizedCidr = normalized.Value, RemoteGroupId = remote, RemoteAddressGroupId = addresses, Description = wish.Description.Or("") ?? "",
        };
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>"any", "ip" and 0 mean every protocol; names are lower case; numbers stay numbers.</summary>
    private static Outcome<string?> Protocol(JsonElement? wished)
    {
        if (wished is not { } element || element.ValueKind == JsonValueKind.Null) return Outcome.Of<string?>(null);
        var text = element.ValueKind switch
        {
            JsonValueKind.String => element.GetString()!.ToLowerInvariant(),
            JsonValueKind.Number => element.GetRawText(),
            _ => "?",
        };
        if (text is "any" or "" or "0" or "ip") return Outcome.Of<string?>(null);
        if (numbers.ContainsKey(text)) return text;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 255) return number.ToString(CultureInfo.InvariantCulture);
        return NetworkFaults.Refused(
            "SecurityGroupRuleInvalidProtocol",
            $"Security group rule protocol {text} not supported. Only protocol values [{string.Join(", ", numbers.Keys.Append("any").Select(n => $"'{n}'"))}] "
            + "and integer representations [0 to 255] are supported.");
    }

    private static Fault? Ports(string? protocol, long? min, long? max)
    {
        if (min is null && max is null) return null;
        if (protocol is null)
        {
            return NetworkFaults.Refused("SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.");
        }

        if (icmpProtocols.Contains(protocol)) return Icmp(min, max);
        if (!portProtocols.Contains(protocol))
        {
            return NetworkFaults.Refused(
                "SecurityGroupInvalidProtocolForPort",
                $"Invalid protocol {protocol} for port range, only supported for TCP, UDP, UDPLITE, SCTP and DCCP.");
        }

        foreach (var port in new[] { min, max })
        {
            if (port is < 0 or > PortMax) return NetworkFaults.Refused("SecurityGroupInvalidPortValue", $"Invalid value for port {port}");
        }

        return min is not null && max is not null && min <= max
            ? null
            : NetworkFaults.Refused("SecurityGroupInvalidPortRange", "For TCP/UDP protocols, port_range_min must be <= port_range_max");
    }

    private static Fault? Icmp(long? type, long? code)
    {
        foreach (var (attribute, field, value) in new[] { ("port_range_min", "type", type), ("port_range_max", "code", code) })
        {
            if (value is < 0 or > IcmpMax)
            {
                return NetworkFaults.Refused("SecurityGroupInvalidIcmpValue", $"Invalid value for ICMP {field} ({attribute}) {value}. It must be 0 to 255.");
            }
        }

        return type is null
            ? NetworkFaults.Refused("SecurityGroupMissingIcmpType", $"ICMP code (port-range-max) {code} is provided but ICMP type (port-range-min) is missing.")
            : null;
    }

    private static Outcome<string?> Normalize(string? prefix, string ethertype)
    {
        if (prefix is null) return Outcome.Of<string?>(null);
        if (!Cidr.TryParse(prefix, out var cidr, bare: true)) return NetworkFaults.Attribute("remote_ip_prefix", $"'{prefix}' is not a valid IP subnet");
        return ethertype == (cidr.Version == 4 ? Ethertypes.Ipv4 : Ethertypes.Ipv6) ? cidr.ToString() : Mixed(prefix, ethertype);
    }

    private static Fault Mixed(string prefix, string ethertype) =>
        NetworkFaults.Refused("SecurityGroupRuleParameterConflict", $"Conflicting value ethertype {ethertype} for CIDR {prefix}");
}
