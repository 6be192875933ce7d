using Sovereign.Node.Contract;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>Security groups and anti-spoofing, seen with real packets.</summary>
public sealed class SecurityGroupPackets : IAsyncLifetime
{
    private readonly PacketWorld world = new();
    private readonly NetworkSpec network = PacketWorld.Network();

    public async ValueTask InitializeAsync()
    {
        await world.InitializeAsync();
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task A_rule_opens_its_port_and_nothing_else_and_replies_flow_back()
    {
        var client = await Grouped(PacketWorld.Egress());
        var server = await Grouped(PacketWorld.Ingress("tcp", 80, 80));
        var (one, two) = (await world.Plug(network, "10.0.0.5", [client]), await world.Plug(network, "10.0.0.6", [server]));
        using var open = two.Listen(80);
        using var closed = two.Listen(81);
        using var back = one.Listen(80);
        Assert.Equal("10.0.0.5", await one.Ask("10.0.0.6", 80));
        Assert.Null(await one.Ask("10.0.0.6", 81));
        Assert.Null(await two.Ask("10.0.0.5", 80));   // neither egress of the server nor ingress of the client
        await world.Fabric.EnsureGroup(server with { Rules = [] }, PacketWorld.Stop);
        Assert.Null(await one.Ask("10.0.0.6", 80));
    }

    [Fact]
    public async Task Egress_is_enforced_too()
    {
        var client = await Grouped(PacketWorld.Egress("tcp", 90, 99));
        var server = await Grouped(PacketWorld.Ingress());
        var (one, two) = (await world.Plug(network, "10.0.0.5", [client]), await world.Plug(network, "10.0.0.6", [server]));
        using var allowed = two.Listen(95);
        using var refused = two.Listen(100);
        Assert.NotNull(await one.Ask("10.0.0.6", 95));
        Assert.Null(await one.Ask("10.0.0.6", 100));
    }

    [Fact]
    public async Task A_remote_group_lets_its_members_in_as_they_come_and_go()
    {
        var members = await Grouped(PacketWorld.Egress());
        var server = await Grouped(PacketWorld.Ingress("tcp", 80, 80, group: members.Id));
        var (one, two) = (await world.Plug(network, "10.0.0.5", [members]), await world.Plug(network, "10.0.0.6", [server]));
        using var open = two.Listen(80);
        Assert.Null(await one.Ask("10.0.0.6", 80));
        await world.Fabric.EnsureGroup(members with { MemberAddresses = ["10.0.0.5", "10.0.0.9"] }, PacketWorld.Stop);
        Assert.NotNull(await one.Ask("10.0.0.6", 80));
        await world.Fabric.EnsureGroup(members with { MemberAddresses = ["10.0.0.9"] }, PacketWorld.Stop);
        Assert.Null(await one.Ask("10.0.0.6", 80));
    }

    [Fact]
    public async Task A_remote_range_is_honoured()
    {
        var all = await Grouped(PacketWorld.Egress());
        var server = await Grouped(PacketWorld.Ingress("tcp", 80, 80, cidr: "10.0.0.4/31"));
        var (one, far) = (await world.Plug(network, "10.0.0.5", [all]), await world.Plug(network, "10.0.0.7", [all]));
        var two = await world.Plug(network, "10.0.0.6", [server]);
        using var open = two.Listen(80);
        Assert.NotNull(await one.Ask("10.0.0.6", 80));
        Assert.Null(await far.Ask("10.0.0.6", 80));
    }

    [Theory]
    [InlineData("address")]
    [InlineData("mac")]
    public async Task A_guest_that_pretends_to_be_another_is_not_heard(string what)
    {
        var all = await Grouped(PacketWorld.Egress(), PacketWorld.Ingress());
        var (one, two) = (await world.Plug(network, "10.0.0.5", [all]), await world.Plug(network, "10.0.0.6", [all]));
        using var open = two.Listen(80);
        Assert.NotNull(await one.Ask("10.0.0.6", 80));
        if (what == "mac")
        {
            await one.Ip("link", "set", "eth0", "address", "fa:16:3e:99:99:99");
        }
        else
        {
            await one.Ip("addr", "flush", "dev", "eth0");
            await one.Ip("addr", "add", "10.0.0.77/24", "dev", "eth0");
        }
        Assert.Null(await one.Ask("10.0.0.6", 80));
    }

    [Fact]
    public async Task A_guest_cannot_claim_an_address_by_arp()
    {
        var all = await Grouped(PacketWorld.Egress(), PacketWorld.Ingress());
        var (thief, victim) = (await world.Plug(network, "10.0.0.5", [all]), await world.Plug(network, "10.0.0.6", [all]));
        await victim.Ip("neigh", "replace", "10.0.0.9", "lladdr", "fa:16:3e:00:00:09", "dev", "eth0", "nud", "stale");
        var mac = System.Net.NetworkInformation.PhysicalAddress.Parse(thief.Port.Mac);
        Machine.Netns.AnnounceArp(thief.Netns, "eth0", mac, System.Net.IPAddress.Parse("10.0.0.9"));
        Assert.Contains("fa:16:3e:00:00:09", await Neighbours(victim), StringComparison.Ordinal);
        // The same frame for its own address passes, so the frame itself is sound.
        await victim.Ip("neigh", "replace", "10.0.0.5", "lladdr", "fa:16:3e:00:00:05", "dev", "eth0", "nud", "stale");
        Machine.Netns.AnnounceArp(thief.Netns, "eth0", mac, System.Net.IPAddress.Parse("10.0.0.5"));
        await Task.Delay(100, PacketWorld.Stop);
        Assert.DoesNotContain("fa:16:3e:00:00:05", await Neighbours(victim), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_allowed_pair_and_a_port_without_security_may_send_from_other_addresses()
    {
        var all = await Grouped(PacketWorld.Egress(), PacketWorld.Ingress());
        var pair = await world.Plug(network, "10.0.0.5", [all], pairs: [new AddressPairSpec("10.0.0.64/28", null)]);
        var free = await world.Plug(network, "10.0.0.8", [], portSecurity: false);
        var two = await world.Plug(network, "10.0.0.6", [all]);
        using var open = two.Listen(80);
        using var wild = free.Listen(80);
        foreach (var guest in (Guest[])[pair, free])
        {
            await guest.Ip("addr", "flush", "dev", "eth0");
            await guest.Ip("addr", "add", guest == pair ? "10.0.0.70/24" : "10.0.0.99/24", "dev", "eth0");
            Assert.NotNull(await guest.Ask("10.0.0.6", 80));
        }
        Assert.NotNull(await two.Ask("10.0.0.99", 80));
    }

    [Fact]
    public async Task A_port_speaks_from_each_of_its_addresses()
    {
        var all = await Grouped(PacketWorld.Egress(), PacketWorld.Ingress());
        var subnet = network.Subnets[0].Id;
        var one = await world.Plug(network, "10.0.0.5", [all], addresses: [new(subnet, "10.0.0.5"), new(subnet, "10.0.0.15")]);
        var two = await world.Plug(network, "10.0.0.6", [all]);
        using var listener = one.Listen(80);
        using var open = two.Listen(80);
        await one.Ip("addr", "add", "10.0.0.15/24", "dev", "eth0");
        Assert.NotNull(await two.Ask("10.0.0.5", 80));
        Assert.NotNull(await two.Ask("10.0.0.15", 80));
        await one.Ip("addr", "del", "10.0.0.5/24", "dev", "eth0");
        await one.Ip("addr", "replace", "10.0.0.15/24", "dev", "eth0");
        Assert.Equal("10.0.0.15", await one.Ask("10.0.0.6", 80));
    }

    [Fact]
    public async Task Filters_survive_a_restart_of_the_agent()
    {
        var client = await Grouped(PacketWorld.Egress());
        var server = await Grouped(PacketWorld.Ingress("tcp", 80, 80));
        var (one, two) = (await world.Plug(network, "10.0.0.5", [client]), await world.Plug(network, "10.0.0.6", [server]));
        using var open = two.Listen(80);
        using var closed = two.Listen(81);
        await world.Restart();
        Assert.NotNull(await one.Ask("10.0.0.6", 80));
        Assert.Null(await one.Ask("10.0.0.6", 81));
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
        await world.Fabric.EnsureGroup(server, PacketWorld.Stop);
        await world.Fabric.EnsurePort(two.Port, [server], PacketWorld.Stop);
        Assert.NotNull(await one.Ask("10.0.0.6", 80));
        Assert.Null(await one.Ask("10.0.0.6", 81));
    }

    private async Task<string> Neighbours(Guest guest) => await world.Runner.Must("ip", ["-n", guest.Netns, "neigh"], PacketWorld.Stop);

    private async Task<GroupSpec> Grouped(params RuleSpec[] rules)
    {
        var group = PacketWorld.Group(rules);
        await world.Fabric.EnsureGroup(group, PacketWorld.Stop);
        return group;
    }
}
