using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Sovereign.Node.Machine;
using Sovereign.Node.Tests.Agent;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>IPv6 as guests meet it: announcements, DHCPv6, routing without translation, metadata on the link.</summary>
public sealed class Ipv6Packets : IAsyncLifetime
{
    private const string Prefix = "fd00:1:2:3";
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);
    private readonly PacketWorld world = new();
    private readonly GroupSpec open = PacketWorld.Group(
        PacketWorld.Ingress(), PacketWorld.Egress(), PacketWorld.Ingress() with { Ipv6 = true }, PacketWorld.Egress() with { Ipv6 = true });

    private readonly GroupSpec closed = PacketWorld.Group();
    private readonly NetworkSpec dual = PacketWorld.Dual(Prefix);

    public async ValueTask InitializeAsync()
    {
        await world.InitializeAsync();
        await world.Fabric.EnsureGroup(open, PacketWorld.Stop);
        await world.Fabric.EnsureGroup(closed, PacketWorld.Stop);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task A_host_makes_the_address_of_its_port_and_learns_router_mtu_and_name_server()
    {
        await world.Fabric.EnsureNetwork(dual, PacketWorld.Stop);
        var guest = await world.Plug6(dual, Prefix, "10.0.0.5", [open]);
        await world.Fabric.EnsureRouter(Router(Leg(dual, $"{Prefix}::1/64", "slaac")), PacketWorld.Stop);
        await Within(async () => (await guest.Show("-6", "addr")).Contains(guest.Port.Addresses[1].Address, StringComparison.Ordinal));
        await Within(async () => (await guest.Show("-6", "route")).Contains("default via fe80::", StringComparison.Ordinal));
        await Within(async () => await guest.Read("/proc/sys/net/ipv6/conf/eth0/mtu") == "1450");
        await Within(() => guest.Ping($"{Prefix}::1"));
        var flags = await Advertised(guest);
        Assert.Equal(0, flags.Managed);
        Assert.Contains("2001:db8::53", flags.Servers);
    }

    [Fact]
    public async Task Two_prefixes_of_one_leg_give_two_addresses_and_go_with_the_leg()
    {
        var network = dual with { Subnets = [.. dual.Subnets, dual.Subnets[1] with { Id = Guid.NewGuid().ToString(), Cidr = "fd00:9::/64", DhcpAddress = "fd00:9::2" }] };
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        var guest = await world.Plug6(network, Prefix, "10.0.0.5", [open]);
        var leg = Leg(network, $"{Prefix}::1/64", "slaac");
        var router = Router(leg);
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        await Within(async () => (await guest.Show("-6", "addr")).Contains(Prefix, StringComparison.Ordinal));
        leg = leg with { Addresses = [.. leg.Addresses, "fd00:9::1/64"], Advertised = [.. leg.Advertised!, new("fd00:9::/64", "slaac", [])] };
        await world.Fabric.EnsureRouter(router with { Interfaces = [leg] }, PacketWorld.Stop);
        await Within(async () => (await guest.Show("-6", "addr")).Contains("fd00:9::", StringComparison.Ordinal));
        await world.Fabric.RemoveRouter(router.Id, PacketWorld.Stop);
        await world.Fabric.RemoveRouter(router.Id, PacketWorld.Stop);
        Assert.DoesNotContain(Netns.List(), n => n.Contains(router.Id, StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(world.Options.StateDir, "ra")));
    }

    [Theory]
    [InlineData("dhcpv6-stateful", 0xc0)]
    [InlineData("dhcpv6-stateless", 0x40)]
    public async Task A_host_is_told_to_ask_the_networks_own_server_and_gets_its_answer(string mode, int flags)
    {
        var network = PacketWorld.Dual(Prefix, withoutDhcp: false);
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        var guest = await world.Plug6(network, Prefix, "10.0.0.5", [closed], address: $"{Prefix}::77");
        await world.Fabric.EnsureRouter(Router(Leg(network, $"{Prefix}::1/64", mode)), PacketWorld.Stop);
        Assert.Equal(flags, (await Advertised(guest)).Managed);
        await Within(async () => (await guest.Show("-6", "addr", "show", "scope", "link")).Contains("fe80::", StringComparison.Ordinal));
        Assert.Equal(mode == "dhcpv6-stateless", (await guest.Show("-6", "addr")).Contains("scope global", StringComparison.Ordinal));
        if (mode == "dhcpv6-stateful")
        {
            var advertise = await Dhcp6.Ask(guest, Dhcp6.Solicit);
            Assert.NotNull(advertise);
            Assert.Equal($"{Prefix}::77", Dhcp6.Address(advertise));
        }
        var own = new DhcpOptionSpec("bootfile-url", "tftp://[2001:db8::1]/x") { Ipv6 = true };
        await world.Fabric.EnsurePort(guest.Port with { DhcpOptions = [own] }, [closed], PacketWorld.Stop);
        var reply = await Dhcp6.Ask(guest, Dhcp6.InformationRequest);
        Assert.NotNull(reply);
        Assert.Contains("tftp://[2001:db8::1]/x", System.Text.Encoding.ASCII.GetString(reply), StringComparison.Ordinal);
        Assert.Equal("2001:db8::53", Dhcp6.NameServer(reply));
    }

    [Fact]
    public async Task Legs_and_the_outside_are_joined_without_translation()
    {
        var other = PacketWorld.Dual("fd00:5");
        var external = world.ExternalNetwork();
        external = external with { Subnets = [.. external.Subnets, new SubnetSpec(Guid.NewGuid().ToString(), "fd00:e::/64", "fd00:e::1", null, [], [])] };
        foreach (var network in (NetworkSpec[])[dual, other, external]) await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        var (one, two) = (await world.Plug6(dual, Prefix, "10.0.0.5", [open]), await world.Plug6(other, "fd00:5", "10.0.0.5", [open]));
        var gateway = new RouterGatewaySpec(Guid.NewGuid().ToString(), external.Id, "fa:16:3e:aa:aa:01", [world.External(10) + "/24", "fd00:e::10/64"],
            world.External(1), true)
        { NextHop6 = "fd00:e::1" };
        var router = Router(Leg(dual, $"{Prefix}::1/64", "slaac"), Leg(other, "fd00:5::1/64", "slaac")) with
        {
            Gateway = gateway,
            Routes = [new RouteSpec("fd00:77::/64", "fd00:5::99")],
        };
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        var (own, peer) = (one.Port.Addresses[1].Address, two.Port.Addresses[1].Address);
        using var listener = two.Listen6(80);
        await Within(async () => await one.Ask(peer, 80) == own);
        var outsider = await world.Plug(external, world.External(50), [open], portSecurity: false);
        await outsider.Ip("addr", "add", "fd00:e::50/64", "dev", "eth0", "nodad");
        await outsider.Ip("route", "add", peer + "/128", "via", "fd00:e::10");
        Assert.Equal("fd00:e::50", await outsider.Ask(peer, 80));
        using var host = HostListener();
        Assert.Null(await one.Ask("fd00:e::1", 8098));   // the machine has no way back: nobody told it about the tenant's prefix
        await world.Runner.Must("ip", ["-6", "route", "replace", own + "/128", "via", "fd00:e::10"], PacketWorld.Stop);
        Assert.Equal(own, await one.Ask("fd00:e::1", 8098));
        Assert.Contains("fd00:77::/64 via fd00:5::99", await world.Runner.Must("ip", ["-n", world.Names.Router(router.Id), "-6", "route"], PacketWorld.Stop),
            StringComparison.Ordinal);
        await world.Fabric.EnsureRouter(router with { AdminUp = false }, PacketWorld.Stop);
        Assert.Null(await one.Ask(peer, 80));
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        await Within(async () => await one.Ask(peer, 80) == own);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_metadata_service_is_on_the_link(bool dhcp)
    {
        var network = dhcp ? dual : dual with { Subnets = [dual.Subnets[1] with { DhcpAddress = null }] };
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        var guest = await world.Plug6(network, Prefix, "10.0.0.5", [closed]);
        await world.Fabric.EnsureRouter(Router(Leg(network, $"{Prefix}::1/64", "slaac")), PacketWorld.Stop);
        var domain = RealCloud.Domain("d", "raw", 1, []);
        world.Guests.Update(new ManifestItem(ItemKinds.Port, guest.Port.Id, 1) { Port = guest.Port with { DomainId = domain.Id } });
        world.Guests.Update(new ManifestItem(ItemKinds.Domain, domain.Id, 1) { Domain = domain });
        await Within(async () => await Metadata(guest, "/latest/meta-data/hostname") == "guest");
        Assert.Equal(dhcp ? "10.0.0.5" : "", await Metadata(guest, "/latest/meta-data/local-ipv4"));
    }

    private static RouterSpec Router(params RouterInterfaceSpec[] legs) => new(Guid.NewGuid().ToString(), true, null, legs, [], []);

    private static RouterInterfaceSpec Leg(NetworkSpec network, string address, string mode) =>
        new(Guid.NewGuid().ToString(), network.Id, $"fa:16:3e:bb:{Random.Shared.Next(16, 99)}:{Random.Shared.Next(16, 99)}", [address])
        {
            Advertised = [new AdvertisedPrefixSpec(address.Replace("::1/", "::/", StringComparison.Ordinal), mode, ["2001:db8::53"])],
        };

    private static async Task Within(Func<Task<bool>> condition)
    {
        for (var end = Environment.TickCount64 + (long)patience.TotalMilliseconds; !await condition(); await Task.Delay(100, PacketWorld.Stop))
            Assert.True(Environment.TickCount64 < end, "not within the time limit");
    }

    private static async Task<string?> Metadata(Guest guest, string path)
    {
        using var socket = Netns.Within(guest.Netns, () => new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp));
        var index = Netns.Within(guest.Netns, () => Native.LinkIndex("eth0"));
        using var expiry = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            var service = new IPAddress(IPAddress.Parse(Ipv6Rules.MetadataAddress).GetAddressBytes(), index);
            await socket.ConnectAsync(new IPEndPoint(service, 80), expiry.Token);
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.0\r\n\r\n"), expiry.Token);
            using var reader = new StreamReader(new NetworkStream(socket));
            var answer = await reader.ReadToEndAsync(expiry.Token);
            return answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException) { return null; }
    }

    /// <summary>Asks for an advertisement and reads its flags and name servers.</summary>
    private static async Task<(int Managed, string Servers)> Advertised(Guest guest)
    {
        using var socket = Netns.Within(guest.Netns, () =>
        {
            var s = new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6);
            s.SetRawSocketOption(1, 25, System.Text.Encoding.ASCII.GetBytes("eth0\0"));   // SO_BINDTODEVICE
            s.SetRawSocketOption(41, 18, BitConverter.GetBytes(255));                      // IPV6_MULTICAST_HOPS
            return s;
        });
        var index = Netns.Within(guest.Netns, () => Native.LinkIndex("eth0"));
        var routers = new IPEndPoint(new IPAddress(IPAddress.Parse("ff02::2").GetAddressBytes(), index), 0);
        var buffer = new byte[1500];
        for (var end = Environment.TickCount64 + (long)patience.TotalMilliseconds; Environment.TickCount64 < end;)
        {
            using var expiry = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            try
            {
                await socket.SendToAsync(new byte[] { 133, 0, 0, 0, 0, 0, 0, 0 }, routers, PacketWorld.Stop);
                while (true)
                {
                    var got = await socket.ReceiveAsync(buffer, expiry.Token);
                    if (buffer[0] != 134) continue;
                    var servers = new List<string>();
                    for (var at = 16; at < got; at += buffer[at + 1] * 8)
                        if (buffer[at] == 25) servers.Add(new IPAddress(buffer.AsSpan(at + 8, 16)).ToString());
                    return (buffer[5] & 0xc0, string.Join(',', servers));
                }
            }
            catch (OperationCanceledException) { /* again */ }
            catch (SocketException) { await Task.Delay(200, PacketWorld.Stop); /* its own address is being probed */ }
        }
        return (-1, "");
    }

    private static Listener HostListener()
    {
        var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("fd00:e::1"), 8098));
        socket.Listen(8);
        return new Listener(socket);
    }
}

/// <summary>As little of a DHCPv6 client as shows what the server says.</summary>
internal static class Dhcp6
{
    public const byte Solicit = 1;
    public const byte InformationRequest = 11;
    private const int Header = 4;

    public static async Task<byte[]?> Ask(Guest guest, byte kind)
    {
        var index = Netns.Within(guest.Netns, () => Native.LinkIndex("eth0"));
        var link = IPAddress.Parse(Ipv6Rules.LinkLocal(guest.Port.Mac)).GetAddressBytes();
        using var socket = Netns.Within(guest.Netns, () =>
        {
            var s = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            s.Bind(new IPEndPoint(new IPAddress(link, index), 546));
            return s;
        });
        var mac = PhysicalAddress.Parse(guest.Port.Mac).GetAddressBytes();
        byte[] packet = [kind, 1, 2, 3, 0, 1, 0, 10, 0, 3, 0, 1, .. mac, 0, 6, 0, 6, 0, 23, 0, 24, 0, 59,
            .. kind == Solicit ? (byte[])[0, 3, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0] : []];
        var servers = new IPEndPoint(new IPAddress(IPAddress.Parse("ff02::1:2").GetAddressBytes(), index), 547);
        var buffer = new byte[1500];
        for (var attempt = 0; attempt < 5; attempt++)
        {
            await socket.SendToAsync(packet, servers, PacketWorld.Stop);
            using var expiry = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            try { return buffer[..await socket.ReceiveAsync(buffer, expiry.Token)]; } catch (OperationCanceledException) { /* again */ }
        }
        return null;
    }

    public static string? Address(byte[] packet) => Find(packet, Header, packet.Length, 3) is var (start, end) && Find(packet, start + 12, end, 5) is var (at, _)
        ? new IPAddress(packet.AsSpan(at, 16)).ToString() : null;

    public static string? NameServer(byte[] packet) => Find(packet, Header, packet.Length, 23) is var (at, _) ? new IPAddress(packet.AsSpan(at, 16)).ToString() : null;

    private static (int Start, int End)? Find(byte[] packet, int from, int to, int option)
    {
        for (var at = from; at + 4 <= to;)
        {
            var (kind, length) = ((packet[at] << 8) | packet[at + 1], (packet[at + 2] << 8) | packet[at + 3]);
            if (kind == option) return (at + 4, at + 4 + length);
            at += 4 + length;
        }
        return null;
    }
}
