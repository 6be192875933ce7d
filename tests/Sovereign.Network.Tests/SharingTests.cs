using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>What projects share with each other, and the lists that networks and rules are made from.</summary>
public sealed class SharingTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_network_is_shared_with_one_project_until_that_uses_it_no_more(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var network = await cloud.Network();
        await cloud.Subnet(network);
        var (a, b) = (TestCallers.Id("project-a"), TestCallers.Id("project-b"));
        object Policy(string target, string action = "access_as_shared") =>
            new { rbac_policy = new { object_type = "network", object_id = network, action, target_tenant = target } };
        await cloud.Ok("GET", "/networks/" + network, token: "member-b", status: 404);
        await cloud.Refused(403, "PolicyNotAuthorized", "POST", "/rbac-policies", Policy("*"));
        await cloud.Refused(404, "NetworkNotFound", "POST", "/rbac-policies", Policy(b), "member-b");
        var made = (await cloud.Ok("POST", "/rbac-policies", Policy(b)))["rbac_policy"]!;
        Assert.Equal(
            (a, b, "network", network),
            ((string?)made["project_id"], (string?)made["target_tenant"], (string?)made["object_type"], (string?)made["object_id"]));
        await cloud.Refused(409, "DuplicateRbacPolicy", "POST", "/rbac-policies", Policy(b));
        Assert.False((bool)(await cloud.Ok("GET", "/networks/" + network))["network"]!["shared"]!);
        Assert.True((bool)(await cloud.Ok("GET", "/networks/" + network, token: "member-b"))["network"]!["shared"]!);
        Assert.Contains(network, (await cloud.Ok("GET", "/networks?shared=true", token: "member-b")).ToJsonString(), StringComparison.Ordinal);
        Assert.Single((await cloud.Ok("GET", "/subnets?network_id=" + network, token: "member-b"))["subnets"]!.AsArray());
        var port = await cloud.Port(network, "member-b");
        await cloud.Refused(409, "RbacPolicyInUse", "DELETE", "/rbac-policies/" + made["id"]);
        await cloud.Ok("DELETE", "/ports/" + port, token: "member-b");
        await cloud.Ok("DELETE", "/rbac-policies/" + made["id"]);
        await cloud.Ok("GET", "/networks/" + network, token: "member-b", status: 404);
    }

    [Fact]
    public async Task Shared_and_external_are_views_of_policies_for_everyone()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network(token: "admin");
        await cloud.Ok("PUT", "/networks/" + network, new { network = new { shared = true } }, "admin");
        var policy = (await cloud.Ok("GET", "/rbac-policies?object_id=" + network, token: "admin"))["rbac_policies"]![0]!;
        Assert.Equal(("access_as_shared", "*"), ((string?)policy["action"], (string?)policy["target_tenant"]));
        await cloud.Ok("DELETE", "/rbac-policies/" + policy["id"], token: "admin");
        Assert.False((bool)(await cloud.Ok("GET", "/networks/" + network, token: "admin"))["network"]!["shared"]!);
        var external = new
        {
            rbac_policy = new { object_type = "network", object_id = network, action = "access_as_external", target_tenant = TestCallers.Id("project-b") },
        };
        await cloud.Ok("POST", "/rbac-policies", external, "admin");
        Assert.True((bool)(await cloud.Ok("GET", "/networks/" + network, token: "member-b"))["network"]!["router:external"]!);
        await cloud.Ok("GET", "/networks/" + network, status: 404);
        await cloud.Ok("DELETE", "/networks/" + network, token: "admin");
        Assert.Empty((await cloud.Ok("GET", "/rbac-policies?object_id=" + network, token: "admin"))["rbac_policies"]!.AsArray());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Subnets_are_cut_from_pools(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var scope = await cloud.Id("POST", "/address-scopes", new { address_scope = new { name = "s", ip_version = 4 } });
        var made = (await cloud.Ok("POST", "/subnetpools", new
        {
            subnetpool = new
            {
                name = "p", prefixes = new[] { "10.8.0.0/24", "10.9.0.0/24" }, default_prefixlen = 26, max_prefixlen = "28", default_quota = 192,
                address_scope_id = scope,
            },
        }))["subnetpool"]!;
        Assert.Equal(
            ("26", "8", "28", 4),
            ((string?)made["default_prefixlen"], (string?)made["min_prefixlen"], (string?)made["max_prefixlen"], (int)made["ip_version"]!));
        var pool = (string)made["id"]!;
        await cloud.Refused(409, "AddressScopeInUse", "DELETE", "/address-scopes/" + scope);
        var network = await cloud.Network();
        async Task<string> Cut(object subnet) => (string)(await cloud.Ok("POST", "/subnets", new { subnet }))["subnet"]!["cidr"]!;
        Assert.Equal("10.8.0.0/26", await Cut(new { network_id = network, subnetpool_id = pool }));
        Assert.Equal("10.8.0.128/25", await Cut(new { network_id = network, subnetpool_id = pool, prefixlen = 25, ip_version = 4 }));
        await cloud.Refused(409, "SubnetPoolQuotaExceeded", "POST", "/subnets", new { subnet = new { network_id = network, subnetpool_id = pool } });
        Assert.Equal(scope, (string?)(await cloud.Ok("GET", "/networks/" + network))["network"]!["ipv4_address_scope"]);
        await cloud.Ok("PUT", "/subnetpools/" + pool, new { subnetpool = new { default_quota = (int?)null } });
        Assert.Equal("10.8.0.64/28", await Cut(new { network_id = network, subnetpool_id = pool, prefixlen = 28 }));
        Assert.Equal("10.9.0.0/26", await Cut(new { network_id = network, subnetpool_id = pool }));
        Assert.Equal("10.9.0.128/26", await Cut(new { network_id = network, subnetpool_id = pool, cidr = "10.9.0.128/26" }));
        await cloud.Refused(409, "SubnetAllocationError", "POST", "/subnets", new { subnet = new { network_id = network, subnetpool_id = pool, prefixlen = 24 } });
        await cloud.Refused(
            400, "MaxPrefixSubnetAllocationError", "POST", "/subnets", new { subnet = new { network_id = network, subnetpool_id = pool, prefixlen = 29 } });
        await cloud.Refused(
            400, "NetworkSubnetPoolAffinityError", "POST", "/subnets", new { subnet = new { network_id = network, ip_version = 4, cidr = "10.20.0.0/24" } });
        await cloud.Refused(400, "InvalidInput", "POST", "/subnets", new { subnet = new { network_id = network, ip_version = 6, subnetpool_id = "prefix_delegation" } });
        await cloud.Refused(400, "SubnetPoolDeleteError", "DELETE", "/subnetpools/" + pool);
        await cloud.Refused(400, "IllegalSubnetPoolPrefixUpdate", "PUT", "/subnetpools/" + pool, new { subnetpool = new { prefixes = new[] { "10.8.0.0/24" } } });
        var wider = await cloud.Ok("PUT", $"/subnetpools/{pool}/add_prefixes", new { prefixes = new[] { "10.10.0.0/25", "10.10.0.128/25" } });
        Assert.Equal("""{"prefixes":["10.8.0.0/24","10.9.0.0/24","10.10.0.0/24"]}""", wider.ToJsonString());
        await cloud.Ok("PUT", $"/subnetpools/{pool}/remove_prefixes", new { prefixes = new[] { "10.10.0.0/24" } });
        var other = await cloud.Network();
        await cloud.Subnet(other, "10.30.0.0/24");
        await cloud.Ok("PUT", $"/subnetpools/{pool}/onboard_network_subnets", new { network_id = other });
        Assert.Equal(pool, (string?)(await cloud.Ok("GET", "/subnets?network_id=" + other))["subnets"]![0]!["subnetpool_id"]);
        await cloud.Ok("GET", "/subnetpools/" + pool, token: "member-b", status: 404);
    }

    [Fact]
    public async Task Rules_about_address_groups_reach_nodes_as_rules_about_their_ranges()
    {
        await using var cloud = await NetworkCloud.Start();
        var group = await cloud.Id("POST", "/address-groups", new { address_group = new { name = "g", addresses = new[] { "10.1.0.0/16", "192.0.2.7", "fd00::/8" } } });
        await cloud.Refused(
            409, "AddressesAlreadyExist", "PUT", $"/address-groups/{group}/add_addresses", new { address_group = new { addresses = new[] { "192.0.2.7/32" } } });
        await cloud.Refused(
            404, "AddressesNotFound", "PUT", $"/address-groups/{group}/remove_addresses", new { address_group = new { addresses = new[] { "192.0.2.8" } } });
        await cloud.Ok("PUT", $"/address-groups/{group}/add_addresses", new { addresses = new[] { "192.0.2.9/32" } });
        var fewer = await cloud.Ok("PUT", $"/address-groups/{group}/remove_addresses", new { addresses = new[] { "192.0.2.9/32" } });
        Assert.Equal("""["10.1.0.0/16","192.0.2.7/32","fd00::/8"]""", fewer["address_group"]!["addresses"]!.ToJsonString());
        var security = await cloud.Id("POST", "/security-groups", new { security_group = new { name = "s" } });
        var rule = new { security_group_id = security, direction = "ingress", protocol = "tcp", remote_address_group_id = group };
        var made = (await cloud.Ok("POST", "/security-group-rules", new { security_group_rule = rule }))["security_group_rule"]!;
        Assert.Equal(group, (string?)made["remote_address_group_id"]);
        await cloud.Refused(409, "AddressGroupInUse", "DELETE", "/address-groups/" + group);
        await cloud.Ok("PUT", $"/address-groups/{group}/remove_addresses", new { address_group = new { addresses = new[] { "10.1.0.0/16" } } });
        var left = (await cloud.Ok("GET", "/address-groups/" + group))["address_group"]!["addresses"]!;
        Assert.Equal("""["192.0.2.7/32","fd00::/8"]""", left.ToJsonString());
    }

    [Fact]
    public async Task A_shared_security_group_can_be_used_and_not_changed_by_others()
    {
        await using var cloud = await NetworkCloud.Start();
        var group = await cloud.Id("POST", "/security-groups", new { security_group = new { name = "s" } });
        var policy = new { object_type = "security_group", object_id = group, action = "access_as_shared", target_tenant = TestCallers.Id("project-b") };
        var made = await cloud.Id("POST", "/rbac-policies", new { rbac_policy = policy });
        Assert.True((bool)(await cloud.Ok("GET", "/security-groups/" + group, token: "member-b"))["security_group"]!["shared"]!);
        var rule = new { security_group_rule = new { security_group_id = group, direction = "ingress" } };
        await cloud.Refused(403, "PolicyNotAuthorized", "POST", "/security-group-rules", rule, "member-b");
        await cloud.Refused(403, "PolicyNotAuthorized", "DELETE", "/security-groups/" + group, token: "member-b");
        var port = new { port = new { network_id = await cloud.Network(token: "member-b"), security_groups = new[] { group } } };
        var used = await cloud.Id("POST", "/ports", port, "member-b");
        await cloud.Refused(409, "RbacPolicyInUse", "DELETE", "/rbac-policies/" + made);
        await cloud.Ok("DELETE", "/ports/" + used, token: "member-b");
        await cloud.Ok("DELETE", "/rbac-policies/" + made);
        await cloud.Ok("GET", "/security-groups/" + group, token: "member-b", status: 404);
    }

    [Fact]
    public async Task New_groups_begin_with_the_default_rules()
    {
        await using var cloud = await NetworkCloud.Start();
        Assert.Equal(4, (await cloud.Ok("GET", "/default-security-group-rules"))["default_security_group_rules"]!.AsArray().Count);
        var rule = new
        {
            default_security_group_rule = new { direction = "ingress", protocol = "tcp", port_range_min = 22, port_range_max = 22, used_in_default_sg = true },
        };
        Assert.Equal(403, (await cloud.Cloud.Send("POST", "/network/v2.0/default-security-group-rules", "member-a", rule)).Status);
        var made = await cloud.Id("POST", "/default-security-group-rules", rule, "admin");
        await cloud.Refused(409, "DefaultSecurityGroupRuleExists", "POST", "/default-security-group-rules", rule, "admin");
        var group = await cloud.Ok("POST", "/security-groups", new { security_group = new { name = "s" } });
        Assert.Equal(3, group["security_group"]!["security_group_rules"]!.AsArray().Count);
        var first = (await cloud.Ok("GET", "/security-groups?name=default"))["security_groups"]![0]!;
        Assert.Equal(5, first["security_group_rules"]!.AsArray().Count);
        await cloud.Ok("DELETE", "/default-security-group-rules/" + made, token: "admin");
    }
}
