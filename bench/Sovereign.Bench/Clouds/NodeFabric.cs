using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Sovereign.Node.Machine;

namespace Sovereign.Bench.Clouds;

/// <summary>The real fabric of one node in namespaces of its own, with so many ports in one security group, and two guests that are namespaces. Needs root.</summary>
internal sealed class NodeFabric : IAsyncDisposable
{
    public const int PassingPort = 5000;
    public const int DroppedPort = 6000;
    private const int ChangedPort = 7000;
    private const int PortsAtOnce = 16;
    private readonly ProcessRunner runner = new(TimeProvider.System);
    private readonly FabricNames names;
    private readonly LinuxFabric fabric;
    private readonly NetworkSpec network;
    private readonly GroupSpec group;
    private readonly List<string> guests = [];

    private NodeFabric(string directory, int ports)
    {
        var cloud = Guid.NewGuid().ToString();
        names = new FabricNames(cloud, Guid.NewGuid().ToString());
        var options = new LinuxFabricOptions(cloud, names.Prefix.Split('-')[2], directory, null, []) { Gateway = false };
        names = new FabricNames(options.Cloud, options.Node);
        fabric = new LinuxFabric(options, runner, new NoDoors());
        network = new NetworkSpec(Guid.NewGuid().ToString(), "p", 1, 1450, false, "", [new SubnetSpec(Guid.NewGuid().ToString(), "10.0.0.0/16", null, null, [], [])]);
        var id = Guid.NewGuid().ToString();
        RuleSpec[] rules =
        [
            Rule(ingress: false, null, null, null), Rule(true, "udp", PassingPort, null), Rule(true, null, null, id),
            .. Enumerable.Range(1, 20).Select(number => Rule(true, "tcp", number * 100, null)),
        ];
        // The members are elsewhere: a rule about them must neither pass nor drop what the guests send.
        group = new GroupSpec(id, true, rules, [.. Enumerable.Range(0, ports).Select(number => $"10.1.{number / 250}.{number % 250 + 1}")]);
    }

    public string Sender => guests[0];

    public string Receiver => guests[1];

    public static async Task<NodeFabric> Start(string directory, int ports)
    {
        var made = new NodeFabric(directory, ports);
        try
        {
            await made.Fill(ports);
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    public static string AddressOf(int guest) => $"10.0.255.{guest + 1}";

    /// <summary>One rule more, or one less.</summary>
    public Task Change(bool more) =>
        fabric.EnsureGroup(more ? group with { Rules = [.. group.Rules, Rule(true, "udp", ChangedPort, null)] } : group, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        foreach (var guest in guests) await runner.Run("ip", ["netns", "del", guest], CancellationToken.None);
        await fabric.Destroy(CancellationToken.None);
    }

    private static RuleSpec Rule(bool ingress, string? protocol, int? port, string? remoteGroup) =>
        new(Guid.NewGuid().ToString(), ingress, false, protocol, port, port, null, remoteGroup);

    private async Task Fill(int ports)
    {
        await fabric.Open(CancellationToken.None);
        await fabric.EnsureNetwork(network, CancellationToken.None);
        await fabric.EnsureGroup(group, CancellationToken.None);
        await Plug(0);
        await Plug(1);
        for (var at = 0; at < ports - guests.Count; at += PortsAtOnce)
        {
            await Task.WhenAll(Enumerable.Range(at, Math.Min(PortsAtOnce, ports - guests.Count - at)).Select(number =>
                fabric.EnsurePort(Port(Guid.NewGuid().ToString(), number, $"10.0.{number / 250}.{(number % 250) + 1}"), [group], CancellationToken.None)));
        }
    }

    private PortSpec Port(string id, int number, string address) => new(
        id, network.Id, "d", $"02:00:00:00:{number >> 8:x2}:{number & 255:x2}", [new AddressSpec(network.Subnets[0].Id, address)], true, true,
        [group.Id], [], $"guest-{number}");

    /// <summary>A guest: a namespace whose eth0 sits where the port's tap would be.</summary>
    private async Task Plug(int guest)
    {
        var port = Port(Guid.NewGuid().ToString(), 60_000 + guest, AddressOf(guest));
        var netns = $"{names.Prefix}guest-{guest}";
        guests.Add(netns);
        await Ip("netns", "add", netns);
        await Ip("-n", names.Switch, "link", "add", FabricNames.Tap(port.Id), "type", "veth", "peer", "name", "eth0", "address", port.Mac, "mtu", "1450", "netns", netns);
        await Ip("-n", netns, "link", "set", "eth0", "up");
        await Ip("-n", netns, "addr", "add", AddressOf(guest) + "/16", "dev", "eth0");
        await fabric.Open(CancellationToken.None);
        await fabric.EnsurePort(port, [group], CancellationToken.None);
    }

    private Task<string> Ip(params string[] arguments) => runner.Must("ip", arguments, CancellationToken.None);

    private sealed class NoDoors : IMetadataDoors
    {
        public void Open(string netns, IReadOnlyList<string> networkIds)
        {
            // Nobody here asks for metadata.
        }

        public void OpenLink(string netns, string link, string networkId)
        {
            // Nor here.
        }

        public void CloseLink(string netns, string link)
        {
            // Nothing was opened.
        }

        public void Close(string netns)
        {
            // Nothing was opened.
        }
    }
}
