using System.Security.Cryptography;
using System.Text;

namespace Sovereign.Node.Fabric;

/// <summary>Names of what this node makes. Namespaces carry cloud, node and resource; links have 15 bytes, so they are short and carry the
/// rest in their alias.</summary>
public sealed class FabricNames(string cloud, string node)
{
    private const int LinkIdChars = 11;

    /// <summary>"sov-CLOUD8-NODE8-": the start of every namespace name.</summary>
    public string Prefix { get; } = $"sov-{Eight(cloud)}-{Eight(node)}-";

    /// <summary>The namespace of bridges and taps.</summary>
    public string Switch => Prefix + "switch";

    public string Dhcp(string networkId) => $"{Prefix}dhcp-{networkId}";

    public string Router(string routerId) => $"{Prefix}router-{routerId}";

    /// <summary>The namespace of a port that the node holds itself.</summary>
    public string Held(string portId) => $"{Prefix}held-{portId}";

    public string Alias(string kind, string id) => $"sov:{cloud}:{node}:{kind}:{id}";

    /// <summary>The host's end of the external network: unique on the machine, so it is a digest of cloud, node and network.</summary>
    public string HostLink(string networkId) =>
        "sov" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{cloud}/{node}/{networkId}")))[..12];

    public static string Bridge(string networkId) => "brq" + Short(networkId);

    public static string Tap(string portId) => "tap" + Short(portId);

    /// <summary>The link that what a port sends goes through when it is limited.</summary>
    public static string Shaper(string portId) => "ifb" + Short(portId);

    public static string ExternalLink(string networkId) => "ext" + Short(networkId);

    /// <summary>The way of a network to its parts on other nodes.</summary>
    public static string Overlay(string networkId) => "vx-" + Short(networkId);

    public static string DhcpOuter(string networkId) => "dhc" + Short(networkId);

    public static string DhcpInner(string networkId) => "ns-" + Short(networkId);

    public static string RouterLeg(string portId) => "qr-" + Short(portId);

    public static string GatewayLeg(string portId) => "qg-" + Short(portId);

    /// <summary>The inner end of a port that the node holds itself.</summary>
    public static string HeldInner(string portId) => "hld" + Short(portId);

    /// <summary>Name of a group in nftables.</summary>
    public static string Group(string groupId) => groupId.Replace('-', '_');

    private static string Short(string id) => id.Length <= LinkIdChars ? id : id[..LinkIdChars];

    private static string Eight(string id)
    {
        var plain = id.Replace("-", "", StringComparison.Ordinal);
        return plain.Length <= 8 ? plain : plain[..8];
    }
}
