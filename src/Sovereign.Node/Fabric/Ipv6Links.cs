using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>IPv6 of single links: a namespace begins without it, and only what carries IPv6 subnets speaks it.</summary>
internal static class Ipv6Links
{
    /// <summary>Gives a link of the fabric IPv6 with addresses that it is told alone: announcements are not listened to, and an address works at
    /// once, since the control plane gives none out twice.</summary>
    public static void Enable(string netns, string link) => Netns.WriteSysctl(netns, new Dictionary<string, string>
    {
        [$"net/ipv6/conf/{link}/accept_ra"] = "0", [$"net/ipv6/conf/{link}/autoconf"] = "0", [$"net/ipv6/conf/{link}/accept_dad"] = "0",
        [$"net/ipv6/conf/{link}/ndisc_notify"] = "1", [$"net/ipv6/conf/{link}/disable_ipv6"] = "0",
    });

    public static void Disable(string netns, string link) => Netns.WriteSysctl(netns, new Dictionary<string, string>
    {
        [$"net/ipv6/conf/{link}/disable_ipv6"] = "1",
    });

    /// <summary>Does this link of the host speak IPv6?</summary>
    public static bool Enabled(string hostLink)
    {
        var file = $"/proc/sys/net/ipv6/conf/{hostLink}/disable_ipv6";
        return File.Exists(file) && File.ReadAllText(file).Trim() == "0";
    }
}
