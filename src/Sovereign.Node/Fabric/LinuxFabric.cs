using System.Collections.Concurrent;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>Where a Linux fabric lives and what it was told.</summary>
/// <param name="StateDir">Directory of its files (external range, DHCP).</param>
/// <param name="ExternalCidr">The external range; null: chosen free at first start.</param>
/// <param name="DnsForwarders">Name servers that guests' resolvers forward to; none: only local names are answered.</param>
public sealed record LinuxFabricOptions(string Cloud, string Node, string StateDir, string? ExternalCidr,
    IReadOnlyList<string> DnsForwarders)
{
    /// <summary>False: no external range is chosen, since the external network is not joined to this host.</summary>
    public bool Gateway { get; init; } = true;

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>The fabric by bridges, namespaces, nftables and dnsmasq, wholly in namespaces of its own but for one link a external
/// network.</summary>
public sealed class LinuxFabric : IFabric, IDisposable
{
    private readonly LinuxFabricOptions options;
    private readonly FabricNames names;
    private readonly ProcessRunner runner;
    private readonly IpTool ip;
    private readonly NftQueue nft;
    private readonly SwitchState state = new();
    private readonly DhcpServers dhcp;
    private readonly LinuxRouters routers;
    private readonly PortRates rates;
    private readonly Overlay overlay;
    private readonly PacketLog packets;
    private readonly HeldPorts held;
    private readonly IMetadataDoors doors;
    private readonly ConcurrentDictionary<string, IReadOnlySet<string>> members = new();
    private readonly ConcurrentDictionary<string, NetworkSpec> networks = new();

    public LinuxFabric(LinuxFabricOptions options, ProcessRunner runner, IMetadataDoors doors)
    {
        this.options = options;
        this.runner = runner;
        this.doors = doors;
        names = new FabricNames(options.Cloud, options.Node);
        ip = new IpTool(runner);
        nft = new NftQueue(runner, names.Switch);
        dhcp = new DhcpServers(names, ip, runner, Path.Combine(options.StateDir, "dhcp"), options.DnsForwarders);
        rates = new PortRates(names, ip, runner, state);
        var advertisements = new RouterAdvertisements(names, runner, Path.Combine(options.StateDir, "ra"));
        routers = new LinuxRouters(names, ip, runner, state, doors, advertisements, HasDhcp);
        overlay = new Overlay(names, ip, runner, state);
        held = new HeldPorts(names, ip);
        packets = new PacketLog(names.Switch, Path.Combine(options.StateDir, "packets.log"), options.Clock);
    }

    /// <summary>Stops reading what is logged; everything else stays as it is.</summary>
    public void Dispose() => packets.Dispose();

    public async Task<string> Open(CancellationToken stop)
    {
        PassableDirectory.Ensure(options.StateDir);
        var range = options.Gateway ? await ExternalRange.Choose(options.StateDir, options.ExternalCidr, ip, stop) : "";
        await ip.AddNetns(names.Switch, stop);
        Netns.WriteSysctl(names.Switch, new Dictionary<string, string>
        {
            ["net/bridge/bridge-nf-call-iptables"] = "1", ["net/bridge/bridge-nf-call-ip6tables"] = "1",
            ["net/bridge/bridge-nf-call-arptables"] = "0",
            ["net/bridge/bridge-nf-filter-vlan-tagged"] = "0", ["net/ipv4/ip_forward"] = "0",
        });
        if (!Netns.Within(names.Switch, () => File.Exists("/proc/sys/net/bridge/bridge-nf-call-iptables")))
            throw new NodeException("This kernel has no br_netfilter, which filters the traffic between ports. Load it: modprobe "
                + "br_netfilter.");
        await nft.Apply(SwitchRules.Base());
        state.Load(await nft.List(["map", "bridge", "sov", "from"], stop), await nft.List(["map", "inet", "sov", "zones"], stop),
            await ip.Links(names.Switch, stop));
        return range;
    }

    public async Task EnsureNetwork(NetworkSpec network, CancellationToken stop)
    {
        var bridge = FabricNames.Bridge(network.Id);
        await nft.Apply(SwitchRules.Zone(bridge, state.ZoneNumber(bridge)));
        if (!state.HasLink(bridge))
        {
            var alias = names.Alias(ItemKinds.Network, network.Id);
            if (!Netns.HasLink(names.Switch, bridge))
                await ip.Batch(names.Switch, [$"link add {bridge} type bridge forward_delay 0 stp_state 0 mcast_snooping 0"], stop);
            await ip.Batch(names.Switch, [$"link set {bridge} alias {alias}"], stop);
            state.AddLink(bridge, alias);
        }
        await ip.Batch(names.Switch, [$"link set {bridge} mtu {network.MtuBytes} up"], stop);
        if (network.External) await EnsureHostLink(network, stop);
        await EnsureDhcp(network, stop);
        await overlay.Ensure(network, stop);
        networks[network.Id] = network;
    }

    public async Task RemoveNetwork(string id, CancellationToken stop)
    {
        var bridge = FabricNames.Bridge(id);
        await RemoveDhcp(id, stop);
        await overlay.Remove(id, stop);
        if (Netns.HasLink(names.HostLink(id))) await DeleteLink(null, names.HostLink(id), stop);
        if (state.HasLink(bridge)) await ip.Batch(names.Switch, [$"link del {bridge}"], stop);
        state.RemoveLink(bridge);
        if (state.KnownZone(bridge) is { } zone) await nft.Apply(SwitchRules.NoZone(bridge, zone));
        state.ForgetZone(bridge);
        networks.TryRemove(id, out _);
    }

    public async Task EnsureGroup(GroupSpec group, CancellationToken stop)
    {
        await nft.Apply(SwitchRules.Group(group) + MemberSets.Change(group, members.GetValueOrDefault(group.Id)));
        members[group.Id] = MemberSets.Normal(group);
    }

    public async Task RemoveGroup(string id, CancellationToken stop)
    {
        await nft.Apply(SwitchRules.EmptyGroup(id));
        members.TryRemove(id, out _);
        // Another group's rule may still name the member set: then the empty set stays until that rule goes.
        try { await nft.Apply(SwitchRules.DeleteGroup(id)); } catch (NodeException) { stop.ThrowIfCancellationRequested(); }
    }

    public async Task EnsurePort(PortSpec port, IReadOnlyList<GroupSpec> groups, CancellationToken stop)
    {
        var tap = FabricNames.Tap(port.Id);
        var number = state.PortNumber(tap);
        packets.Set(number, port);
        await nft.Apply(SwitchRules.Port(port, number, groups.Count == 0 || groups.Any(g => g.Stateful)));
        var commands = new List<string>();
        if (!state.HasLink(tap))
        {
            if (port.Held == true) await held.Link(port, stop);
            else if (!Netns.HasLink(names.Switch, tap)) commands.Add($"tuntap add {tap} mode tap");
            commands.Add($"link set {tap} alias {names.Alias(ItemKinds.Port, port.Id)}");
        }
        var mtu = networks.TryGetValue(port.NetworkId, out var network) ? $" mtu {network.MtuBytes}" : "";
        commands.Add($"link set {tap} master {FabricNames.Bridge(port.NetworkId)}{mtu} {(port.AdminUp ? "up" : "down")}");
        await ip.Batch(names.Switch, commands, stop);
        state.AddLink(tap, names.Alias(ItemKinds.Port, port.Id));
        if (port.Held == true) await held.Ensure(port, networks.GetValueOrDefault(port.NetworkId), stop);
        await rates.Ensure(port, stop);
        await dhcp.SetPort(port, stop);
    }

    public async Task RemovePort(string id, CancellationToken stop)
    {
        var tap = FabricNames.Tap(id);
        await dhcp.RemovePort(id, stop);
        // The link goes first: an unfiltered link must never be on a bridge.
        if (state.HasLink(tap)) await DeleteLink(names.Switch, tap, stop);
        state.RemoveLink(tap);
        await held.Remove(id, stop);
        await rates.Remove(id, stop);
        if (state.KnownPort(tap) is { } number)
        {
            await nft.Apply(SwitchRules.NoPort(tap, number));
            packets.Forget(number);
        }
        state.ForgetPort(tap);
    }

    public Task EnsureRouter(RouterSpec router, CancellationToken stop) => routers.Ensure(router, stop);

    public Task RemoveRouter(string id, CancellationToken stop) => routers.Remove(id, stop);

    public async Task<IReadOnlyList<FabricThing>> List(CancellationToken stop)
    {
        var things = new HashSet<FabricThing>();
        foreach (var netns in Netns.List())
        {
            if (!netns.StartsWith(names.Prefix, StringComparison.Ordinal)) continue;
            var rest = netns[names.Prefix.Length..];
            if (rest.StartsWith("router-", StringComparison.Ordinal)) things.Add(new FabricThing(ItemKinds.Router,
                rest["router-".Length..]));
            if (rest.StartsWith("held-", StringComparison.Ordinal)) things.Add(new FabricThing(ItemKinds.Port, rest["held-".Length..]));
            if (rest.StartsWith("dhcp-", StringComparison.Ordinal)) things.Add(new FabricThing(ItemKinds.Network, rest["dhcp-".Length..]));
        }
        foreach (var alias in (await ip.Links(names.Switch, stop)).Values)
        {
            var parts = alias.Split(':');
            if (parts.Length == 5 && parts[3] is ItemKinds.Network or ItemKinds.Port) things.Add(new FabricThing(parts[3], parts[4]));
        }
        return [.. things.OrderBy(t => t.Kind, StringComparer.Ordinal).ThenBy(t => t.Id, StringComparer.Ordinal)];
    }

    /// <summary>Removes every namespace and link of this cloud and node.</summary>
    public async Task Destroy(CancellationToken stop)
    {
        // Links of the host first: with their namespace they would go at a moment of their own.
        var mark = names.Alias("", "")[..^1];
        foreach (var (link, alias) in await ip.Links(null, stop))
            if (alias.StartsWith(mark, StringComparison.Ordinal)) await DeleteLink(null, link, stop);
        foreach (var netns in Netns.List().Where(n => n.StartsWith(names.Prefix, StringComparison.Ordinal)))
        {
            await DhcpServers.StopAll(runner, netns, stop);
            doors.Close(netns);
            await ip.DeleteNetns(netns, stop);
        }
    }

    private bool HasDhcp(string networkId) => Netns.Exists(names.Dhcp(networkId));

    private async Task EnsureHostLink(NetworkSpec network, CancellationToken stop)
    {
        var (host, inner) = (names.HostLink(network.Id), FabricNames.ExternalLink(network.Id));
        var alias = names.Alias(ItemKinds.Network, network.Id);
        if (!Netns.HasLink(host))
        {
            await ip.Batch(null, [$"link add {host} type veth peer name {inner} netns {names.Switch}",
                $"link set {host} alias {alias} addrgenmode none"], stop);
        }
        // A machine may do without IPv6: then its side of the external network does too.
        var addresses = network.Subnets.Where(s => s.Gateway is not null && (!s.Cidr.Contains(':') || Ipv6Links.Enabled(host))).Select(s =>
            $"addr replace {SwitchRules.Address(s.Gateway!)}/{s.Cidr[(s.Cidr.IndexOf('/') + 1)..]} dev {host}{(s.Cidr.Contains(':') ? " nodad" : "")}");
        await ip.Batch(names.Switch, [$"link set {inner} master {FabricNames.Bridge(network.Id)} mtu {network.MtuBytes} up alias {alias}"],
            stop);
        state.AddLink(inner, alias);
        await ip.Batch(null, [$"link set {host} mtu {network.MtuBytes} up", .. addresses], stop);
    }

    private async Task EnsureDhcp(NetworkSpec network, CancellationToken stop)
    {
        var netns = names.Dhcp(network.Id);
        if (!network.Subnets.Any(s => s.DhcpAddress is not null))
        {
            await RemoveDhcp(network.Id, stop);
            return;
        }
        await ip.AddNetns(netns, stop);
        var (outer, inner) = (FabricNames.DhcpOuter(network.Id), FabricNames.DhcpInner(network.Id));
        var alias = names.Alias(ItemKinds.Network, network.Id);
        if (!state.HasLink(outer) && !Netns.HasLink(names.Switch, outer))
            await ip.Batch(names.Switch, [$"link add {outer} type veth peer name {inner} netns {netns}"], stop);
        await ip.Batch(
            names.Switch, [$"link set {outer} alias {alias} mtu {network.MtuBytes} master {FabricNames.Bridge(network.Id)} up"], stop);
        state.AddLink(outer, alias);
        await dhcp.Ensure(network, stop);
        doors.Open(netns, [network.Id]);
        if (network.Subnets.Any(s => s.DhcpAddress is not null && s.Cidr.Contains(':'))) doors.OpenLink(netns, inner, network.Id);
        else doors.CloseLink(netns, inner);
    }

    private async Task RemoveDhcp(string networkId, CancellationToken stop)
    {
        var netns = names.Dhcp(networkId);
        doors.Close(netns);
        await dhcp.Remove(networkId, stop);
        await ip.DeleteNetns(netns, stop);
        var outer = FabricNames.DhcpOuter(networkId);
        // The pair may go with its namespace a moment later: gone is gone.
        if (state.HasLink(outer) && (await ip.Links(names.Switch, stop)).ContainsKey(outer)) await DeleteLink(names.Switch, outer, stop);
        state.RemoveLink(outer);
    }

    private async Task DeleteLink(string? netns, string link, CancellationToken stop)
    {
        try { await ip.Batch(netns, [$"link del {link}"], stop); }
        catch (NodeException failure) when (failure.Message.Contains("Cannot find device",
            StringComparison.Ordinal))
        { /* it went by itself */ }
    }
}
