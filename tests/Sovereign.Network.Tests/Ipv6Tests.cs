using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>IPv6 subnets and addresses in the API.</summary>
public sealed class Ipv6Tests
{
    private const string Mac = "fa:16:3e:00:00:07";
    private const string Own = "fd00::f816:3eff:fe00:7";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Ports_get_an_address_of_each_version_and_the_one_that_their_host_makes(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var network = await cloud.Network();
        var before = await cloud.Ok("POST", "/ports", new { port = new { network_id = network, mac_address = Mac } });
        await cloud.Subnet(network);
        var automatic = await Subnet(cloud, network, "fd00::/64", "slaac");
        var stateful = await Subnet(cloud, network, "fd01::/64", "dhcpv6-stateful");
        var joined = await cloud.Ok("GET", "/ports/" + before["port"]!["id"]);
        Assert.Equal([Own], Addresses(joined));
        await cloud.Ok("DELETE", "/ports/" + before["port"]!["id"]);
        var port = await cloud.Ok("POST", "/ports", new { port = new { network_id = network, mac_address = Mac } });
        Assert.Equal(["10.0.0.3", "fd01::3", Own], Addresses(port));
        Assert.Equal("host-fd01--3", (string?)port["port"]!["dns_assignment"]![1]!["hostname"]);
        await cloud.Refused(
            400, "AllocationOnAutoAddressSubnet", "POST", "/ports",
            new { port = new { network_id = network, fixed_ips = new[] { new { subnet_id = automatic, ip_address = "fd00::9" } } } });
        await cloud.Refused(409, "SubnetInUse", "DELETE", "/subnets/" + stateful);
        await cloud.Ok("DELETE", "/subnets/" + automatic);
        Assert.Equal(["10.0.0.3", "fd01::3"], Addresses(await cloud.Ok("GET", "/ports/" + port["port"]!["id"])));
        Assert.Single((await cloud.Ok("GET", "/ports?fixed_ips=ip_address%3Dfd01:0::3"))["ports"]!.AsArray());
        await cloud.Refused(409, "NetworkInUse", "DELETE", "/networks/" + network);
        var usage = await cloud.Ok("GET", $"/network-ip-availabilities/{network}", token: "admin");
        Assert.Equal("18446744073709551614", usage["network_ip_availability"]!["subnet_ip_availability"]![1]!["total_ips"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"ipv6_ra_mode": "slaac", "ipv6_address_mode": "dhcpv6-stateful"}""", "InvalidInput")]
    [InlineData("""{"ipv6_ra_mode": "slaac", "enable_dhcp": false}""", "InvalidInput")]
    [InlineData("""{"ipv6_ra_mode": "radvd"}""", "HTTPBadRequest")]
    [InlineData("""{"cidr": "fd00::/60", "ipv6_address_mode": "slaac"}""", "InvalidInput")]
    [InlineData("""{"cidr": "10.0.0.0/24", "ip_version": 4, "ipv6_ra_mode": "slaac"}""", "InvalidInput")]
    [InlineData("""{"gateway_ip": "10.0.0.1"}""", "InvalidInput")]
    [InlineData("""{"gateway_ip": "fd01::1"}""", "InvalidInput")]
    [InlineData("""{"dns_nameservers": ["8.8.8.8"]}""", "InvalidInput")]
    [InlineData("""{"host_routes": [{"destination": "10.9.0.0/16", "nexthop": "fd00::5"}]}""", "HTTPBadRequest")]
    [InlineData("""{"cidr": "fe80::/64"}""", "InvalidInput")]
    public async Task Ipv6_subnets_that_make_no_sense_are_refused(string members, string type)
    {
        await using var cloud = await NetworkCloud.Start(node: false);
        var body = JsonNode.Parse(members)!.AsObject();
        body.TryAdd("network_id", await cloud.Network());
        body.TryAdd("cidr", "fd00::/64");
        body.TryAdd("ip_version", 6);
        await cloud.Refused(400, type, "POST", "/subnets", new JsonObject { ["subnet"] = body }.ToJsonString());
    }

    [Fact]
    public async Task Ipv6_subnets_are_shown_as_they_were_asked_for()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network();
        var made = (await cloud.Ok("POST", "/subnets", new
        {
            subnet = new
            {
                network_id = network, ip_version = 6, cidr = "2003::/64", dns_nameservers = new[] { "2001:4860:4860::8844" },
                host_routes = new[] { new { destination = "2001::/64", nexthop = "2003::1" } },
            },
        }))["subnet"]!;
        Assert.Equal("2003::1", (string?)made["gateway_ip"]);
        Assert.Equal("""[{"start":"2003::2","end":"2003::ffff:ffff:ffff:ffff"}]""", made["allocation_pools"]!.ToJsonString());
        Assert.Null((string?)made["ipv6_ra_mode"]);
        await cloud.Refused(
            400, "InvalidIpForSubnet", "POST", "/ports",
            new { port = new { network_id = network, fixed_ips = new[] { new { subnet_id = made["id"], ip_address = "2003:0:0:1::" } } } });
        var router = await cloud.Id("POST", "/routers", new { router = new { name = "r" } });
        var leg = await cloud.Ok("PUT", $"/routers/{router}/add_router_interface", new { subnet_id = made["id"] });
        Assert.Equal(["2003::1"], Addresses(await cloud.Ok("GET", "/ports/" + leg["port_id"])));
        await cloud.Ok("PUT", "/ports/" + leg["port_id"], new { port = new { fixed_ips = new[] { new { subnet_id = made["id"] } } } });
        await cloud.Settled();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task What_routers_announce_and_servers_hand_out_reaches_the_node(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var network = await cloud.Network();
        var four = await cloud.Subnet(network);
        var automatic = await Subnet(cloud, network, "fd00::/64", "slaac");
        var stateful = await Subnet(cloud, network, "fd01::/64", "dhcpv6-stateful");
        var router = await cloud.Router(four);
        var first = await cloud.Ok("PUT", $"/routers/{router}/add_router_interface", new { subnet_id = automatic });
        var second = await cloud.Ok("PUT", $"/routers/{router}/add_router_interface", new { subnet_id = stateful });
        // Hosts take all prefixes of a link from one router, so they are on one leg.
        Assert.Equal((string?)first["port_id"], (string?)second["port_id"]);
        await cloud.Obey();
        Assert.All((await cloud.Ok("GET", "/ports?device_id=" + router))["ports"]!.AsArray(), leg => Assert.Equal("ACTIVE", (string?)leg!["status"]));
        var manifest = await cloud.Manifest();
        var leg = Assert.Single(manifest[(ItemKinds.Router, router)].Router!.Interfaces, leg => leg.Advertised is not null);
        Assert.Equal(["fd00::1/64", "fd01::1/64"], leg.Addresses);
        Assert.Equal([("fd00::/64", "slaac"), ("fd01::/64", "dhcpv6-stateful")], leg.Advertised!.Select(prefix => (prefix.Cidr, prefix.Mode)));
        var subnets = manifest[(ItemKinds.Network, network)].Network!.Subnets;
        Assert.Equal([false, true, false], subnets.Select(subnet => subnet.WithoutDhcp));
        Assert.All(subnets, subnet => Assert.NotNull(subnet.DhcpAddress));
        await cloud.Refused(400, "BadRequest", "PUT", $"/routers/{router}/add_router_interface", new { subnet_id = automatic });
        var left = await cloud.Ok("PUT", $"/routers/{router}/remove_router_interface", new { subnet_id = automatic });
        Assert.Equal([automatic], left["subnet_ids"]!.AsArray().Select(id => (string?)id));
        Assert.Equal(["fd01::1"], Addresses(await cloud.Ok("GET", "/ports/" + first["port_id"])));
        await cloud.Ok("PUT", $"/routers/{router}/remove_router_interface", new { subnet_id = stateful });
        await cloud.Ok("GET", "/ports/" + first["port_id"], status: 404);
        await cloud.Settled();
    }

    [Fact]
    public async Task A_subnet_whose_router_is_another_gets_no_leg()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network();
        var subnet = await cloud.Id(
            "POST", "/subnets", new { subnet = new { network_id = network, cidr = "fd00::/64", ip_version = 6, ipv6_address_mode = "dhcpv6-stateful" } });
        var router = await cloud.Id("POST", "/routers", new { router = new { name = "r" } });
        await cloud.Refused(400, "BadRequest", "PUT", $"/routers/{router}/add_router_interface", new { subnet_id = subnet });
    }

    private static async Task<string> Subnet(NetworkCloud cloud, string network, string cidr, string mode) => await cloud.Id(
        "POST", "/subnets", new { subnet = new { network_id = network, cidr, ip_version = 6, ipv6_ra_mode = mode, ipv6_address_mode = mode } });

    private static string[] Addresses(JsonNode port) => [.. port["port"]!["fixed_ips"]!.AsArray().Select(ip => (string)ip!["ip_address"]!)];
}
