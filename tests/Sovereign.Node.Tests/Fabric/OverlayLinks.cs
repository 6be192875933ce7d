using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>The way of a network to its parts on other nodes, as the kernel has it. Packets between two nodes: tests/e2e/nodes.sh.</summary>
public sealed class OverlayLinks : IAsyncLifetime
{
    private const int Port = 24_789;
    private readonly PacketWorld world = new();
    private readonly NetworkSpec network = PacketWorld.Network(dhcp: true) with { Vni = 1 + (Environment.ProcessId % 16_000_000) };

    public ValueTask InitializeAsync() => world.InitializeAsync();

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task A_network_on_one_node_alone_has_none()
    {
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        Assert.DoesNotContain(FabricNames.Overlay(network.Id), await Links(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_floods_to_the_nodes_that_have_the_network_and_to_no_other()
    {
        await world.Fabric.EnsureNetwork(Over("127.0.0.2", "127.0.0.3"), PacketWorld.Stop);
        Assert.Equal(["127.0.0.2", "127.0.0.3"], await Remotes());
        await world.Restart();
        await world.Fabric.EnsureNetwork(Over("127.0.0.3", "127.0.0.4"), PacketWorld.Stop);
        Assert.Equal(["127.0.0.3", "127.0.0.4"], await Remotes());
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        Assert.DoesNotContain(FabricNames.Overlay(network.Id), await Links(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_address_of_this_node_makes_it_anew()
    {
        await world.Fabric.EnsureNetwork(Over("127.0.0.2"), PacketWorld.Stop);
        var moved = network with { Overlay = new OverlaySpec("127.0.0.9", Port, ["127.0.0.2"]) };
        await world.Fabric.EnsureNetwork(moved, PacketWorld.Stop);
        Assert.Contains("local 127.0.0.9", await Links(), StringComparison.Ordinal);
        Assert.Equal(["127.0.0.2"], await Remotes());
    }

    [Fact]
    public async Task Dhcp_and_the_overlay_do_not_see_each_other()
    {
        await world.Fabric.EnsureNetwork(Over("127.0.0.2"), PacketWorld.Stop);
        var ports = await world.Runner.Must("bridge", ["-n", world.Names.Switch, "-d", "link", "show"], PacketWorld.Stop);
        foreach (var name in new[] { FabricNames.Overlay(network.Id), FabricNames.DhcpOuter(network.Id) })
        {
            var at = ports.IndexOf(name, StringComparison.Ordinal);
            Assert.True(at >= 0, ports);
            Assert.Contains("isolated on", ports[at..], StringComparison.Ordinal);
        }

        await world.Fabric.RemoveNetwork(network.Id, PacketWorld.Stop);
        Assert.DoesNotContain(FabricNames.Overlay(network.Id), await Links(), StringComparison.Ordinal);
    }

    private NetworkSpec Over(params string[] remotes) => network with { Overlay = new OverlaySpec("127.0.0.1", Port, remotes) };

    private Task<string> Links() => world.Runner.Must("ip", ["-n", world.Names.Switch, "-d", "link", "show"], PacketWorld.Stop);

    private async Task<List<string>> Remotes() =>
        [.. (await world.Runner.Must("bridge", ["-n", world.Names.Switch, "fdb", "show", "dev", FabricNames.Overlay(network.Id)], PacketWorld.Stop)).Split('\n')
            .Where(line => line.StartsWith("00:00:00:00:00:00 ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).Order(StringComparer.Ordinal)];
}
