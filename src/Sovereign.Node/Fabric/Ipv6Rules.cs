using System.Globalization;
using System.Net;

namespace Sovereign.Node.Fabric;

/// <summary>What a port with port security may say and hear in IPv6, as words of nftables.</summary>
internal static class Ipv6Rules
{
    /// <summary>The metadata service, on the link itself.</summary>
    public const string MetadataAddress = "fe80::a9fe:a9fe";

    private const int AddressBits = 128;

    /// <summary>Without these nothing finds its neighbour; whom they may speak for is a matter of <see cref="Spoofing"/>.</summary>
    public static readonly IReadOnlyList<string> Egress =
    [
        "icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query, mld-listener-report, mld-listener-done, "
            + "mld2-listener-report } accept",
        "meta nfproto ipv6 udp sport 546 udp dport 547 accept",
        $"ip6 daddr {MetadataAddress} tcp dport 80 accept",
    ];

    /// <summary>Routers and DHCPv6 servers are the fabric's: no guest's number is in the low half of the mark.</summary>
    public static readonly IReadOnlyList<string> Ingress =
    [
        "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query } accept",
        "meta mark & 0x0000ffff == 0 icmpv6 type nd-router-advert accept",
        "meta mark & 0x0000ffff == 0 meta nfproto ipv6 udp sport 547 udp dport 546 accept",
        $"meta mark & 0x0000ffff == 0 ip6 saddr {MetadataAddress} tcp sport 80 accept",
    ];

    /// <summary>Rules of the bridge for what a guest sends; what none of them accepts is dropped behind them.</summary>
    /// <param name="macs">All that the port may send from.</param>
    /// <param name="sources">IPv6 addresses and ranges, each with the MAC that it goes with.</param>
    public static IEnumerable<string> Spoofing(IReadOnlyList<string> macs, IReadOnlyList<(string Mac, string Source)> sources)
    {
        var all = sources.Concat(macs.Select(mac => (Mac: mac, Source: LinkLocal(mac)))).Distinct().ToList();
        yield return "icmpv6 type { nd-router-advert, nd-redirect } drop";
        yield return "meta protocol ip6 udp sport 547 udp dport 546 drop";
        if (Foreign([.. all.Select(p => p.Source).Distinct()]) is { } foreign)
        {
            yield return $"icmpv6 type nd-neighbor-advert {foreign} drop";
            // A probe for an address of another would make that one give it up.
            yield return $"ip6 saddr :: icmpv6 type nd-neighbor-solicit {foreign} drop";
        }
        yield return "ip6 saddr :: icmpv6 type { nd-neighbor-solicit, nd-router-solicit, mld-listener-report, mld2-listener-report } accept";
        foreach (var (mac, source) in all) yield return $"ether saddr {mac} ip6 saddr {source} accept";
    }

    /// <summary>The link-local address that a host with this MAC gives itself.</summary>
    public static string LinkLocal(string mac)
    {
        var m = System.Net.NetworkInformation.PhysicalAddress.Parse(mac).GetAddressBytes();
        return new IPAddress([0xfe, 0x80, 0, 0, 0, 0, 0, 0, (byte)(m[0] ^ 2), m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]]).ToString();
    }

    /// <summary>Matches a neighbour message whose target is none of these; null when they are all addresses. nft has no word for the target: it is
    /// the 16 bytes behind the first 8.</summary>
    private static string? Foreign(IReadOnlyList<string> sources)
    {
        var ranges = sources.Select(s => s.Split('/')).Select(p => (Bytes: IPAddress.Parse(p[0]).GetAddressBytes(),
            Bits: p.Length == 2 ? int.Parse(p[1], CultureInfo.InvariantCulture) : AddressBits)).ToList();
        if (ranges.Exists(r => r.Bits == 0)) return null;
        var exact = ranges.Where(r => r.Bits == AddressBits).Select(r => "0x" + Convert.ToHexStringLower(r.Bytes));
        var wide = ranges.Where(r => r.Bits < AddressBits).Select(r => $"@th,64,{r.Bits} != 0x{Prefix(r.Bytes, r.Bits)}");
        return string.Join(' ', wide.Prepend($"@th,64,{AddressBits} != {{ {string.Join(", ", exact)} }}"));
    }

    private static string Prefix(byte[] address, int bits) =>
        (System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(address) >> (AddressBits - bits)).ToString("x", CultureInfo.InvariantCulture);
}
