using System.Net;
using System.Net.Sockets;
using System.Text;
using Sovereign.Node.Contract;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>Leases and names, asked by real packets.</summary>
public sealed class DhcpPackets : IAsyncLifetime
{
    private readonly PacketWorld world = new();
    private readonly NetworkSpec network = PacketWorld.Network(dhcp: true);
    private readonly GroupSpec closed = PacketWorld.Group();

    public async ValueTask InitializeAsync()
    {
        await world.InitializeAsync();
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        await world.Fabric.EnsureGroup(closed, PacketWorld.Stop);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task A_guest_without_any_open_rule_gets_its_own_lease_with_all_options()
    {
        var guest = await world.Plug(network, "10.0.0.5", [closed], configure: false);
        var offer = await Discover(guest);
        Assert.NotNull(offer);
        Assert.Equal("10.0.0.5", new IPAddress(offer[16..20]).ToString());
        var options = Options(offer);
        Assert.Equal([10, 0, 0, 1], options[3]);
        Assert.Equal([10, 0, 0, 2], options[6]);
        Assert.Equal([5, 170], options[26]);   // MTU 1450
        Assert.Equal([32, 169, 254, 169, 254, 10, 0, 0, 2, 0, 10, 0, 0, 1], options[121]);
        Assert.Equal("cloud.local", Encoding.ASCII.GetString(options[15]));
        Assert.Equal("guest-5", Encoding.ASCII.GetString(options[12]));
    }

    [Fact]
    public async Task A_ports_own_options_reach_it_alone()
    {
        var (own, other) = (await world.Plug(network, "10.0.0.5", [closed], configure: false), await world.Plug(network, "10.0.0.6", [closed], configure: false));
        await world.Fabric.EnsurePort(own.Port with { DhcpOptions = [new("bootfile-name", "pxelinux.0"), new("42", "10.0.0.9")] }, [closed], PacketWorld.Stop);
        var options = Options((await Discover(own))!);
        Assert.Equal("pxelinux.0", Encoding.ASCII.GetString(options[67]).TrimEnd('\0'));
        Assert.Equal([10, 0, 0, 9], options[42]);
        Assert.Equal([10, 0, 0, 1], options[3]);
        Assert.False(Options((await Discover(other))!).ContainsKey(67));
        await world.Fabric.EnsurePort(own.Port, [closed], PacketWorld.Stop);
        Assert.False(Options((await Discover(own))!).ContainsKey(42));
    }

    [Fact]
    public async Task A_port_that_was_removed_gets_no_lease()
    {
        var guest = await world.Plug(network, "10.0.0.5", [closed], configure: false);
        await world.Restart();
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        Assert.NotNull(await Discover(guest));
        var other = await world.Plug(network, "10.0.0.6", [closed], configure: false);
        await world.Fabric.RemovePort(guest.Port.Id, PacketWorld.Stop);
        await world.Fabric.RemovePort(guest.Port.Id, PacketWorld.Stop);
        Assert.NotNull(await Discover(other));
        Assert.DoesNotContain("10.0.0.5", await File.ReadAllTextAsync(Path.Combine(world.Options.StateDir, "dhcp", network.Id, "hosts"),
            PacketWorld.Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guests_find_each_other_by_name()
    {
        var open = PacketWorld.Group(PacketWorld.Egress());
        await world.Fabric.EnsureGroup(open, PacketWorld.Stop);
        var one = await world.Plug(network, "10.0.0.5", [open]);
        await world.Plug(network, "10.0.0.6", [closed]);
        // The resolver reads its files anew a moment after it was told to.
        for (var tries = 0; tries < 50 && await Resolve(one, "guest-6") is null; tries++) await Task.Delay(50, PacketWorld.Stop);
        Assert.Equal("10.0.0.6", await Resolve(one, "guest-6"));
        Assert.Equal("10.0.0.6", await Resolve(one, "guest-6.cloud.local"));
    }

    [Fact]
    public async Task Removing_a_network_leaves_nothing()
    {
        await world.Fabric.RemoveNetwork(network.Id, PacketWorld.Stop);
        await world.Fabric.RemoveNetwork(network.Id, PacketWorld.Stop);
        Assert.DoesNotContain(await world.Fabric.List(PacketWorld.Stop), t => t.Id == network.Id);
        Assert.DoesNotContain(Machine.Netns.List(), n => n.Contains(network.Id, StringComparison.Ordinal));
    }

    private static async Task<byte[]?> Discover(Guest guest)
    {
        using var socket = Machine.Netns.Within(guest.Netns, () =>
        {
            var s = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
            s.SetRawSocketOption(1, 25, Encoding.ASCII.GetBytes("eth0\0"));   // SO_BINDTODEVICE
            s.Bind(new IPEndPoint(IPAddress.Any, 68));
            return s;
        });
        var mac = System.Net.NetworkInformation.PhysicalAddress.Parse(guest.Port.Mac).GetAddressBytes();
        var packet = new byte[300];
        (packet[0], packet[1], packet[2], packet[7], packet[10]) = (1, 1, 6, 42, 0x80);
        mac.CopyTo(packet, 28);
        byte[] options = [99, 130, 83, 99, 53, 1, 1, 55, 8, 3, 6, 12, 15, 26, 121, 67, 42, 255];
        options.CopyTo(packet, 236);
        var buffer = new byte[1500];
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await socket.SendToAsync(packet, new IPEndPoint(IPAddress.Broadcast, 67), PacketWorld.Stop);
            using var expiry = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            try
            {
                var got = await socket.ReceiveAsync(buffer, expiry.Token);
                return buffer[..got];
            }
            catch (OperationCanceledException) { /* again */ }
        }
        return null;
    }

    private static Dictionary<int, byte[]> Options(byte[] packet)
    {
        var options = new Dictionary<int, byte[]>();
        for (var at = 240; at < packet.Length && packet[at] != 255; at += 2 + packet[at + 1]) options[packet[at]] = packet[(at + 2)..(at + 2 + packet[at + 1])];
        return options;
    }

    private static async Task<string?> Resolve(Guest guest, string name)
    {
        using var socket = Machine.Netns.Within(guest.Netns, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram,
            ProtocolType.Udp));
        byte[] query = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. name.Split('.')
            .SelectMany(l => (byte[])[(byte)l.Length, .. Encoding.ASCII.GetBytes(l)]), 0, 0, 1, 0, 1];
        await socket.SendToAsync(query, IPEndPoint.Parse("10.0.0.2:53"), PacketWorld.Stop);
        var buffer = new byte[512];
        using var expiry = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        var got = await socket.ReceiveAsync(buffer, expiry.Token);
        return buffer[7] == 0 ? null : new IPAddress(buffer[(got - 4)..got]).ToString();
    }
}
