using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>Policies, options and agents: what operators give ports.</summary>
public sealed class QosTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_policy_of_a_network_limits_the_ports_on_nodes(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var owner = TestCallers.Id("project-a");
        var policy = await cloud.Id("POST", "/qos/policies", new { policy = new { name = "q", project_id = owner, is_default = true } }, "admin");
        await cloud.Refused(409, "QoSPolicyDefaultAlreadyExists", "POST", "/qos/policies", new { policy = new { project_id = owner, is_default = true } }, "admin");
        var rules = $"/qos/policies/{policy}/bandwidth_limit_rules";
        var rule = await cloud.Id("POST", rules, new { bandwidth_limit_rule = new { max_kbps = 1000 } }, "admin");
        await cloud.Refused(409, "QoSRulesConflict", "POST", rules, new { bandwidth_limit_rule = new { max_kbps = 5 } }, "admin");
        Assert.Equal(403, (await cloud.Cloud.Send("POST", "/network/v2.0" + rules, "member-a", new { bandwidth_limit_rule = new { max_kbps = 5 } })).Status);
        var network = await cloud.Network();
        Assert.Equal(policy, (string?)(await cloud.Ok("GET", "/networks/" + network))["network"]!["qos_policy_id"]);
        await cloud.Subnet(network);
        var port = await cloud.Port(network);
        Assert.Equal(policy, (string?)(await cloud.Ok("GET", "/ports/" + port))["port"]!["qos_network_policy_id"]);
        await Servers.Bind(cloud, "server-1", port);
        Assert.Equal(new RateSpec(1000, 0), (await cloud.Manifest())[(ItemKinds.Port, port)].Port!.Rates!.Egress);
        await cloud.Ok("PUT", $"{rules}/{rule}", new { bandwidth_limit_rule = new { max_kbps = 2000, direction = "ingress" } }, "admin");
        Assert.Equal(new PortRatesSpec(null, new RateSpec(2000, 0)), (await cloud.Manifest())[(ItemKinds.Port, port)].Port!.Rates);
        var shown = (await cloud.Ok("GET", "/qos/policies/" + policy))["policy"]!["rules"]![0]!;
        Assert.Equal(("bandwidth_limit", policy, 2000), ((string?)shown["type"], (string?)shown["qos_policy_id"], (int)shown["max_kbps"]!));
        await cloud.Refused(409, "QosPolicyInUse", "DELETE", "/qos/policies/" + policy, token: "admin");
        await cloud.Ok("PUT", "/networks/" + network, new { network = new { qos_policy_id = (string?)null } });
        Assert.Null((await cloud.Manifest())[(ItemKinds.Port, port)].Port!.Rates);
        await cloud.Ok("DELETE", $"{rules}/{rule}", token: "admin");
        await cloud.Ok("DELETE", "/qos/policies/" + policy, token: "admin");
        await cloud.Ok("GET", "/qos/policies/" + policy, status: 404);
        Assert.Equal("""{"rule_types":[{"type":"bandwidth_limit"}]}""", (await cloud.Ok("GET", "/qos/rule-types")).ToJsonString());
    }

    [Fact]
    public async Task Dhcp_options_of_a_port_reach_its_node()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network();
        await cloud.Subnet(network);
        var made = await cloud.Ok("POST", "/ports", new
        {
            port = new
            {
                network_id = network, dns_name = "web",
                extra_dhcp_opts = new[] { new { opt_name = "bootfile-name", opt_value = "pxelinux.0" }, new { opt_name = "tftp-server", opt_value = "192.0.2.1" } },
            },
        });
        var port = (string)made["port"]!["id"]!;
        Assert.Equal("web.openstacklocal.", (string?)made["port"]!["dns_assignment"]![0]!["fqdn"]);
        await cloud.Ok("PUT", "/ports/" + port, new { port = new { extra_dhcp_opts = new[] { new { opt_name = "tftp-server", opt_value = (string?)null } } } });
        var shown = (await cloud.Ok("GET", "/ports/" + port))["port"]!["extra_dhcp_opts"]!;
        Assert.Equal("""[{"opt_name":"bootfile-name","opt_value":"pxelinux.0","ip_version":4}]""", shown.ToJsonString());
        foreach (var (name, value) in new[] { ("x y", "v"), ("name", "a\nb"), ("name", "  "), ("", "v") })
        {
            await cloud.Refused(
                400, "HTTPBadRequest", "PUT", "/ports/" + port, new { port = new { extra_dhcp_opts = new[] { new { opt_name = name, opt_value = value } } } });
        }

        await Servers.Bind(cloud, "server-1", port);
        Assert.Equal([new DhcpOptionSpec("bootfile-name", "pxelinux.0")], (await cloud.Manifest())[(ItemKinds.Port, port)].Port!.DhcpOptions!);
    }

    [Fact]
    public async Task Agents_are_a_view_of_the_nodes_for_admins()
    {
        await using var cloud = await NetworkCloud.Start();
        var agents = (await cloud.Ok("GET", "/agents", token: "admin"))["agents"]!.AsArray();
        Assert.Equal(4, agents.Count);
        Assert.All(agents, agent => Assert.Equal(("node-1", true), ((string?)agent!["host"], (bool)agent["alive"]!)));
        var one = (await cloud.Ok("GET", "/agents?agent_type=DHCP%20agent", token: "admin"))["agents"]!.AsArray();
        await cloud.Ok("GET", "/agents/" + Assert.Single(one)!["id"], token: "admin");
        Assert.Empty((await cloud.Ok("GET", "/agents"))["agents"]!.AsArray());
        await cloud.Refused(404, "AgentNotFound", "GET", "/agents/x", token: "admin");
    }
}
