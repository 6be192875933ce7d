using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>Bandwidth limits of ports, measured.</summary>
public sealed class RatePackets : IAsyncLifetime
{
    private const int Bytes = 400_000;
    private readonly PacketWorld world = new();
    private readonly NetworkSpec network = PacketWorld.Network();
    private readonly GroupSpec open = PacketWorld.Group(PacketWorld.Ingress(), PacketWorld.Egress());

    public async ValueTask InitializeAsync()
    {
        await world.InitializeAsync();
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        await world.Fabric.EnsureGroup(open, PacketWorld.Stop);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_limit_slows_its_direction_alone_and_ends_when_it_is_taken_away(bool egress)
    {
        var (one, two) = (await world.Plug(network, "10.0.0.5", [open]), await world.Plug(network, "10.0.0.6", [open]));
        var rate = new RateSpec(1000, 800);
        await world.Fabric.EnsurePort(one.Port with { Rates = new PortRatesSpec(egress ? rate : null, egress ? null : rate) }, [open], PacketWorld.Stop);
        var (sent, received) = (await Seconds(one, two), await Seconds(two, one));
        var (slow, fast) = egress ? (sent, received) : (received, sent);
        // 100,000 bytes at once, the other 300,000 at 125,000 a second.
        Assert.InRange(slow, 1.8, 10);
        Assert.InRange(fast, 0, 1.5);
        await world.Fabric.EnsurePort(one.Port, [open], PacketWorld.Stop);
        Assert.InRange(egress ? await Seconds(one, two) : await Seconds(two, one), 0, 1.5);
    }

    private static async Task<double> Seconds(Guest from, Guest to)
    {
        using var listener = Netns.Within(to.Netns, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, 0));
            socket.Listen(1);
            return socket;
        });
        using var sender = Netns.Within(from.Netns, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        using var expiry = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await sender.ConnectAsync(IPAddress.Parse(to.Address), ((IPEndPoint)listener.LocalEndPoint!).Port, expiry.Token);
        using var receiver = await listener.AcceptAsync(expiry.Token);
        var watch = Stopwatch.StartNew();
        var sending = sender.SendAsync(new byte[Bytes], expiry.Token).AsTask();
        var buffer = new byte[65536];
        for (var got = 0; got < Bytes;) got += await receiver.ReceiveAsync(buffer, expiry.Token);
        await sending;
        return watch.Elapsed.TotalSeconds;
    }
}
