using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>A network's way to its parts on other nodes: one VXLAN link on its bridge, whose sockets are in the host's own namespace. What has no known place is
/// sent to all nodes that have the network; where an address lives is learned from what comes. The nodes filter what their own ports send, so what comes
/// from another node is not filtered by sender again. DHCP is every node's own: its link and this one do not see each other.</summary>
internal sealed class Overlay(FabricNames names, IpTool ip, ProcessRunner runner, SwitchState state)
{
    private const string Everywhere = "00:00:00:00:00:00";

    public async Task Ensure(NetworkSpec network, CancellationToken stop)
    {
        var dhcp = FabricNames.DhcpOuter(network.Id);
        if (state.HasLink(dhcp)) await ip.Batch(names.Switch, [$"link set {dhcp} type bridge_slave isolated on"], stop);
        if (network.Overlay is not { Remotes.Count: > 0 } overlay)
        {
            await Remove(network.Id, stop);
            return;
        }
        var link = FabricNames.Overlay(network.Id);
        var found = await Find(link, stop);
        var wanted = new Tunnel(network.Vni, Address(overlay.Local), overlay.UdpPort);
        if (found is not null && found != wanted)
        {
            await Remove(network.Id, stop);
            found = null;
        }
        if (found is null) await Make(network, link, wanted, stop);
        await ip.Batch(names.Switch,
            [$"link set {link} mtu {network.MtuBytes} master {FabricNames.Bridge(network.Id)} up", $"link set {link} type bridge_slave isolated on"], stop);
        await Flood(link, overlay.Remotes.Select(Address).ToHashSet(), stop);
    }

    public async Task Remove(string networkId, CancellationToken stop)
    {
        var link = FabricNames.Overlay(networkId);
        if (!state.HasLink(link)) return;
        if ((await ip.Links(names.Switch, stop)).ContainsKey(link)) await ip.Batch(names.Switch, [$"link del {link}"], stop);
        state.RemoveLink(link);
    }

    private async Task Make(NetworkSpec network, string link, Tunnel wanted, CancellationToken stop)
    {
        var alias = names.Alias(ItemKinds.Network, network.Id);
        try
        {
            // Made from here into the switching namespace: its packets travel from here.
            await ip.Batch(null,
                [string.Create(CultureInfo.InvariantCulture,
                    $"link add {link} netns {names.Switch} type vxlan id {wanted.Vni} local {wanted.Local} dstport {wanted.UdpPort}")], stop);
        }
        catch (NodeException failure) when (failure.Message.Contains("already exists", StringComparison.Ordinal))
        {
            throw new NodeException($"Another cloud on this machine has the VXLAN {wanted.Vni} on port {wanted.UdpPort}: give one of them another vxlan_port.", failure);
        }
        await ip.Batch(names.Switch, [$"link set {link} alias {alias}"], stop);
        state.AddLink(link, alias);
    }

    /// <summary>Makes the list of nodes that get what has no known place.</summary>
    private async Task Flood(string link, HashSet<string> remotes, CancellationToken stop)
    {
        var shown = await runner.Must("bridge", ["-n", names.Switch, "fdb", "show", "dev", link], stop);
        var have = shown.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is [Everywhere, "dst", ..]).Select(words => words[2]).ToHashSet();
        var commands = have.Except(remotes).Select(address => $"fdb del {Everywhere} dev {link} dst {address}")
            .Concat(remotes.Except(have).Select(address => $"fdb append {Everywhere} dev {link} dst {address}")).ToList();
        if (commands.Count == 0) return;
        await runner.Must("bridge", ["-n", names.Switch, "-batch", "-"], stop, string.Join('\n', commands) + "\n");
    }

    private async Task<Tunnel?> Find(string link, CancellationToken stop)
    {
        if (!state.HasLink(link)) return null;
        foreach (var found in (await ip.Json(names.Switch, ["-d", "link", "show", "type", "vxlan"], stop)).EnumerateArray())
        {
            if (!found.TryGetProperty("ifname", out var name) || name.GetString() != link) continue;
            var data = found.GetProperty("linkinfo").GetProperty("info_data");
            var local = data.TryGetProperty("local", out var four) ? four.GetString() : data.TryGetProperty("local6", out var six) ? six.GetString() : null;
            return new Tunnel(data.GetProperty("id").GetInt32(), local ?? "", data.GetProperty("port").GetInt32());
        }
        state.RemoveLink(link);
        return null;
    }

    private static string Address(string text) =>
        IPAddress.TryParse(text, out var address) && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 ? address.ToString()
            : throw new NodeException($"'{text}' is no address of an underlay.");

    private sealed record Tunnel(int Vni, string Local, int UdpPort);
}
