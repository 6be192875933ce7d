using System.Net.Sockets;
using Sovereign.Node.Contract;
using Sovereign.Node.Tests.Agent;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>The metadata service, asked from inside two networks with the same addresses.</summary>
public sealed class MetadataPackets : IAsyncLifetime
{
    private readonly PacketWorld world = new();
    private readonly GroupSpec closed = PacketWorld.Group();

    public async ValueTask InitializeAsync()
    {
        await world.InitializeAsync();
        await world.Fabric.EnsureGroup(closed, PacketWorld.Stop);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Each_guest_reads_its_own_documents_even_when_addresses_are_the_same()
    {
        var (left, right) = (await Guest("first"), await Guest("second"));
        Assert.Equal("first", await Get(left, "/latest/meta-data/hostname"));
        Assert.Equal("second", await Get(right, "/2009-04-04/meta-data/hostname"));
        Assert.Contains("\"name\":\"guest\"", await Get(left, "/openstack/latest/meta_data.json"), StringComparison.Ordinal);
        Assert.StartsWith("#!/bin/sh", await Get(left, "/openstack/2018-08-27/user_data"), StringComparison.Ordinal);
        Assert.StartsWith("#!/bin/sh", await Get(left, "/latest/user-data"), StringComparison.Ordinal);
        Assert.Equal("{}", await Get(left, "/openstack/latest/network_data.json"));
        Assert.Equal("hello", await Get(left, "/openstack/content/0000"));
        Assert.Null(await Get(left, "/openstack/content/0001"));
        Assert.Equal("0=k", await Get(left, "/latest/meta-data/public-keys/"));
        Assert.Equal("ssh-ed25519 AAAA test", await Get(left, "/latest/meta-data/public-keys/0/openssh-key"));
        Assert.Contains("instance-id\n", await Get(left, "/latest/meta-data/"), StringComparison.Ordinal);
        Assert.Equal("10.0.0.5", await Get(left, "/latest/meta-data/local-ipv4"));
        Assert.Null(await Get(left, "/latest/nothing"));
        Assert.Contains("10.0.0.5", await HalfClosed(left, "GET /latest/meta-data/local-ipv4 HTTP/1.0\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal("203.0.113.9", await Get(left, "/latest/meta-data/public-ipv4"));
        Assert.Equal("", await Get(right, "/latest/meta-data/public-ipv4"));
        Assert.StartsWith("HTTP/1.1 405", await HalfClosed(left, "POST / HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", await HalfClosed(left, new string('a', 20000)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_leaves_a_password_once()
    {
        var (left, right) = (await Guest("first"), await Guest("second"));
        const string leave = "POST /openstack/2013-10-17/password HTTP/1.1\r\nContent-Length: ";
        Assert.StartsWith("HTTP/1.1 200", await HalfClosed(left, leave + "6\r\n\r\nsecret"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 409", await HalfClosed(left, leave + "5\r\n\r\nother"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", await HalfClosed(right, leave + "300\r\n\r\n" + new string('x', 300)), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", await HalfClosed(right, leave + "9\r\n\r\nshort"), StringComparison.Ordinal);
        Assert.Equal("secret", Assert.Single(world.Control.Passwords).Value);
    }

    [Fact]
    public async Task A_guest_behind_a_router_alone_is_answered_too()
    {
        var network = PacketWorld.Network();
        var guest = await Guest("routed", network, viaDhcp: false);
        await world.Fabric.EnsureRouter(new RouterSpec(Guid.NewGuid().ToString(), true, null,
            [new RouterInterfaceSpec(Guid.NewGuid().ToString(), network.Id, "fa:16:3e:bb:00:01", ["10.0.0.1/24"])], [], []),
                PacketWorld.Stop);
        Assert.Equal("routed", await Get(guest, "/latest/meta-data/hostname"));
    }

    private async Task<Guest> Guest(string name, NetworkSpec? spec = null, bool viaDhcp = true)
    {
        var network = spec ?? PacketWorld.Network(dhcp: true);
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        var guest = await world.Plug(network, "10.0.0.5", [closed]);
        if (viaDhcp) await guest.Ip("route", "add", "169.254.169.254/32", "via", "10.0.0.2");
        var domain = RealCloud.Domain("d", "raw", 1, []);
        domain = domain with { Id = Guid.NewGuid().ToString(), Guest = domain.Guest with { HostName = name } };
        var port = guest.Port with { DomainId = domain.Id };
        if (name == "first") port = port with { Addresses = [port.Addresses[0] with { PublicAddress = "203.0.113.9" }] };
        world.Guests.Update(new ManifestItem(ItemKinds.Port, guest.Port.Id, 1) { Port = port });
        world.Guests.Update(new ManifestItem(ItemKinds.Domain, domain.Id, 1) { Domain = domain });
        return guest;
    }

    // As a guest that asks with netcat: it sends, closes its side, and reads.
    private static async Task<string> HalfClosed(Guest guest, string request)
    {
        using var socket = Machine.Netns.Within(guest.Netns, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream,
            ProtocolType.Tcp));
        await socket.ConnectAsync("169.254.169.254", 80, PacketWorld.Stop);
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(request), PacketWorld.Stop);
        using var reader = new StreamReader(new NetworkStream(socket));
        socket.Shutdown(SocketShutdown.Send);
        return await reader.ReadToEndAsync(PacketWorld.Stop);
    }

    private static async Task<string?> Get(Guest guest, string path)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, stop) =>
            {
                var socket = Machine.Netns.Within(guest.Netns, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream,
                    ProtocolType.Tcp));
                await socket.ConnectAsync(context.DnsEndPoint, stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(3) };
        using var response = await client.GetAsync(new Uri("http://169.254.169.254" + path), PacketWorld.Stop);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(PacketWorld.Stop) : null;
    }
}
