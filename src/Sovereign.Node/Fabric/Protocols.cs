using System.Collections.Frozen;
using System.Globalization;

namespace Sovereign.Node.Fabric;

/// <summary>IANA protocol numbers of the names that security group rules may use.</summary>
internal static class Protocols
{
    public const int Icmp = 1;
    public const int Icmpv6 = 58;

    private static readonly FrozenDictionary<string, int> numbers = new Dictionary<string, int>
    {
        ["icmp"] = 1, ["igmp"] = 2, ["ipip"] = 4, ["tcp"] = 6, ["egp"] = 8, ["udp"] = 17, ["dccp"] = 33, ["rsvp"] = 46, ["gre"] = 47,
        ["esp"] = 50,
        ["ah"] = 51, ["ospf"] = 89, ["vrrp"] = 112, ["pgm"] = 113, ["sctp"] = 132, ["udplite"] = 136, ["ipv6-encap"] = 41,
        ["ipv6-route"] = 43,
        ["ipv6-frag"] = 44, ["icmpv6"] = 58, ["ipv6-icmp"] = 58, ["ipv6-nonxt"] = 59, ["ipv6-opts"] = 60,
    }.ToFrozenDictionary();

    public static int? Number(string protocol) =>
        numbers.TryGetValue(protocol, out var known) ? known
        : int.TryParse(protocol, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 255 ? number : null;
}
