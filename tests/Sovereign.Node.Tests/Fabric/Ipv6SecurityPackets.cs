using System.Net;
using System.Net.NetworkInformation;
using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Sovereign.Node.Machine;
using Xunit;

namespace Sovereign.Node.Tests.Fabric;

/// <summary>Security groups over IPv6, and what a guest may not pretend there.</summary>
public sealed class Ipv6SecurityPackets : IAsyncLifetime
{
    private const string Prefix = "fd00:1:2:3";
    private readonly PacketWorld world = new();
    private readonly NetworkSpec network = PacketWorld.Dual(Prefix);

    public async ValueTask InitializeAsync()
    {
        await world.InitializeAsync();
        await world.Fabric.EnsureNetwork(network, PacketWorld.Stop);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task A_rule_opens_its_port_in_its_own_version_and_replies_flow_back()
    {
        var client = await Grouped(Six(PacketWorld.Egress()));
        var server = await Grouped(Six(PacketWorld.Ingress("tcp", 80, 80)), PacketWorld.Ingress("tcp", 81, 81), Six(PacketWorld.Ingress("icmp", 128, 0)));
        var (one, two) = (await Guest("::5", client), await Guest("::6", server));
        using var opened = two.Listen6(80);
        using var closed = two.Listen6(81);
        using var back = one.Listen6(80);
        Assert.Equal($"{Prefix}::5", await one.Ask($"{Prefix}::6", 80));
        Assert.Null(await one.Ask($"{Prefix}::6", 81));
        Assert.Null(await two.Ask($"{Prefix}::5", 80));
        Assert.True(await one.Ping($"{Prefix}::6"));
        Assert.False(await two.Ping($"{Prefix}::5"));
        await world.Fabric.EnsureGroup(server with { Rules = [] }, PacketWorld.Stop);
        Assert.Null(await one.Ask($"{Prefix}::6", 80));
    }

    [Fact]
    public async Task Remote_groups_and_ranges_count_members_of_this_version()
    {
        var members = await Grouped(Six(PacketWorld.Egress()));
        var server = await Grouped(Six(PacketWorld.Ingress("tcp", 80, 80, group: members.Id)), Six(PacketWorld.Ingress("tcp", 81, 81, cidr: $"{Prefix}::4/127")));
        var (one, two) = (await Guest("::5", members), await Guest("::6", server));
        using var grouped = two.Listen6(80);
        using var ranged = two.Listen6(81);
        Assert.Null(await one.Ask($"{Prefix}::6", 80));
        Assert.NotNull(await one.Ask($"{Prefix}::6", 81));
        await world.Fabric.EnsureGroup(members with { MemberAddresses = ["10.0.0.5", $"{Prefix}::5"] }, PacketWorld.Stop);
        Assert.NotNull(await one.Ask($"{Prefix}::6", 80));
        await world.Fabric.EnsureGroup(members with { MemberAddresses = ["10.0.0.5"] }, PacketWorld.Stop);
        Assert.Null(await one.Ask($"{Prefix}::6", 80));
        await world.Fabric.EnsureGroup(members with { MemberAddresses = ["10.0.0.5", $"{Prefix}::/64", $"{Prefix}::/65", "10.0.0.0/28"] }, PacketWorld.Stop);
        Assert.NotNull(await one.Ask($"{Prefix}::6", 80));
    }

    [Theory]
    [InlineData("address")]
    [InlineData("mac")]
    public async Task A_guest_that_pretends_to_be_another_is_not_heard(string what)
    {
        var all = await Open();
        var (one, two) = (await Guest("::5", all), await Guest("::6", all));
        using var opened = two.Listen6(80);
        Assert.NotNull(await one.Ask($"{Prefix}::6", 80));
        if (what == "mac")
        {
            await one.Ip("link", "set", "eth0", "address", "fa:16:3e:99:99:99");
        }
        else
        {
            await one.Ip("addr", "del", $"{Prefix}::5/64", "dev", "eth0");
            await one.Ip("addr", "add", $"{Prefix}::77/64", "dev", "eth0", "nodad");
        }
        Assert.Null(await one.Ask($"{Prefix}::6", 80));
    }

    [Fact]
    public async Task A_guest_speaks_in_neighbour_messages_for_itself_alone()
    {
        var all = await Open();
        var (thief, victim) = (await Guest("::5", all), await Guest("::6", all));
        foreach (var address in (string[])[$"{Prefix}::9", $"{Prefix}::5"])
            await victim.Ip("neigh", "replace", address, "lladdr", "fa:16:3e:00:00:09", "dev", "eth0", "nud", "stale");
        Send(thief, victim, Neighbour(thief, $"{Prefix}::9"));
        Send(thief, victim, Neighbour(thief, $"{Prefix}::5"));   // the same frame for its own address passes, so the frame itself is sound
        await Task.Delay(200, PacketWorld.Stop);
        var known = (await victim.Show("neigh")).Split('\n');
        Assert.Contains(known, l => l.StartsWith($"{Prefix}::9 ", StringComparison.Ordinal) && l.Contains("fa:16:3e:00:00:09", StringComparison.Ordinal));
        Assert.Contains(known, l => l.StartsWith($"{Prefix}::5 ", StringComparison.Ordinal) && l.Contains(thief.Port.Mac, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_a_port_without_security_may_announce_itself_as_a_router(bool secured)
    {
        var all = await Open();
        var victim = await Guest("::6", all);
        var guest = secured ? await Guest("::5", all) : await world.Plug(network, "10.0.0.8", [], portSecurity: false);
        await guest.Probed();
        byte[] announcement = [134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0,
            3, 4, 64, 0xc0, 0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 0, 0, 0xfd, 0x66, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for (var i = 0; i < 3; i++) Send(guest, victim, announcement);
        await Task.Delay(300, PacketWorld.Stop);
        Assert.Equal(!secured, (await victim.Show("-6", "route")).Contains("default via fe80::", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_allowed_pair_may_be_an_ipv6_range_and_answers_for_it()
    {
        var all = await Open();
        var pair = await Guest("::5", all, new AddressPairSpec("fd00:64::/61", null));
        var two = await Guest("::6", all);
        await pair.Ip("addr", "add", "fd00:64:0:7::1/64", "dev", "eth0", "nodad");
        await pair.Ip("addr", "add", "fd00:64:0:8::1/64", "dev", "eth0", "nodad");
        await two.Ip("route", "add", "fd00:64::/60", "dev", "eth0");
        using var listener = pair.Listen6(80);
        Assert.NotNull(await two.Ask("fd00:64:0:7::1", 80));
        Assert.Null(await two.Ask("fd00:64:0:8::1", 80));
    }

    private static RuleSpec Six(RuleSpec rule) => rule with { Ipv6 = true };

    private Task<GroupSpec> Open() => Grouped(Six(PacketWorld.Egress()), Six(PacketWorld.Ingress()));

    private async Task<GroupSpec> Grouped(params RuleSpec[] rules)
    {
        var group = PacketWorld.Group(rules);
        await world.Fabric.EnsureGroup(group, PacketWorld.Stop);
        return group;
    }

    private async Task<Guest> Guest(string host, GroupSpec group, params AddressPairSpec[] pairs)
    {
        var mac = PacketWorld.NewMac();
        var guest = await world.Plug(network, "10.0.0." + host[2..], [group], mac: mac, pairs: pairs,
            addresses: [new(network.Subnets[0].Id, "10.0.0." + host[2..]), new(network.Subnets[1].Id, Prefix + host)]);
        await guest.Ip("addr", "add", $"{Prefix}{host}/64", "dev", "eth0", "nodad");
        await guest.Probed();
        return guest;
    }

    private static byte[] Neighbour(Guest from, string target) =>
        [136, 0, 0, 0, 0x20, 0, 0, 0, .. IPAddress.Parse(target).GetAddressBytes(), 2, 1, .. PhysicalAddress.Parse(from.Port.Mac).GetAddressBytes()];

    /// <summary>An ICMPv6 message from the guest's link-local address to the other's, as a frame.</summary>
    private static void Send(Guest from, Guest to, byte[] message)
    {
        var source = IPAddress.Parse(Ipv6Rules.LinkLocal(from.Port.Mac)).GetAddressBytes();
        var target = IPAddress.Parse(Ipv6Rules.LinkLocal(to.Port.Mac)).GetAddressBytes();
        byte[] covered = [.. source, .. target, 0, 0, 0, (byte)message.Length, 0, 0, 0, 58, .. message];
        var sum = 0;
        for (var i = 0; i < covered.Length; i += 2) sum += (covered[i] << 8) | covered[i + 1];
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        (message[2], message[3]) = ((byte)(~sum >> 8), (byte)~sum);
        byte[] frame = [.. PhysicalAddress.Parse(to.Port.Mac).GetAddressBytes(), .. PhysicalAddress.Parse(from.Port.Mac).GetAddressBytes(), 0x86, 0xdd,
            0x60, 0, 0, 0, 0, (byte)message.Length, 58, 255, .. source, .. target, .. message];
        Netns.Within(from.Netns, () =>
        {
            Native.SendFrame("eth0", frame);
            return true;
        });
    }
}
