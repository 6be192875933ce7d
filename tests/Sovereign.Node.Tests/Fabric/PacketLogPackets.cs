using System.Net;
using System.Net.Sockets;
using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>Logged packets of ports, seen with real ones.</summary>
public sealed class PacketLogPackets : IAsyncLifetime
{
    private readonly PacketWorld world = new();
    private readonly NetworkSpec network = PacketWorld.Network();
    private readonly GroupSpec web = PacketWorld.Group(PacketWorld.Ingress("tcp", 80, 80));
    private readonly GroupSpec other = PacketWorld.Group(PacketWorld.Ingress("tcp", 90, 90), PacketWorld.Egress());

    public async ValueTask InitializeAsync()
    {
        await world.InitializeAsync();
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        await world.Fabric.EnsureGroup(web, PacketWorld.Stop);
        await world.Fabric.EnsureGroup(other, PacketWorld.Stop);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task What_a_log_asks_for_is_a_line_and_nothing_else_is()
    {
        var (client, server) = (await world.Plug(network, "10.0.0.5", [other]), await world.Plug(network, "10.0.0.6", [web, other]));
        using var eighty = server.Listen(80);
        using var ninety = server.Listen(90);
        Assert.NotNull(await client.Ask("10.0.0.6", 80));
        Assert.Empty(await Lines(0));
        await Log(server, new PortLogSpec("log-accepts", true, false, web.Id), new PortLogSpec("log-drops", false, true, null));
        Assert.NotNull(await client.Ask("10.0.0.6", 80));
        // Other ends' own noise (neighbours, multicast) may be dropped, and logged, at any time.
        var accepted = Assert.Single(await Lines(1, " dport=80"));
        Assert.Matches("^20[0-9-]+T[0-9:.]+Z action=ACCEPT direction=ingress ", accepted);
        Assert.Contains($" port={server.Port.Id} server=d network={network.Id} logs=log-accepts group={web.Id} ", accepted, StringComparison.Ordinal);
        Assert.Matches("src=10.0.0.5 dst=10.0.0.6 length=60 proto=tcp sport=[0-9]+ dport=80$", accepted);
        Assert.NotNull(await client.Ask("10.0.0.6", 90));   // a rule of the other group, which is not logged
        Assert.Null(await client.Ask("10.0.0.6", 81));
        var dropped = (await Lines(1, " dport=81"))[0];
        Assert.Contains(" action=DROP direction=ingress ", dropped, StringComparison.Ordinal);
        Assert.Contains(" logs=log-drops src=10.0.0.5 dst=10.0.0.6 length=60 proto=tcp ", dropped, StringComparison.Ordinal);
        Assert.Empty(await Lines(0, " dport=90"));
        await Log(server);
        var before = (await Lines(0)).Count;
        Assert.NotNull(await client.Ask("10.0.0.6", 80));
        Assert.Null(await client.Ask("10.0.0.6", 81));
        Assert.Equal(before, (await Lines(0)).Count);
    }

    [Fact]
    public async Task Logging_goes_on_after_the_agent_died_and_ends_with_the_port()
    {
        var (client, server) = (await world.Plug(network, "10.0.0.5", [other]), await world.Plug(network, "10.0.0.6", [web]));
        using var listener = server.Listen(80);
        await Log(client, new PortLogSpec("log", true, true, null));
        await world.Restart();
        await world.Fabric.EnsureGroup(web, PacketWorld.Stop);
        await world.Fabric.EnsureGroup(other, PacketWorld.Stop);
        await Log(client, new PortLogSpec("log", true, true, null));
        Assert.True(await client.Ask("10.0.0.6", 80) is not null);
        Assert.Contains("action=ACCEPT direction=egress ", Assert.Single(await Lines(1, " dport=80")), StringComparison.Ordinal);
        var number = System.Text.RegularExpressions.Regex.Match(await Nft("list", "set", "inet", "sov", "logged_egress"), "elements = \\{ (\\w+)").Groups[1].Value;
        Assert.NotEmpty(number);
        await world.Fabric.RemovePort(client.Port.Id, PacketWorld.Stop);
        Assert.DoesNotContain("elements", await Nft("list", "set", "inet", "sov", "logged_egress"), StringComparison.Ordinal);
        await world.Fabric.RemovePort(server.Port.Id, PacketWorld.Stop);
        await world.Fabric.RemoveGroup(web.Id, PacketWorld.Stop);
        await world.Fabric.RemoveGroup(other.Id, PacketWorld.Stop);
        Assert.DoesNotContain("_" + FabricNames.Group(web.Id), await Nft("list", "table", "inet", "sov"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_is_cut_off_where_it_is_counted()
    {
        var (client, server) = (await world.Plug(network, "10.0.0.5", [other]), await world.Plug(network, "10.0.0.6", [web]));
        await Log(server, new PortLogSpec("log", true, true, null));
        using var socket = Machine.Netns.Within(client.Netns, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        for (var i = 0; i < 3000; i++) socket.SendTo([1], new IPEndPoint(IPAddress.Parse("10.0.0.6"), 9));
        Assert.InRange((await Lines(100, " dport=9")).Count, 100, 1000);
    }

    private async Task Log(Guest guest, params PortLogSpec[] logs) =>
        await world.Fabric.EnsurePort(guest.Port with { Logs = logs.Length > 0 ? logs : null }, [web, other], PacketWorld.Stop);

    /// <summary>The lines of the log with this end, once there are so many; with 0, after a moment.</summary>
    private async Task<List<string>> Lines(int atLeast, string end = "")
    {
        var lines = new List<string>();
        for (var tries = 0; tries < 50; tries++)
        {
            await Task.Delay(100, PacketWorld.Stop);
            var path = Path.Combine(world.Options.StateDir, "packets.log");
            if (File.Exists(path)) lines = [.. (await File.ReadAllTextAsync(path, PacketWorld.Stop)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => line.EndsWith(end, StringComparison.Ordinal))];
            if (atLeast > 0 ? lines.Count >= atLeast : tries == 5) break;
        }
        return lines;
    }

    private Task<string> Nft(params string[] arguments) => world.Runner.Must(
        "nsenter", ["--net=" + Machine.Netns.PathOf(world.Names.Switch), "nft", .. arguments], PacketWorld.Stop);
}
