using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>What is refused, and in which words.</summary>
public sealed class RuleTests
{
    [Fact]
    public async Task Networks_in_use_and_overlapping_subnets_are_refused()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network();
        var subnet = await cloud.Subnet(network);
        await cloud.Refused(400, "InvalidInput", "POST", "/subnets", new { subnet = new { network_id = network, cidr = "10.0.0.128/25", ip_version = 4 } });
        var port = await cloud.Port(network);
        await cloud.Refused(409, "NetworkInUse", "DELETE", "/networks/" + network);
        await cloud.Refused(409, "SubnetInUse", "DELETE", "/subnets/" + subnet);
        await cloud.Ok("DELETE", "/ports/" + port);
        await cloud.Ok("DELETE", "/subnets/" + subnet);
        Assert.Empty((await cloud.Ok("GET", "/ports"))["ports"]!.AsArray());
        await cloud.Ok("DELETE", "/networks/" + network);
    }

    [Theory]
    [InlineData("""{"cidr": "10.0.0.5/24"}""", 400, "HTTPBadRequest")]
    [InlineData("""{"cidr": "10.0.0.0/33"}""", 400, "HTTPBadRequest")]
    [InlineData("""{"cidr": "x"}""", 400, "HTTPBadRequest")]
    [InlineData("""{"cidr": "169.254.0.0/16"}""", 400, "InvalidInput")]
    [InlineData("""{"cidr": "10.0.0.0/31"}""", 400, "InvalidInput")]
    [InlineData("""{"cidr": "10.0.0.0/24", "gateway_ip": "10.1.0.1"}""", 400, "InvalidInput")]
    [InlineData("""{"cidr": "10.0.0.0/24", "gateway_ip": "10.0.0.255"}""", 400, "InvalidInput")]
    [InlineData("""{"cidr": "10.0.0.0/24", "allocation_pools": [{"start": "10.0.0.1", "end": "10.0.0.9"}]}""", 409, "GatewayConflictWithAllocationPools")]
    [InlineData("""{"cidr": "10.0.0.0/24", "allocation_pools": [{"start": "10.0.0.9", "end": "10.0.0.2"}]}""", 400, "InvalidAllocationPool")]
    [InlineData("""{"cidr": "10.0.0.0/24", "allocation_pools": [{"start": "10.0.0.9", "end": "10.0.1.2"}]}""", 400, "OutOfBoundsAllocationPool")]
    [InlineData("""{"cidr": "10.0.0.0/24", "allocation_pools": [{"start": "10.0.0.9", "end": "10.0.0.20"}, {"start": "10.0.0.20", "end": "10.0.0.30"}]}""", 409, "OverlappingAllocationPools")]
    [InlineData("""{"cidr": "10.0.0.0/24", "dns_nameservers": ["ns.example"]}""", 400, "HTTPBadRequest")]
    [InlineData("""{"cidr": "10.0.0.0/24", "host_routes": [{"destination": "10.9.0.0/16", "nexthop": "x"}]}""", 400, "HTTPBadRequest")]
    [InlineData("""{"cidr": "fd00::/64", "ip_version": 4}""", 400, "InvalidInput")]
    [InlineData("""{"cidr": "10.0.0.0/24", "colour": "red"}""", 400, "HTTPBadRequest")]
    [InlineData("""{"cidr": 5}""", 400, "HTTPBadRequest")]
    public async Task Subnets_that_make_no_sense_are_refused(string members, int status, string type)
    {
        await using var cloud = await NetworkCloud.Start(node: false);
        var network = await cloud.Network();
        var version = members.Contains("ip_version", StringComparison.Ordinal) ? "" : "\"ip_version\": 4, ";
        await cloud.Refused(status, type, "POST", "/subnets", $$$"""{"subnet": {"network_id": "{{{network}}}", {{{version}}}{{{members[1..^1]}}}}}""");
    }

    [Fact]
    public async Task Addresses_are_given_once_and_only_from_the_subnet()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network();
        var subnet = await cloud.Subnet(network, "10.0.0.0/29");
        object Port(string? address) => new { port = new { network_id = network, fixed_ips = new[] { new { subnet_id = subnet, ip_address = address } } } };
        await cloud.Ok("POST", "/ports", Port("10.0.0.4"));
        await cloud.Refused(409, "IpAddressAlreadyAllocated", "POST", "/ports", Port("10.0.0.4"));
        await cloud.Refused(400, "InvalidIpForSubnet", "POST", "/ports", Port("10.0.0.7"));
        await cloud.Refused(400, "HTTPBadRequest", "POST", "/ports", Port("10.0.0.400"));
        await cloud.Refused(
            400, "InvalidIpForNetwork", "POST", "/ports", new { port = new { network_id = network, fixed_ips = new[] { new { ip_address = "10.9.0.4" } } } });
        // .2 is DHCP's, .4 is taken: .3, .5 and .6 are left.
        var made = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => cloud.Ok("POST", "/ports", new { port = new { network_id = network } })));
        Assert.Equal(
            ["10.0.0.3", "10.0.0.5", "10.0.0.6"], made.Select(p => (string)p["port"]!["fixed_ips"]![0]!["ip_address"]!).Order(StringComparer.Ordinal));
        await cloud.Refused(409, "IpAddressGenerationFailure", "POST", "/ports", new { port = new { network_id = network } });
        await cloud.Ok("DELETE", "/ports/" + made[1]["port"]!["id"]);
        await cloud.Port(network);
    }

    [Fact]
    public async Task Ports_keep_their_rules()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network();
        await cloud.Subnet(network);
        var made = await cloud.Ok("POST", "/ports", new { port = new { network_id = network, mac_address = "FA:16:3E:00:00:01", allowed_address_pairs = new[] { new { ip_address = "10.0.0.9" } } } });
        var id = (string)made["port"]!["id"]!;
        Assert.Equal("fa:16:3e:00:00:01", (string?)made["port"]!["allowed_address_pairs"]![0]!["mac_address"]);
        await cloud.Refused(409, "MacAddressInUse", "POST", "/ports", new { port = new { network_id = network, mac_address = "fa:16:3e:00:00:01" } });
        await cloud.Refused(400, "HTTPBadRequest", "POST", "/ports", new { port = new { network_id = network, mac_address = "ff:ff:ff:ff:ff:ff" } });
        await cloud.Refused(404, "SecurityGroupNotFound", "PUT", "/ports/" + id, new { port = new { security_groups = new[] { "x" } } });
        await cloud.Refused(409, "PortSecurityPortHasSecurityGroup", "PUT", "/ports/" + id, new { port = new { port_security_enabled = false } });
        var changed = await cloud.Ok(
            "PUT", "/ports/" + id, new { port = new { security_groups = Array.Empty<string>(), allowed_address_pairs = Array.Empty<object>(), port_security_enabled = false } });
        Assert.Empty(changed["port"]!["security_groups"]!.AsArray());
        Assert.Equal(2, (int)changed["port"]!["revision_number"]!);
        var router = await cloud.Router((string)(await cloud.Ok("GET", "/subnets"))["subnets"]!.AsArray().First(s => (string?)s!["network_id"] == network)!["id"]!);
        var leg = (string)(await cloud.Ok("GET", "/ports?device_id=" + router))["ports"]![0]!["id"]!;
        await cloud.Refused(409, "ServicePortInUse", "DELETE", "/ports/" + leg);
    }

    [Fact]
    public async Task Routers_keep_their_rules()
    {
        await using var cloud = await NetworkCloud.Start();
        var (one, two) = (await cloud.Network("one"), await cloud.Network("two"));
        var (a, b) = (await cloud.Subnet(one), await cloud.Subnet(two, "10.0.0.128/25"));
        var router = await cloud.Router(a);
        var add = $"/routers/{router}/add_router_interface";
        await cloud.Refused(400, "BadRequest", "PUT", add, new { subnet_id = a });
        await cloud.Refused(400, "BadRequest", "PUT", add, new { subnet_id = b });
        await cloud.Refused(400, "BadRequest", "PUT", add, new { });
        await cloud.Refused(404, "SubnetNotFound", "PUT", add, new { subnet_id = "nope" });
        var other = await cloud.Router();
        await cloud.Refused(409, "IpAddressAlreadyAllocated", "PUT", $"/routers/{other}/add_router_interface", new { subnet_id = a });
        await cloud.Refused(404, "RouterInterfaceNotFoundForSubnet", "PUT", $"/routers/{other}/remove_router_interface", new { subnet_id = a });
        await cloud.Refused(400, "BadRequest", "PUT", "/routers/" + router, new { router = new { external_gateway_info = new { network_id = one } } });
        await cloud.Refused(
            403, "PolicyNotAuthorized", "PUT", "/routers/" + router,
            new { router = new { external_gateway_info = new { network_id = await cloud.Public(), enable_snat = false } } });
        await cloud.Refused(
            400, "InvalidRoutes", "PUT", "/routers/" + router, new { router = new { routes = new[] { new { destination = "10.99.0.0/24", nexthop = "10.30.0.99" } } } });
        var routed = await cloud.Ok(
            "PUT", $"/routers/{router}/add_extraroutes", new { router = new { routes = new[] { new { destination = "10.99.0.0/24", nexthop = "10.0.0.99" } } } });
        Assert.Single(routed["router"]!["routes"]!.AsArray());
        await cloud.Refused(409, "RouterInterfaceInUseByRoute", "PUT", $"/routers/{router}/remove_router_interface", new { subnet_id = a });
        var port = await cloud.Port(one);
        await cloud.Refused(
            404, "ExternalGatewayForFloatingIPNotFound", "POST", "/floatingips", new { floatingip = new { floating_network_id = await cloud.Public(), port_id = port } });
        await cloud.Refused(400, "BadRequest", "POST", "/floatingips", new { floatingip = new { floating_network_id = one } });
        Assert.Empty((await cloud.Ok("GET", "/floatingips"))["floatingips"]!.AsArray());
    }

    [Theory]
    [InlineData("""{"protocol": "tcp", "port_range_min": 90, "port_range_max": 80}""", "SecurityGroupInvalidPortRange")]
    [InlineData("""{"protocol": "tcp", "port_range_min": 1, "port_range_max": 70000}""", "SecurityGroupInvalidPortValue")]
    [InlineData("""{"port_range_min": 1, "port_range_max": 2}""", "SecurityGroupProtocolRequiredWithPorts")]
    [InlineData("""{"protocol": "gre", "port_range_min": 1, "port_range_max": 2}""", "SecurityGroupInvalidProtocolForPort")]
    [InlineData("""{"protocol": "icmp", "port_range_min": 256}""", "SecurityGroupInvalidIcmpValue")]
    [InlineData("""{"protocol": "icmp", "port_range_max": 1}""", "SecurityGroupMissingIcmpType")]
    [InlineData("""{"protocol": "bogus"}""", "SecurityGroupRuleInvalidProtocol")]
    [InlineData("""{"protocol": 256}""", "SecurityGroupRuleInvalidProtocol")]
    [InlineData("""{"ethertype": "IPv5"}""", "SecurityGroupRuleInvalidEtherType")]
    [InlineData("""{"ethertype": "IPv6", "remote_ip_prefix": "10.0.0.0/8"}""", "SecurityGroupRuleParameterConflict")]
    [InlineData("""{"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": "GROUP"}""", "SecurityGroupMultipleRemoteEntites")]
    [InlineData("""{"remote_ip_prefix": "10.0.0.0/99"}""", "HTTPBadRequest")]
    [InlineData("""{"direction": "sideways"}""", "HTTPBadRequest")]
    public async Task Rules_that_make_no_sense_are_refused(string members, string type)
    {
        await using var cloud = await NetworkCloud.Start(node: false);
        var group = await cloud.Id("POST", "/security-groups", new { security_group = new { name = "g" } });
        var direction = members.Contains("direction", StringComparison.Ordinal) ? "" : "\"direction\": \"ingress\", ";
        var rest = members[1..^1].Replace("GROUP", group, StringComparison.Ordinal);
        await cloud.Refused(400, type, "POST", "/security-group-rules", $$$"""{"security_group_rule": {"security_group_id": "{{{group}}}", {{{direction}}}{{{rest}}}}}""");
    }

    [Fact]
    public async Task Groups_keep_their_rules()
    {
        await using var cloud = await NetworkCloud.Start();
        var list = (await cloud.Ok("GET", "/security-groups"))["security_groups"]!.AsArray();
        var @default = (string)Assert.Single(list)!["id"]!;
        Assert.Equal(4, list[0]!["security_group_rules"]!.AsArray().Count);
        await cloud.Refused(409, "SecurityGroupCannotRemoveDefault", "DELETE", "/security-groups/" + @default);
        await cloud.Refused(409, "SecurityGroupCannotUpdateDefault", "PUT", "/security-groups/" + @default, new { security_group = new { name = "x" } });
        await cloud.Refused(409, "SecurityGroupDefaultAlreadyExists", "POST", "/security-groups", new { security_group = new { name = "default" } });
        object Rule() => new { security_group_rule = new { security_group_id = @default, direction = "ingress", protocol = "tcp", port_range_min = 22, port_range_max = 22 } };
        await cloud.Ok("POST", "/security-group-rules", Rule());
        await cloud.Refused(409, "SecurityGroupRuleExists", "POST", "/security-group-rules", Rule());
        var network = await cloud.Network();
        var group = await cloud.Id("POST", "/security-groups", new { security_group = new { name = "g" } });
        await cloud.Ok("POST", "/ports", new { port = new { network_id = network, security_groups = new[] { group } } });
        await cloud.Refused(409, "SecurityGroupInUse", "DELETE", "/security-groups/" + group);
        var bulk = await cloud.Ok("POST", "/security-group-rules", new
        {
            security_group_rules = new object[]
            {
                new { security_group_id = group, direction = "ingress", protocol = 47 }, new { security_group_id = group, direction = "ingress", protocol = "any" },
            },
        });
        Assert.Equal(2, bulk["security_group_rules"]!.AsArray().Count);
    }

    [Fact]
    public async Task Changes_can_be_tied_to_a_revision()
    {
        await using var cloud = await NetworkCloud.Start();
        var path = "/network/v2.0/networks/" + await cloud.Network();
        var body = new { network = new { name = "new" } };
        Assert.Equal(200, (await cloud.Cloud.Send("PUT", path, body: body, headers: ("If-Match", "revision_number=1"))).Status);
        foreach (var (method, condition, status, type) in new[]
        {
            ("PUT", "revision_number=1", 412, "RevisionNumberConstraintFailed"),
            ("DELETE", "revision_number=1", 412, "RevisionNumberConstraintFailed"),
            ("PUT", "revision_number=x", 400, "HTTPBadRequest"), ("DELETE", "\"2\"", 400, "HTTPBadRequest"),
        })
        {
            var reply = await cloud.Cloud.Send(method, path, body: method == "PUT" ? body : null, headers: ("If-Match", condition));
            Assert.Equal((status, type), (reply.Status, (string?)reply.Json["NeutronError"]!["type"]));
        }

        Assert.Equal(404, (await cloud.Cloud.Send("DELETE", path, "member-b", headers: ("If-Match", "revision_number=2"))).Status);
        Assert.Equal(204, (await cloud.Cloud.Send("DELETE", path, headers: ("If-Match", "revision_number=2"))).Status);
    }

    [Fact]
    public async Task Strangers_see_nothing_and_change_nothing()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network();
        var subnet = await cloud.Subnet(network);
        var port = await cloud.Port(network);
        var router = await cloud.Router(subnet, gateway: true);
        var floating = await cloud.Id("POST", "/floatingips", new { floatingip = new { floating_network_id = await cloud.Public() } });
        var group = await cloud.Id("POST", "/security-groups", new { security_group = new { name = "g" } });
        foreach (var (path, name) in new[]
        {
            ("/networks/" + network, "network"), ("/subnets/" + subnet, "subnet"), ("/ports/" + port, "port"), ("/routers/" + router, "router"),
            ("/floatingips/" + floating, "floatingip"), ("/security-groups/" + group, "security_group"),
        })
        {
            await cloud.Ok("GET", path, token: "member-b", status: 404);
            await cloud.Ok("PUT", path, new Dictionary<string, object> { [name] = new { description = "mine" } }, "member-b", 404);
            await cloud.Ok("DELETE", path, token: "member-b", status: 404);
            await cloud.Ok("PUT", path + "/tags", new { tags = new[] { "mine" } }, "member-b", 404);
            await cloud.Ok("DELETE", path, token: "reader-a", status: 403);
            var collection = path.Split('/')[1];
            var seen = (await cloud.Ok("GET", "/" + collection, token: "member-b"))[collection.Replace('-', '_')]!.AsArray();
            Assert.DoesNotContain(seen, item => (string?)item!["project_id"] == TestCallers.Id("project-a"));
        }

        await cloud.Refused(404, "NetworkNotFound", "POST", "/ports", new { port = new { network_id = network } }, "member-b");
        await cloud.Refused(404, "SubnetNotFound", "PUT", $"/routers/{await cloud.Id("POST", "/routers", new { router = new { name = "b" } }, "member-b")}/add_router_interface", new { subnet_id = subnet }, "member-b");
        await cloud.Refused(403, "PolicyNotAuthorized", "POST", "/networks", new Dictionary<string, object> { ["network"] = new Dictionary<string, object> { ["router:external"] = true } });
        await cloud.Refused(403, "PolicyNotAuthorized", "POST", "/networks", new { network = new { shared = true } });
        await cloud.Refused(403, "PolicyNotAuthorized", "PUT", "/networks/" + await cloud.Public(), new { network = new { name = "mine" } });
        await cloud.Refused(403, "PolicyNotAuthorized", "POST", "/ports", new { port = new { network_id = await cloud.Public() } });
        await cloud.Refused(403, "PolicyNotAuthorized", "POST", "/networks", new { network = new { project_id = TestCallers.Id("project-b") } });
    }

    [Fact]
    public async Task Lists_filter_sort_page_and_select()
    {
        await using var cloud = await NetworkCloud.Start();
        await cloud.Ok("POST", "/networks", new { networks = Enumerable.Range(0, 5).Select(i => new { name = "n" + i }).ToArray() });
        var page = await cloud.Ok("GET", "/networks?limit=2&sort_key=name&sort_dir=desc&fields=name&fields=id&router:external=false");
        Assert.Equal("""["n4","n3"]""", "[" + string.Join(",", page["networks"]!.AsArray().Select(n => n!["name"]!.ToJsonString())) + "]");
        Assert.Equal(["id", "name"], page["networks"]![0]!.AsObject().Select(m => m.Key).Order(StringComparer.Ordinal));
        var next = (string)page["networks_links"]!.AsArray().First(l => (string?)l!["rel"] == "next")!["href"]!;
        Assert.StartsWith("http://cloud.example:8443/network/v2.0/networks?", next, StringComparison.Ordinal);
        var second = await cloud.Ok("GET", next[(next.IndexOf("/v2.0", StringComparison.Ordinal) + 5)..]);
        Assert.Equal("n2", (string?)second["networks"]![0]!["name"]);
        var previous = (string)second["networks_links"]!.AsArray().First(l => (string?)l!["rel"] == "previous")!["href"]!;
        Assert.Equal("n4", (string?)(await cloud.Ok("GET", previous[(previous.IndexOf("/v2.0", StringComparison.Ordinal) + 5)..]))["networks"]![0]!["name"]);
        Assert.Equal(2, (await cloud.Ok("GET", "/networks?name=n1&name=n2"))["networks"]!.AsArray().Count);
        await cloud.Ok("GET", "/networks?colour=red", status: 400);
        await cloud.Ok("GET", "/networks?limit=-1", status: 400);
        await cloud.Ok("GET", "/networks?marker=nope", status: 400);
        var id = (string)(await cloud.Ok("GET", "/networks?name=n1"))["networks"]![0]!["id"]!;
        await cloud.Ok("PUT", $"/networks/{id}/tags", new { tags = new[] { "a", "b" } });
        Assert.Single((await cloud.Ok("GET", "/networks?tags=a,b"))["networks"]!.AsArray());
        Assert.Empty((await cloud.Ok("GET", "/networks?tags=a,c"))["networks"]!.AsArray());
        Assert.Single((await cloud.Ok("GET", "/networks?tags-any=a,c"))["networks"]!.AsArray());
        await cloud.Ok("DELETE", $"/networks/{id}/tags/a");
        Assert.Equal("""{"tags":["b"]}""", (await cloud.Ok("GET", $"/networks/{id}/tags")).ToJsonString());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"network": null}""")]
    [InlineData("""{"network": {"name": null}}""")]
    [InlineData("""{"network": {"name": 5}}""")]
    [InlineData("""{"network": {"name": "a\u0000b"}}""")]
    [InlineData("""{"network": {"admin_state_up": "perhaps"}}""")]
    [InlineData("""{"network": {"mtu": 9000}}""")]
    [InlineData("""{"network": {"mtu": -1}}""")]
    [InlineData("""{"network": {}, "networks": []}""")]
    [InlineData("""{"networks": []}""")]
    [InlineData("""{"networks": [null]}""")]
    [InlineData("""{"network": {"subnets": []}}""")]
    public async Task Bad_bodies_are_400(string body)
    {
        await using var cloud = await NetworkCloud.Start(node: false);
        await cloud.Ok("POST", "/networks", body, status: 400);
    }

    [Fact]
    public async Task Names_have_a_limit_and_paths_are_no_tricks()
    {
        await using var cloud = await NetworkCloud.Start(node: false);
        await cloud.Network(new string('n', 255));
        await cloud.Ok("POST", "/networks", new { network = new { name = new string('n', 256) } }, status: 400);
        foreach (var path in new[] { "/networks/..%2f..%2fetc", "/ports/%27%20OR%201=1", "/subnets/" + new string('x', 3000) })
        {
            await cloud.Ok("GET", path, status: 404);
        }
    }
}
