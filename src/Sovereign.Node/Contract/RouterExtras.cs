namespace Sovereign.Node.Contract;

/// <summary>A conntrack helper of a router: the kernel reads connections to this port and expects others that belong to them.</summary>
/// <param name="Name">The kernel's name: "ftp".</param>
/// <param name="Protocol">"tcp" or "udp".</param>
public sealed record HelperSpec(string Name, string Protocol, int Port)
{
    // What Linux has under one name; its helper of H.323 is three, and none is called so.
    private static readonly Dictionary<string, (string[] Protocols, bool Ipv6)> known = new(StringComparer.Ordinal)
    {
        ["amanda"] = (["udp"], true), ["ftp"] = (["tcp"], true), ["irc"] = (["tcp"], false), ["netbios-ns"] = (["udp"], false), ["pptp"] = (["tcp"], false),
        ["sane"] = (["tcp"], true), ["sip"] = (["tcp", "udp"], true), ["snmp"] = (["udp"], false), ["tftp"] = (["udp"], true),
    };

    /// <summary>True: the helper reads IPv6 too.</summary>
    public bool Ipv6 => known.TryGetValue(Name, out var helper) && helper.Ipv6;

    /// <summary>Protocols that the helper of this name reads; none: there is no such helper.</summary>
    public static IReadOnlyList<string> Protocols(string name) => known.TryGetValue(name, out var helper) ? helper.Protocols : [];
}

/// <summary>A metering label: what the router counts under its id.</summary>
public sealed record MeterSpec(string Id, IReadOnlyList<MeterRuleSpec> Rules);

/// <summary>Traffic at the router's gateway, with the addresses that it has inside.</summary>
/// <param name="Ingress">True: what comes in by the gateway.</param>
/// <param name="Excluded">True: it is not counted, whatever other rules say.</param>
/// <param name="Source">A range; null: any.</param>
/// <param name="Destination">A range; null: any.</param>
public sealed record MeterRuleSpec(bool Ingress, bool Excluded, string? Source, string? Destination);
