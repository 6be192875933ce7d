using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>Conntrack helpers and meters of routers, seen with real packets.</summary>
public sealed class RouterExtrasPackets : IAsyncLifetime
{
    private const int Tftp = 69;
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(1.5);
    private readonly PacketWorld world = new();
    private readonly GroupSpec open = PacketWorld.Group(PacketWorld.Ingress(), PacketWorld.Egress());
    private NetworkSpec network = null!;
    private Guest guest = null!;
    private RouterSpec router = null!;

    public async ValueTask InitializeAsync()
    {
        await world.InitializeAsync();
        var external = world.ExternalNetwork();
        network = PacketWorld.Network();
        await world.Fabric.EnsureNetwork(external, PacketWorld.Stop);
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        await world.Fabric.EnsureGroup(open, PacketWorld.Stop);
        guest = await world.Plug(network, "10.0.0.5", [open]);
        router = new RouterSpec(
            Guid.NewGuid().ToString(), true,
            new RouterGatewaySpec(Guid.NewGuid().ToString(), external.Id, PacketWorld.NewMac(), [world.External(10) + "/24"], world.External(1), true),
            [new RouterInterfaceSpec(Guid.NewGuid().ToString(), network.Id, PacketWorld.NewMac(), ["10.0.0.1/24"])], [], []);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task A_tftp_answer_from_another_port_comes_through_nat_with_the_helper_alone()
    {
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        Assert.Null(await Fetch());
        await world.Fabric.EnsureRouter(router with { Helpers = [new("tftp", "udp", Tftp)] }, PacketWorld.Stop);
        Assert.Equal("data", await Fetch());
        await world.Restart();
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        Assert.Null(await Fetch());
    }

    [Fact]
    public async Task Every_helper_that_the_api_takes_is_one_that_the_kernel_takes()
    {
        string[] names = ["amanda", "ftp", "irc", "netbios-ns", "pptp", "sane", "sip", "snmp", "tftp"];
        var all = names.SelectMany(name => HelperSpec.Protocols(name).Select((protocol, i) => new HelperSpec(name, protocol, 2000 + i))).ToList();
        await world.Fabric.EnsureRouter(router with { Helpers = all }, PacketWorld.Stop);
        var (four, six) = (await Nft("list", "table", "ip", "sov_help"), await Nft("list", "table", "ip6", "sov_help"));
        Assert.All(all, helper => Assert.Contains($"type \"{helper.Name}\" protocol {helper.Protocol}", four, StringComparison.Ordinal));
        Assert.Contains("tcp dport 2000 ct helper set \"ftp_tcp\"", four, StringComparison.Ordinal);
        Assert.Contains("type \"ftp\" protocol tcp", six, StringComparison.Ordinal);
        Assert.DoesNotContain("pptp", six, StringComparison.Ordinal);
        await Assert.ThrowsAsync<Machine.NodeException>(() => world.Fabric.EnsureRouter(
            router with { Helpers = [new("tftp; drop", "udp", 1)] }, PacketWorld.Stop));
    }

    [Fact]
    public async Task A_meter_counts_what_its_rules_name_and_keeps_its_count_through_changes()
    {
        var (sent, none, gone) = (Label(false, "10.0.0.0/24", null), Label(false, "10.9.0.0/24", null), Label(false, "0.0.0.0/0", null));
        var received = new MeterSpec(Guid.NewGuid().ToString(), [new(true, false, null, "10.0.0.5/32"), new(true, false, world.External(1), null)]);
        var without = sent with { Id = Guid.NewGuid().ToString(), Rules = [.. sent.Rules, new(false, true, null, world.External(1))] };
        var metered = router with { Meters = [sent, none, gone, received, without] };
        await world.Fabric.EnsureRouter(metered, PacketWorld.Stop);
        Assert.True(await guest.Ping(world.External(1)));
        Assert.Equal((1, 84), await Count(sent));
        Assert.Equal((1, 84), await Count(gone));
        Assert.Equal((1, 84), await Count(received));   // both rules match it, and it is counted once
        Assert.Equal((0, 0), await Count(none));
        Assert.Equal((0, 0), await Count(without));
        await world.Restart();
        await world.Fabric.EnsureRouter(metered with { Meters = [sent, without with { Rules = sent.Rules }], Gateway = null }, PacketWorld.Stop);
        await world.Fabric.EnsureRouter(metered with { Meters = [sent, without with { Rules = sent.Rules }] }, PacketWorld.Stop);
        Assert.True(await guest.Ping(world.External(1)));
        Assert.Equal((2, 168), await Count(sent));
        Assert.Equal((1, 84), await Count(without));
        Assert.DoesNotContain(FabricNames.Group(gone.Id), await Nft("list", "table", "inet", "sov_meter"), StringComparison.Ordinal);
        await world.Fabric.EnsureRouter(router, PacketWorld.Stop);
        Assert.DoesNotContain("sov_meter", await Nft("list", "tables"), StringComparison.Ordinal);
    }

    private static MeterSpec Label(bool ingress, string? source, string? destination) =>
        new(Guid.NewGuid().ToString(), [new MeterRuleSpec(ingress, false, source, destination)]);

    private async Task<(long Packets, long Bytes)> Count(MeterSpec meter)
    {
        var listed = await Nft("-j", "list", "counters", "table", "inet", "sov_meter");
        var counter = JsonDocument.Parse(listed).RootElement.GetProperty("nftables").EnumerateArray().Where(entry => entry.TryGetProperty("counter", out _))
            .Select(entry => entry.GetProperty("counter")).Single(c => c.GetProperty("name").GetString() == "label_" + FabricNames.Group(meter.Id));
        return (counter.GetProperty("packets").GetInt64(), counter.GetProperty("bytes").GetInt64());
    }

    private Task<string> Nft(params string[] arguments) => world.Runner.Must(
        "nsenter", ["--net=" + Machine.Netns.PathOf(world.Names.Router(router.Id)), "nft", .. arguments], PacketWorld.Stop);

    /// <summary>Asks a TFTP server outside, which answers from a port of its own; what came, or null.</summary>
    private async Task<string?> Fetch()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Parse(world.External(1)), Tftp));
        using var client = Machine.Netns.Within(guest.Netns, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(guest.Address), 0));
            return socket;
        });
        await client.SendToAsync(Encoding.ASCII.GetBytes("\0\u0001file\0octet\0"), new IPEndPoint(IPAddress.Parse(world.External(1)), Tftp));
        var buffer = new byte[64];
        using var expiry = new CancellationTokenSource(limit);
        var asked = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), expiry.Token);
        using var transfer = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        transfer.Bind(new IPEndPoint(IPAddress.Parse(world.External(1)), 0));
        await transfer.SendToAsync("data"u8.ToArray(), asked.RemoteEndPoint, expiry.Token);
        try { return Encoding.ASCII.GetString(buffer, 0, await client.ReceiveAsync(buffer, expiry.Token)); }
        catch (OperationCanceledException) { return null; }
    }
}
