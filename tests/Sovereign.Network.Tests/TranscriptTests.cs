using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>Members of answers are those of a stock Neutron, in a member's view.</summary>
public sealed class TranscriptTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    private const string Network = "id name tenant_id admin_state_up mtu status subnets shared availability_zone_hints availability_zones ipv4_address_scope "
        + "ipv6_address_scope router:external description dns_domain port_security_enabled qos_policy_id is_default tags "
        + "created_at updated_at revision_number project_id";

    private const string Subnet = "id name tenant_id network_id ip_version subnetpool_id enable_dhcp ipv6_ra_mode ipv6_address_mode gateway_ip cidr "
        + "allocation_pools host_routes dns_nameservers description service_types dns_publish_fixed_ip tags created_at updated_at revision_number project_id";

    private const string Port = "id name network_id tenant_id mac_address admin_state_up status device_id device_owner fixed_ips allowed_address_pairs "
        + "dns_name dns_domain dns_assignment extra_dhcp_opts security_groups description binding:vnic_type port_security_enabled "
        + "qos_policy_id qos_network_policy_id tags created_at updated_at "
        + "revision_number project_id";

    private const string Router = "id name tenant_id admin_state_up status external_gateway_info description availability_zones availability_zone_hints routes "
        + "flavor_id tags created_at updated_at revision_number project_id";

    private const string FloatingIp = "id tenant_id floating_ip_address floating_network_id router_id port_id fixed_ip_address status description qos_policy_id "
        + "port_details tags created_at updated_at revision_number project_id";

    private const string Rule = "id tenant_id security_group_id ethertype direction protocol port_range_min port_range_max remote_ip_prefix "
        + "remote_address_group_id normalized_cidr remote_group_id description created_at updated_at revision_number project_id";

    private const string Group = "id name stateful tenant_id description shared security_group_rules tags created_at updated_at revision_number project_id";

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Everyday_answers_have_the_members_of_the_original(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var network = await cloud.Ok("POST", "/networks", new { network = new { name = "tnet2", port_security_enabled = true, mtu = "1400", admin_state_up = true } });
        Same(Network, network["network"]!);
        Assert.Equal(1400, (int)network["network"]!["mtu"]!);
        var networkId = (string)network["network"]!["id"]!;
        var subnet = await cloud.Ok("POST", "/subnets", new
        {
            subnet = new
            {
                network_id = networkId, name = "tsub", cidr = "10.30.0.0/24", ip_version = 4, dns_nameservers = new[] { "192.0.2.53" },
                allocation_pools = new[] { new { start = "10.30.0.10", end = "10.30.0.200" } },
            },
        });
        Same(Subnet, subnet["subnet"]!);
        Assert.Equal("10.30.0.1", (string?)subnet["subnet"]!["gateway_ip"]);
        var subnetId = (string)subnet["subnet"]!["id"]!;
        var port = await cloud.Ok("POST", "/ports", new
        {
            port = new { network_id = networkId, name = "tport", admin_state_up = true, fixed_ips = new[] { new { subnet_id = subnetId, ip_address = "10.30.0.50" } } },
        });
        Same(Port, port["port"]!);
        Assert.Equal("DOWN", (string?)port["port"]!["status"]);
        Assert.StartsWith("fa:16:3e:", (string?)port["port"]!["mac_address"], StringComparison.Ordinal);
        var router = await cloud.Router(subnetId, gateway: true);
        Same(Router, (await cloud.Ok("GET", "/routers/" + router))["router"]!);
        var floating = await cloud.Ok("POST", "/floatingips", new { floatingip = new { floating_network_id = await cloud.Public(), port_id = port["port"]!["id"] } });
        Same(FloatingIp, floating["floatingip"]!);
        Assert.Equal("10.30.0.50", (string?)floating["floatingip"]!["fixed_ip_address"]);
        Assert.Equal(router, (string?)floating["floatingip"]!["router_id"]);
        var group = await cloud.Ok("POST", "/security-groups", new { security_group = new { name = "ssg", description = "ssg" } });
        Same(Group, group["security_group"]!);
        Assert.Equal(2, group["security_group"]!["security_group_rules"]!.AsArray().Count);
        var rule = await cloud.Ok("POST", "/security-group-rules", new
        {
            security_group_rule = new
            {
                security_group_id = (string)group["security_group"]!["id"]!, protocol = "icmp", direction = "ingress", ethertype = "IPv4", remote_ip_prefix = "0.0.0.0/0",
            },
        });
        Same(Rule, rule["security_group_rule"]!);
        Assert.Equal("0.0.0.0/0", (string?)rule["security_group_rule"]!["normalized_cidr"]);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Rules_inside_their_group_have_a_number_and_those_of_a_new_group_no_description(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var group = (await cloud.Ok("POST", "/security-groups", new { security_group = new { name = "g" } }))["security_group"]!;
        var rules = group["security_group_rules"]!.AsArray();
        Assert.All(rules, rule => Assert.Null(rule!["description"]));
        Assert.Equal(2, rules.Select(rule => (long)rule!["standard_attr_id"]!).Distinct().Count());
        var shown = (await cloud.Ok("GET", $"/security-group-rules/{rules[0]!["id"]}"))["security_group_rule"]!.AsObject();
        Assert.False(shown.ContainsKey("standard_attr_id"));
    }

    [Fact]
    public async Task Only_the_answer_to_a_creation_says_that_a_network_is_not_the_default_one()
    {
        await using var cloud = await NetworkCloud.Start();
        var made = (await cloud.Ok("POST", "/networks", new { network = new { name = "n" } }))["network"]!;
        Assert.False((bool)made["is_default"]!);
        Assert.False((await cloud.Ok("GET", $"/networks/{made["id"]}"))["network"]!.AsObject().ContainsKey("is_default"));
        Assert.True((bool)(await cloud.Ok("GET", "/networks/" + await cloud.Public()))["network"]!["is_default"]!);
    }

    [Fact]
    public async Task Without_dns_names_nothing_has_or_takes_them()
    {
        await using var cloud = await NetworkCloud.Start(dns: false);
        var network = await cloud.Network();
        var subnet = (await cloud.Ok("GET", "/subnets/" + await cloud.Subnet(network)))["subnet"]!.AsObject();
        Assert.False(subnet.ContainsKey("dns_publish_fixed_ip"));
        Assert.False((await cloud.Ok("GET", "/networks/" + network))["network"]!.AsObject().ContainsKey("dns_domain"));
        var port = (await cloud.Ok("GET", "/ports/" + await cloud.Port(network)))["port"]!.AsObject();
        Assert.DoesNotContain(port, member => member.Key.StartsWith("dns_", StringComparison.Ordinal));
        await cloud.Refused(400, "HTTPBadRequest", "POST", "/networks", new { network = new { dns_domain = "x.example." } });
        await cloud.Refused(400, "HTTPBadRequest", "PUT", $"/subnets/{subnet["id"]}", new { subnet = new { dns_publish_fixed_ip = true } });
        await cloud.Refused(400, "HTTPBadRequest", "POST", "/ports", new { ports = new[] { new { network_id = network, dns_name = "web" } } });
        Assert.DoesNotContain("\"dns-", (await cloud.Ok("GET", "/extensions")).ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(404, (await cloud.Cloud.Send("GET", "/network/v2.0/extensions/dns-integration")).Status);
    }

    [Fact]
    public async Task Admins_see_provider_attributes_and_bindings()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Ok("GET", "/networks/" + await cloud.Public(), token: "admin");
        Assert.Equal("flat", (string?)network["network"]!["provider:network_type"]);
        Assert.Equal("physnet1", (string?)network["network"]!["provider:physical_network"]);
        Assert.True(network["network"]!.AsObject().ContainsKey("provider:segmentation_id"));
        var own = await cloud.Network(token: "admin");
        var port = await cloud.Ok("GET", "/ports/" + await cloud.Port(own, "admin"), token: "admin");
        Assert.Equal("unbound", (string?)port["port"]!["binding:vif_type"]);
    }

    [Fact]
    public async Task Names_that_are_no_ids_are_answered_in_the_words_of_the_original()
    {
        await using var cloud = await NetworkCloud.Start();
        foreach (var (path, type, message) in new[]
        {
            ("/networks/x", "NetworkNotFound", "Network x could not be found."), ("/routers/x", "RouterNotFound", "Router x could not be found"),
            ("/floatingips/1.2.3.4", "FloatingIPNotFound", "Floating IP 1.2.3.4 could not be found"), ("/ports/x", "PortNotFound", "Port x could not be found."),
            ("/subnets/x", "SubnetNotFound", "Subnet x could not be found."), ("/security-groups/x", "SecurityGroupNotFound", "Security group x does not exist"),
            ("/security-group-rules/x", "SecurityGroupRuleNotFound", "Security group rule x does not exist"),
        })
        {
            var reply = await cloud.Cloud.Send("GET", "/network/v2.0" + path);
            Assert.Equal(404, reply.Status);
            Assert.Equal(type, (string?)reply.Json["NeutronError"]!["type"]);
            Assert.Equal(message, (string?)reply.Json["NeutronError"]!["message"]);
        }
    }

    [Fact]
    public async Task The_first_node_brings_the_external_network()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = (await cloud.Ok("GET", "/networks?router:external=true"))["networks"]![0]!;
        Assert.Equal("public", (string?)network["name"]);
        var subnet = (await cloud.Ok("GET", "/subnets/" + network["subnets"]![0], token: "admin"))["subnet"]!;
        Assert.Equal("172.30.0.0/24", (string?)subnet["cidr"]);
        Assert.Equal("172.30.0.1", (string?)subnet["gateway_ip"]);
        Assert.False((bool)subnet["enable_dhcp"]!);
        await cloud.Hello("node-2");
        Assert.Single((await cloud.Ok("GET", "/networks?router:external=true"))["networks"]!.AsArray());
    }

    [Fact]
    public async Task Discovery_extensions_and_quotas_answer()
    {
        await using var cloud = await NetworkCloud.Start();
        Assert.Equal("v2.0", (string?)(await cloud.Cloud.Send("GET", "/network/", token: null)).Json["versions"]![0]!["id"]);
        Assert.Equal(200, (await cloud.Cloud.Send("GET", "/network/v2.0", token: null)).Status);
        Assert.Equal(200, (await cloud.Cloud.Send("GET", "/network/v2.0/extensions/router")).Status);
        var missing = await cloud.Cloud.Send("GET", "/network/v2.0/extensions/Availability%20Zone");
        Assert.Equal((404, "text/html; charset=UTF-8"), (missing.Status, missing.Headers["Content-Type"]));
        Assert.Contains("\nExtension with alias Availability Zone does not exist\n", missing.Text, StringComparison.Ordinal);
        var project = TestCallers.Id("project-a");
        var quota = await cloud.Ok("PUT", "/quotas/" + project, new { quota = new { network = 1 } }, "admin");
        Assert.Equal(1, (int)quota["quota"]!["network"]!);
        await cloud.Network();
        await cloud.Refused(409, "OverQuota", "POST", "/networks", new { network = new { name = "second" } });
        var details = await cloud.Ok("GET", $"/quotas/{project}/details");
        Assert.Equal("""{"limit":1,"used":1,"reserved":0}""", details["quota"]!["network"]!.ToJsonString());
        await cloud.Ok("DELETE", "/quotas/" + project, token: "admin");
        Assert.Equal(100, (int)(await cloud.Ok("GET", "/quotas/" + project))["quota"]!["network"]!);
        Assert.Equal(403, (await cloud.Cloud.Send("PUT", "/network/v2.0/quotas/" + project, "member-a", new { quota = new { network = 9 } })).Status);
        Assert.Equal(403, (await cloud.Cloud.Send("GET", "/network/v2.0/quotas/" + project, "member-b")).Status);
    }

    private static void Same(string members, JsonNode view) =>
        Assert.Equal(members.Split(' ').Order(StringComparer.Ordinal), view.AsObject().Select(member => member.Key).Order(StringComparer.Ordinal));
}
