using System.Net;
using System.Net.Sockets;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Sovereign.Node.Machine;
using Sovereign.Node.Metadata;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>A real fabric of a cloud of its own, with guests that are namespaces plugged where a tap would be; all is removed
/// afterwards.</summary>
public sealed class PacketWorld : IAsyncLifetime
{
    private readonly List<string> guests = [];
    private readonly string directory = Directory.CreateTempSubdirectory("sov-fabric-").FullName;

    public PacketWorld()
    {
        File.SetUnixFileMode(directory, (UnixFileMode)0x1ED);
        Runner = new ProcessRunner(TimeProvider.System);
        var cloud = Guid.NewGuid().ToString();
        Names = new FabricNames(cloud, "11111111-2222-3333-4444-555555555555");
        Options = new LinuxFabricOptions(cloud, "11111111-2222-3333-4444-555555555555", directory, null, []);
        Metadata = new MetadataServer(Guests, Control, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Fabric = new LinuxFabric(Options, Runner, Metadata);
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ProcessRunner Runner { get; }

    public LinuxFabricOptions Options { get; }

    public FabricNames Names { get; }

    public LinuxFabric Fabric { get; private set; }

    public GuestDirectory Guests { get; } = new();

    public ScriptedControlPlane Control { get; } = new();

    public MetadataServer Metadata { get; }

    public string ExternalCidr { get; private set; } = "";

    /// <summary>An address of the external range.</summary>
    public string External(int host) => ExternalCidr[..ExternalCidr.LastIndexOf('.')] + "." + host;

    public async ValueTask InitializeAsync() => ExternalCidr = await Fabric.Open(Stop);

    public async ValueTask DisposeAsync()
    {
        foreach (var guest in guests) await Runner.Run("ip", ["netns", "del", guest], CancellationToken.None);
        Metadata.Dispose();
        await Fabric.Destroy(CancellationToken.None);
        Fabric.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>The agent died and came back: a new fabric that knows nothing but what is on the machine.</summary>
    public async Task Restart()
    {
        Fabric.Dispose();
        Fabric = new LinuxFabric(Options, Runner, Metadata);
        await Fabric.Open(Stop);
    }

    public static NetworkSpec Network(string cidr = "10.0.0.0/24", bool dhcp = false, bool gateway = true)
    {
        var start = cidr[..cidr.LastIndexOf('.')];
        return new NetworkSpec(Guid.NewGuid().ToString(), "p", 1, 1450, false, "cloud.local.",
            [new SubnetSpec(Guid.NewGuid().ToString(), cidr, gateway ? start + ".1" : null, dhcp ? start + ".2" : null, [], [])]);
    }

    /// <summary>A network with 10.0.0.0/24 and an IPv6 /64, both with a DHCP port's address.</summary>
    /// <param name="withoutDhcp">True: hosts hear of the IPv6 subnet from routers alone.</param>
    public static NetworkSpec Dual(string prefix, bool withoutDhcp = true)
    {
        var network = Network(dhcp: true);
        var six = new SubnetSpec(Guid.NewGuid().ToString(), prefix + "::/64", prefix + "::1", prefix + "::2", ["2001:db8::53"], []) { WithoutDhcp = withoutDhcp };
        return network with { Subnets = [.. network.Subnets, six] };
    }

    /// <summary>A guest of such a network, whose kernel makes its IPv6 addresses by itself.</summary>
    /// <param name="address">Its IPv6 address; null: the one that it makes from its MAC.</param>
    public Task<Guest> Plug6(NetworkSpec network, string prefix, string ipv4, GroupSpec[] groups, string? address = null)
    {
        var mac = NewMac();
        var own = address ?? new IPAddress([.. IPAddress.Parse(prefix + "::").GetAddressBytes()[..8],
            .. IPAddress.Parse(Ipv6Rules.LinkLocal(mac)).GetAddressBytes()[8..]]).ToString();
        var four = network.Subnets.First(s => !s.Cidr.Contains(':') || network.Subnets.Count == 1);
        var addresses = new List<AddressSpec> { new(network.Subnets[^1].Id, own) };
        if (!four.Cidr.Contains(':')) addresses.Insert(0, new(four.Id, ipv4));
        return Plug(network, ipv4, groups, configure: !four.Cidr.Contains(':'), mac: mac, addresses: addresses);
    }

    public static string NewMac() => "fa:16:3e:" + string.Join(':', Convert.ToHexStringLower(Guid.NewGuid().ToByteArray()[..3]).Chunk(2)
        .Select(c => new string(c)));

    public NetworkSpec ExternalNetwork() => new(Guid.NewGuid().ToString(), "p", 2, 1500, true, "",
        [new SubnetSpec(Guid.NewGuid().ToString(), ExternalCidr, External(1), null, [], [])]);

    public static GroupSpec Group(params RuleSpec[] rules) => new(Guid.NewGuid().ToString(), true, rules, []);

    public static RuleSpec Ingress(string? protocol = null, int? min = null, int? max = null, string? cidr = null, string? group = null) =>
        new(Guid.NewGuid().ToString(), true, false, protocol, min, max, cidr, group);

    public static RuleSpec Egress(string? protocol = null, int? min = null, int? max = null, string? cidr = null, string? group = null) =>
        new(Guid.NewGuid().ToString(), false, false, protocol, min, max, cidr, group);

    /// <summary>A guest: a namespace whose eth0 sits where the port's tap would be.</summary>
    public async Task<Guest> Plug(NetworkSpec network, string address, GroupSpec[] groups, bool portSecurity = true,
        AddressPairSpec[]? pairs = null, bool configure = true, string? mac = null, IReadOnlyList<AddressSpec>? addresses = null)
    {
        var id = Guid.NewGuid().ToString();
        mac ??= NewMac();
        var netns = $"{Names.Prefix}guest-{id[..8]}";
        guests.Add(netns);
        await Runner.Must("ip", ["netns", "add", netns], Stop);
        var tap = FabricNames.Tap(id);
        await Runner.Must("ip", ["-n", Names.Switch, "link", "add", tap, "type", "veth", "peer", "name", "eth0", "address", mac, "mtu",
            "1450", "netns", netns], Stop);
        await Runner.Must("ip", ["-n", netns, "link", "set", "lo", "up"], Stop);
        await Runner.Must("ip", ["-n", netns, "link", "set", "eth0", "up"], Stop);
        await Fabric.Open(Stop);
        var port = new PortSpec(id, network.Id, "d", mac, addresses ?? [new AddressSpec(network.Subnets[0].Id, address)], true, portSecurity,
            [.. groups.Select(g => g.Id)], pairs ?? [], "guest-" + address.Split('.')[^1]);
        await Fabric.EnsurePort(port, groups, Stop);
        var guest = new Guest(netns, port, address, Runner);
        if (configure) await guest.Configure(network);
        return guest;
    }
}

/// <summary>A namespace that plays a guest.</summary>
public sealed class Guest(string netns, PortSpec port, string address, ProcessRunner runner)
{
    private static readonly TimeSpan connectLimit = TimeSpan.FromSeconds(1.5);

    public string Netns => netns;

    public PortSpec Port => port;

    public string Address => address;

    public async Task Configure(NetworkSpec network)
    {
        await Ip("addr", "add", $"{address}/{network.Subnets[0].Cidr.Split('/')[1]}", "dev", "eth0");
        if (network.Subnets[0].Gateway is { } gateway) await Ip("route", "add", "default", "via", gateway);
    }

    public Task Ip(params string[] arguments) => runner.Must("ip", ["-n", netns, .. arguments], PacketWorld.Stop);

    public Listener Listen(int tcpPort) => new(Machine.Netns.Within(netns, () =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, tcpPort));
        socket.Listen(16);
        return socket;
    }));

    public Listener Listen6(int tcpPort) => new(Machine.Netns.Within(netns, () =>
    {
        var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = false };
        socket.Bind(new IPEndPoint(IPAddress.IPv6Any, tcpPort));
        socket.Listen(16);
        return socket;
    }));

    /// <summary>What ip says in the guest.</summary>
    public Task<string> Show(params string[] arguments) => runner.Must("ip", ["-n", netns, .. arguments], PacketWorld.Stop);

    /// <summary>Waits until the guest knows that its addresses are nobody else's.</summary>
    public async Task Probed()
    {
        for (var tries = 0; tries < 100 && (await Show("-6", "addr", "show", "dev", "eth0", "tentative")).Length > 0; tries++)
            await Task.Delay(50, PacketWorld.Stop);
    }

    public Task<string> Read(string file) => Task.FromResult(Machine.Netns.Within(netns, () => File.ReadAllText(file).Trim()));

    public async Task<bool> Ping(string target) => (await runner.Run("nsenter",
        ["--net=" + Machine.Netns.PathOf(netns), "ping", "-c", "1", "-W", "2", target], PacketWorld.Stop)).ExitCode == 0;

    public Task<string?> Ask(string target, int tcpPort) => Asker.Ask(netns, target, tcpPort, connectLimit);
}

/// <summary>Connects from a namespace (null: the host) and returns what the listener says: the address it saw; null when there is no
/// connection.</summary>
public static class Asker
{
    public static async Task<string?> Ask(string? netns, string target, int tcpPort, TimeSpan limit)
    {
        var to = new IPEndPoint(IPAddress.Parse(target), tcpPort);
        using var socket = Machine.Netns.Within(netns, () => new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        using var expiry = new CancellationTokenSource(limit);
        try
        {
            await socket.ConnectAsync(to, expiry.Token);
            var buffer = new byte[64];
            var read = await socket.ReceiveAsync(buffer, expiry.Token);
            return System.Text.Encoding.ASCII.GetString(buffer, 0, read);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException) { return null; }
    }
}

/// <summary>Answers every connection with the address it came from.</summary>
public sealed class Listener : IDisposable
{
    private readonly Socket socket;

    public Listener(Socket socket)
    {
        this.socket = socket;
        _ = Serve();
    }

    public void Dispose() => socket.Dispose();

    private async Task Serve()
    {
        try
        {
            while (true)
            {
                using var peer = await socket.AcceptAsync();
                await peer.SendAsync(System.Text.Encoding.ASCII.GetBytes(((IPEndPoint)peer.RemoteEndPoint!).Address.ToString()));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException) { /* the test is over */ }
    }
}
