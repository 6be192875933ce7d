using System.Collections.Concurrent;
using System.Net;
using System.Net.NetworkInformation;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>Ports that no guest has but the node itself: a pair of links in place of a tap, whose inner end is in a namespace of the port's own. Filters, floating
/// IPs and rates see the outer end and know no difference.</summary>
internal sealed class HeldPorts(FabricNames names, IpTool ip)
{
    private readonly ConcurrentDictionary<string, string> plans = new();

    /// <summary>Makes the pair, both ends at once, outside of any bridge.</summary>
    public async Task Link(PortSpec port, CancellationToken stop)
    {
        var (netns, outer, inner) = (names.Held(port.Id), FabricNames.Tap(port.Id), FabricNames.HeldInner(port.Id));
        await ip.AddNetns(netns, stop);
        if (!Netns.HasLink(names.Switch, outer)) await ip.Batch(names.Switch, [$"link add {outer} type veth peer name {inner} netns {netns}"], stop);
        plans.TryRemove(port.Id, out _);
    }

    /// <summary>Gives the inner end the port's MAC and addresses, and the ways of its subnets.</summary>
    public async Task Ensure(PortSpec port, NetworkSpec? network, CancellationToken stop)
    {
        var (netns, inner) = (names.Held(port.Id), FabricNames.HeldInner(port.Id));
        var subnets = port.Addresses.Select(address => (Address: address, Subnet: network?.Subnets.FirstOrDefault(subnet => subnet.Id == address.SubnetId)))
            .Where(each => each.Subnet is not null).ToList();
        var commands = new List<string>
        {
            "link set lo up", $"link set {inner} address {SwitchRules.Mac(port.Mac)} mtu {network?.MtuBytes ?? 1450} up",
        };
        foreach (var (address, subnet) in subnets)
        {
            var six = address.Address.Contains(':', StringComparison.Ordinal);
            var length = subnet!.Cidr[(subnet.Cidr.IndexOf('/', StringComparison.Ordinal) + 1)..];
            commands.Add($"addr replace {SwitchRules.Address(address.Address)}/{length} dev {inner}{(six ? " nodad" : "")}");
        }
        foreach (var (_, subnet) in subnets)
        {
            foreach (var route in subnet!.HostRoutes)
                commands.Add($"route replace {SwitchRules.Cidr(route.Destination)} via {SwitchRules.Address(route.NextHop)} dev {inner}");
        }
        foreach (var family in subnets.Where(each => each.Subnet!.Gateway is not null).GroupBy(each => each.Subnet!.Gateway!.Contains(':', StringComparison.Ordinal)))
            commands.Add($"route replace default via {SwitchRules.Address(family.First().Subnet!.Gateway!)} dev {inner}");
        var plan = string.Join('\n', commands);
        if (plans.TryGetValue(port.Id, out var known) && known == plan) return;
        Netns.WriteSysctl(netns, new Dictionary<string, string>
        {
            // Whoever listens there runs without privileges, on any port.
            ["net/ipv4/ip_unprivileged_port_start"] = "0", ["net/ipv4/ip_forward"] = "0",
        });
        if (subnets.Exists(each => each.Address.Address.Contains(':', StringComparison.Ordinal))) Ipv6Links.Enable(netns, inner);
        // Addresses that the port has no more go; those that it keeps are never away.
        if (known is not null)
            foreach (var gone in known.Split('\n').Where(c => c.StartsWith("addr replace ", StringComparison.Ordinal) && !commands.Contains(c)))
                commands.Insert(1, "addr del " + gone["addr replace ".Length..].Replace(" nodad", "", StringComparison.Ordinal));
        await ip.Batch(netns, commands, stop);
        foreach (var (address, _) in subnets.Where(each => !each.Address.Address.Contains(':', StringComparison.Ordinal)))
            Netns.AnnounceArp(netns, inner, PhysicalAddress.Parse(port.Mac), IPAddress.Parse(address.Address));
        plans[port.Id] = plan;
    }

    /// <summary>The namespace goes after its links; absent is fine.</summary>
    public async Task Remove(string portId, CancellationToken stop)
    {
        plans.TryRemove(portId, out _);
        if (Netns.Exists(names.Held(portId))) await ip.DeleteNetns(names.Held(portId), stop);
    }
}
