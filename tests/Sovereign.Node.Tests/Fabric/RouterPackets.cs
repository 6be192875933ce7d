using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>Tenant isolation, routers, NAT and floating IPs, seen with real packets.</summary>
public sealed class RouterPackets : IAsyncLifetime
{
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(1.5);
    private readonly PacketWorld world = new();
    private readonly GroupSpec open = PacketWorld.Group(PacketWorld.Ingress(), PacketWorld.Egress());
    private NetworkSpec external = null!;

    public async ValueTask InitializeAsync()
    {
        await world.InitializeAsync();
        external = world.ExternalNetwork();
        await world.Fabric.EnsureNetwork(external, PacketWorld.Stop);
        await world.Fabric.EnsureGroup(open, PacketWorld.Stop);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Two_tenants_with_the_same_subnet_do_not_meet()
    {
        var (left, right) = (PacketWorld.Network(), PacketWorld.Network());
        await world.Fabric.EnsureNetwork(left, PacketWorld.Stop);
        await world.Fabric.EnsureNetwork(right, PacketWorld.Stop);
        var (a1, a2) = (await world.Plug(left, "10.0.0.5", [open]), await world.Plug(left, "10.0.0.6", [open]));
        var (b1, b2) = (await world.Plug(right, "10.0.0.5", [open]), await world.Plug(right, "10.0.0.7", [open]));
        using var inLeft = a2.Listen(80);
        using var inRight = b2.Listen(80);
        Assert.NotNull(await a1.Ask("10.0.0.6", 80));
        Assert.NotNull(await b1.Ask("10.0.0.7", 80));
        Assert.Null(await a1.Ask("10.0.0.7", 80));
        Assert.Null(await b1.Ask("10.0.0.6", 80));
    }

    [Fact]
    public async Task Ports_and_routers_that_came_before_their_network_work_when_it_is_there()
    {
        var network = PacketWorld.Network(dhcp: true);
        var router = Router(network, 11);
        var port = new PortSpec(Guid.NewGuid().ToString(), network.Id, "d", PacketWorld.NewMac(), [new AddressSpec(network.Subnets[0].Id, "10.0.0.9")],
            true, true, [open.Id], [], "guest");
        await Assert.ThrowsAsync<NodeException>(() => world.Fabric.EnsureRouter(router, PacketWorld.Stop));
        await Assert.ThrowsAsync<NodeException>(() => world.Fabric.EnsurePort(port, [open], PacketWorld.Stop));
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        await world.Fabric.EnsurePort(port, [open], PacketWorld.Stop);
        var guest = await world.Plug(network, "10.0.0.5", [open]);
        using var host = HostListener(8097);
        Assert.Equal(world.External(11), await guest.Ask(world.External(1), 8097));
    }

    [Fact]
    public async Task Floating_ips_work_inwards_outwards_and_between_guests_and_go_when_taken()
    {
        var network = PacketWorld.Network();
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        var (one, two, plain) = (await world.Plug(network, "10.0.0.5", [open]), await world.Plug(network, "10.0.0.6", [open]),
            await world.Plug(network, "10.0.0.8", [open]));
        var router = Router(network, 10) with
        {
            FloatingIps = [new("f1", world.External(21), "10.0.0.5"), new("f2", world.External(22), "10.0.0.6")],
        };
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        using var guest = two.Listen(80);
        using var host = HostListener(8099);
        Assert.Equal(world.External(1), await Asker.Ask(null, world.External(22), 80, limit));   // in from the host, true source
        Assert.Equal(world.External(21), await one.Ask(world.External(1), 8099));                // out with its own floating IP
        Assert.Equal(world.External(10), await plain.Ask(world.External(1), 8099));              // out with the router's address
        Assert.Equal(world.External(21), await one.Ask(world.External(22), 80));                 // hairpin between floating IPs
        Assert.Equal(world.External(10), await plain.Ask(world.External(22), 80));               // hairpin from the tenant's network
        Assert.Equal("10.0.0.6", await two.Ask(world.External(22), 80) is null ? null : "10.0.0.6");   // its own floating IP
        await world.Fabric.EnsureRouter(router with { FloatingIps = [] }, PacketWorld.Stop);
        Assert.Null(await Asker.Ask(null, world.External(22), 80, limit));
        await world.Fabric.EnsureRouter(router with { AdminUp = false }, PacketWorld.Stop);
        Assert.Null(await plain.Ask(world.External(1), 8099));
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        Assert.NotNull(await Asker.Ask(null, world.External(22), 80, limit));
        await world.Fabric.RemoveRouter(router.Id, PacketWorld.Stop);
        await world.Fabric.RemoveRouter(router.Id, PacketWorld.Stop);
        Assert.Null(await Asker.Ask(null, world.External(22), 80, limit));
    }

    [Fact]
    public async Task A_router_joins_its_networks_and_private_addresses_are_closed_from_outside()
    {
        var (left, right) = (PacketWorld.Network(), PacketWorld.Network("10.0.1.0/24"));
        await world.Fabric.EnsureNetwork(left, PacketWorld.Stop);
        await world.Fabric.EnsureNetwork(right, PacketWorld.Stop);
        var (one, two) = (await world.Plug(left, "10.0.0.5", [open]), await world.Plug(right, "10.0.1.5", [open]));
        var router = Router(left, 10);
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        using var guest = two.Listen(80);
        Assert.Null(await one.Ask("10.0.1.5", 80));
        await world.Fabric.EnsureRouter(router with { Interfaces = [.. router.Interfaces, Leg(right, "10.0.1.1/24")] }, PacketWorld.Stop);
        Assert.Equal("10.0.0.5", await one.Ask("10.0.1.5", 80));
        var outsider = await world.Plug(external, world.External(50), [open]);
        await outsider.Ip("route", "add", "10.0.1.0/24", "via", world.External(10));
        Assert.Null(await outsider.Ask("10.0.1.5", 80));
    }

    [Fact]
    public async Task Ports_of_a_floating_ip_lead_to_ports_of_guests_and_to_nothing_else()
    {
        var network = PacketWorld.Network();
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        var (one, two) = (await world.Plug(network, "10.0.0.5", [open]), await world.Plug(network, "10.0.0.6", [open]));
        var ip = world.External(30);
        ForwardingSpec[] forwardings =
        [
            new("a", ip, "tcp", 2222, 2222, "10.0.0.5", 22, 22), new("b", ip, "tcp", 8000, 8009, "10.0.0.6", 8000, 8009),
            new("c", ip, "tcp", 9000, 9009, "10.0.0.6", 7000, 7009), new("d", ip, "tcp", 9100, 9109, "10.0.0.5", 80, 80),
        ];
        var router = Router(network, 10) with { Forwardings = forwardings };
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        using var ssh = one.Listen(22);
        using var web = one.Listen(80);
        using var same = two.Listen(8004);
        using var shifted = two.Listen(7009);
        foreach (var port in (int[])[2222, 8004, 9009, 9105]) Assert.Equal(world.External(1), await Asker.Ask(null, ip, port, limit));
        foreach (var port in (int[])[22, 8003, 9008, 80]) Assert.Null(await Asker.Ask(null, ip, port, limit));
        Assert.Equal(world.External(10), await two.Ask(ip, 2222));   // a neighbour goes round by the router
        await world.Fabric.EnsureRouter(router with { Forwardings = [forwardings[1]] }, PacketWorld.Stop);
        Assert.Null(await Asker.Ask(null, ip, 2222, limit));
        Assert.NotNull(await Asker.Ask(null, ip, 8004, limit));
    }

    private RouterSpec Router(NetworkSpec network, int host) => new(Guid.NewGuid().ToString(), true,
        new RouterGatewaySpec(Guid.NewGuid().ToString(), external.Id, "fa:16:3e:aa:aa:01", [world.External(host) + "/24"],
            world.External(1), true),
        [Leg(network, network.Subnets[0].Gateway + "/24")], [], []);

    private static RouterInterfaceSpec Leg(NetworkSpec network, string address) =>
        new(Guid.NewGuid().ToString(), network.Id, $"fa:16:3e:bb:{Random.Shared.Next(16, 99)}:{Random.Shared.Next(16, 99)}", [address]);

    private Listener HostListener(int port)
    {
        var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream,
            System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Parse(world.External(1)), port));
        socket.Listen(8);
        return new Listener(socket);
    }
}
