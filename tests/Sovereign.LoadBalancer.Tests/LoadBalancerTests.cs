using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.LoadBalancer.Tests;

public class LoadBalancerTests
{
    [Fact]
    public async Task It_waits_for_its_node_and_is_active_then()
    {
        await using var cloud = await BalancerCloud.Start();
        var (network, subnet) = await cloud.Net();
        var made = (await cloud.Ok("POST", "/loadbalancers", new
        {
            loadbalancer = new
            {
                name = "web", description = "of the shop",
                vip_subnet_id = subnet
            }
        }))["loadbalancer"]!;
        Assert.Equal("PENDING_CREATE", (string?)made["provisioning_status"]);
        Assert.Equal("OFFLINE", (string?)made["operating_status"]);
        Assert.Equal("haproxy", (string?)made["provider"]);
        Assert.Equal(network, (string?)made["vip_network_id"]);
        var id = (string)made["id"]!;
        await cloud.Obey();
        var shown = await cloud.Show("/loadbalancers/" + id);
        Assert.Equal("ACTIVE", (string?)shown["provisioning_status"]);
        Assert.Equal("ONLINE", (string?)shown["operating_status"]);
        var spec = await cloud.Spec(id);
        Assert.Equal([(string)shown["vip_address"]!], spec!.Addresses);
    }

    [Fact]
    public async Task Its_port_is_the_tenants_and_named_and_owned_as_Octavias()
    {
        await using var cloud = await BalancerCloud.Start();
        var id = await cloud.Balancer();
        var portId = (string)(await cloud.Show("/loadbalancers/" + id))["vip_port_id"]!;
        var port = (await cloud.Network("GET", "/ports/" + portId))["port"]!;
        Assert.Equal("Octavia", (string?)port["device_owner"]);
        Assert.Equal("lb-" + id, (string?)port["device_id"]);
        Assert.Equal("octavia-lb-" + id, (string?)port["name"]);
        Assert.Equal(TestCallers.Id("project-a"), (string?)port["project_id"]);
        Assert.Equal("ACTIVE", (string?)port["status"]);
        Assert.Single(port["security_groups"]!.AsArray());
        Assert.Equal(409, (await cloud.Cloud.Send("DELETE", "/network/v2.0/ports/" + portId)).Status);
        Assert.True((await cloud.Manifest())[(ItemKinds.Port, portId)].Port!.Held);
    }

    [Fact]
    public async Task The_group_of_its_own_lets_in_what_listeners_listen_for()
    {
        await using var cloud = await BalancerCloud.Start();
        var id = await cloud.Balancer();
        await cloud.Part("/listeners", new { listener = new { loadbalancer_id = id, protocol = "TCP", protocol_port = 443, allowed_cidrs = new[] { "192.0.2.7/24" } } });
        var groups = (await cloud.Manifest()).Values.Select(item => item.Group).OfType<GroupSpec>().ToList();
        var rule = Assert.Single(Assert.Single(groups).Rules, rule => rule.Ingress);
        Assert.Equal((443, 443, "192.0.2.0/24", "tcp"), (rule.PortMin, rule.PortMax, rule.RemoteCidr, rule.Protocol));
    }

    [Fact]
    public async Task Its_deletion_takes_port_group_rows_and_quota()
    {
        await using var cloud = await BalancerCloud.Start();
        var id = await cloud.Balancer();
        await cloud.Listener(id);
        Assert.Contains("has children", await cloud.Refused(400, "DELETE", "/loadbalancers/" + id), StringComparison.Ordinal);
        await cloud.Ok("DELETE", $"/loadbalancers/{id}?cascade=true");
        Assert.Equal("PENDING_DELETE", (string?)(await cloud.Show("/loadbalancers/" + id))["provisioning_status"]);
        await cloud.Refused(409, "DELETE", $"/loadbalancers/{id}?cascade=true");
        await cloud.Obey();
        await cloud.Refused(404, "GET", "/loadbalancers/" + id);
        Assert.DoesNotContain((await cloud.Network("GET", "/ports"))["ports"]!.AsArray(), port => (string?)port!["device_owner"] == "Octavia");
        Assert.DoesNotContain(await cloud.Manifest(), item => item.Key.Kind is ItemKinds.Balancer or ItemKinds.Port or ItemKinds.Group);
        Assert.Equal(0, cloud.Cloud.Kernel.Database.Read(session => session.Scalar<long>("SELECT COUNT(*) FROM security_groups WHERE project_id = ''")));
    }

    [Fact]
    public async Task What_is_pending_is_immutable()
    {
        await using var cloud = await BalancerCloud.Start();
        var (_, subnet) = await cloud.Net();
        var id = await cloud.Id("/loadbalancers", new { loadbalancer = new { vip_subnet_id = subnet } });
        Assert.Equal(
            $"Load Balancer {id} is immutable and cannot be updated.",
            await cloud.Refused(409, "PUT", "/loadbalancers/" + id, new { loadbalancer = new { name = "x" } }));
        await cloud.Refused(409, "POST", "/listeners", new { listener = new { loadbalancer_id = id, protocol = "TCP", protocol_port = 1 } });
        await cloud.Refused(409, "DELETE", "/loadbalancers/" + id);
    }

    [Fact]
    public async Task One_body_makes_a_whole_tree()
    {
        await using var cloud = await BalancerCloud.Start();
        var (_, subnet) = await cloud.Net();
        var body = new
        {
            loadbalancer = new
            {
                name = "whole", vip_subnet_id = subnet,
                pools = new object[] { new { name = "spare", protocol = "HTTP", lb_algorithm = "SOURCE_IP" } },
                listeners = new object[]
                {
                    new
                    {
                        name = "http", protocol = "HTTP", protocol_port = 80,
                        default_pool = new
                        {
                            name = "main", protocol = "HTTP", lb_algorithm = "ROUND_ROBIN", session_persistence = new { type = "HTTP_COOKIE" },
                            healthmonitor = new { type = "HTTP", delay = 5, timeout = 2, max_retries = 2, url_path = "/up" },
                            members = new object[] { new { address = "10.0.0.7", protocol_port = 8080 }, new { address = "10.0.0.8", protocol_port = 8080,
                                backup = true } },
                        },
                        l7policies = new object[]
                        {
                            new
                            {
                                action = "REDIRECT_TO_POOL", redirect_pool = new { name = "spare" },
                                rules = new object[] { new { type = "PATH", compare_type = "STARTS_WITH", value = "/spare" } },
                            },
                            new { action = "REJECT", position = 1, rules = new object[] { new { type = "HEADER", compare_type = "EQUAL_TO", key = "X-Bad",
                                value = "1", invert = true } } },
                        },
                    },
                },
            },
        };
        var made = (await cloud.Ok("POST", "/loadbalancers", body))["loadbalancer"]!;
        Assert.Single(made["listeners"]!.AsArray());
        Assert.Equal(2, made["pools"]!.AsArray().Count);
        await cloud.Obey();
        var spec = (await cloud.Spec((string)made["id"]!))!;
        var listener = Assert.Single(spec.Listeners);
        Assert.Equal(["REJECT", "REDIRECT_TO_POOL"], listener.Policies.Select(policy => policy.Action));
        Assert.Equal(2, spec.Pools.Single(pool => pool.Id == listener.PoolId).Members.Count);
        var tree = (await cloud.Ok("GET", $"/loadbalancers/{made["id"]}/status"))["statuses"]!["loadbalancer"]!;
        var main = tree["listeners"]![0]!["pools"]!.AsArray().Single(pool => (string?)pool!["name"] == "main")!;
        Assert.Equal("ACTIVE", (string?)main["members"]![0]!["provisioning_status"]);
        Assert.Equal("ONLINE", (string?)tree["listeners"]![0]!["l7policies"]![0]!["rules"]![0]!["operating_status"]);
    }

    [Fact]
    public async Task A_body_with_one_bad_part_makes_nothing()
    {
        await using var cloud = await BalancerCloud.Start();
        var (_, subnet) = await cloud.Net();
        await cloud.Refused(400, "POST", "/loadbalancers", new
        {
            loadbalancer = new
            {
                vip_subnet_id = subnet, listeners = new object[] { new { protocol = "HTTP", protocol_port = 80 }, new { protocol = "HTTP",
                protocol_port = 0 } }
            },
        });
        Assert.Empty((await cloud.Ok("GET", "/loadbalancers"))["loadbalancers"]!.AsArray());
        Assert.Empty((await cloud.Network("GET", "/ports?device_owner=Octavia"))["ports"]!.AsArray());
    }

    [Fact]
    public async Task A_port_of_the_user_is_taken_and_given_back()
    {
        await using var cloud = await BalancerCloud.Start();
        var (network, _) = await cloud.Net();
        var port = await cloud.Id("/ports", new { port = new { network_id = network } }, root: "/network/v2.0");
        var id = await cloud.Id("/loadbalancers", new { loadbalancer = new { vip_port_id = port } });
        await cloud.Obey();
        await cloud.Refused(409, "POST", "/loadbalancers", new { loadbalancer = new { vip_port_id = port } });
        Assert.Equal("Octavia", (string?)(await cloud.Network("GET", "/ports/" + port))["port"]!["device_owner"]);
        await cloud.Ok("DELETE", "/loadbalancers/" + id);
        await cloud.Obey();
        var free = (await cloud.Network("GET", "/ports/" + port))["port"]!;
        Assert.Equal(("", ""), ((string?)free["device_owner"], (string?)free["device_id"]));
        Assert.Single(free["security_groups"]!.AsArray());
    }

    [Fact]
    public async Task Groups_that_the_user_chose_say_alone_who_may_come()
    {
        await using var cloud = await BalancerCloud.Start();
        var (_, subnet) = await cloud.Net();
        var group = await cloud.Id("/security-groups", new { security_group = new { name = "mine" } }, root: "/network/v2.0");
        var id = await cloud.Id("/loadbalancers", new { loadbalancer = new { vip_subnet_id = subnet, vip_sg_ids = new[] { group } } });
        await cloud.Obey();
        var shown = await cloud.Show("/loadbalancers/" + id);
        Assert.Equal(group, (string?)shown["vip_sg_ids"]![0]);
        var port = (await cloud.Network("GET", "/ports/" + shown["vip_port_id"]))["port"]!;
        Assert.Equal([group], port["security_groups"]!.AsArray().Select(each => (string?)each));
        await cloud.Ok("PUT", "/loadbalancers/" + id, new { loadbalancer = new { vip_sg_ids = Array.Empty<string>() } });
        await cloud.Obey();
        port = (await cloud.Network("GET", "/ports/" + shown["vip_port_id"]))["port"]!;
        Assert.NotEqual(group, (string?)Assert.Single(port["security_groups"]!.AsArray()));
    }

    [Fact]
    public async Task Another_project_finds_nothing()
    {
        await using var cloud = await BalancerCloud.Start();
        var id = await cloud.Balancer();
        var listener = await cloud.Listener(id);
        var pool = await cloud.Pool(id);
        var member = await cloud.Part($"/pools/{pool}/members", new { member = new { address = "10.0.0.9", protocol_port = 80 } });
        foreach (var path in new[] { $"/loadbalancers/{id}", $"/listeners/{listener}", $"/pools/{pool}", $"/pools/{pool}/members/{member}", $"/loadbalancers/{id}/status",
            $"/loadbalancers/{id}/stats", $"/listeners/{listener}/stats", $"/pools/{pool}/members" })
        {
            await cloud.Refused(404, "GET", path, token: "member-b");
        }

        await cloud.Refused(404, "PUT", "/loadbalancers/" + id, new { loadbalancer = new { name = "x" } }, "member-b");
        await cloud.Refused(404, "DELETE", "/listeners/" + listener, token: "member-b");
        await cloud.Refused(404, "POST", "/listeners", new { listener = new { loadbalancer_id = id, protocol = "TCP", protocol_port = 9 } }, "member-b");
        await cloud.Refused(404, "PUT", $"/pools/{pool}/members", new { members = Array.Empty<object>() }, "member-b");
        Assert.Empty((await cloud.Ok("GET", "/loadbalancers", token: "member-b"))["loadbalancers"]!.AsArray());
        await cloud.Refused(403, "DELETE", "/listeners/" + listener, token: "reader-a");
    }

    [Fact]
    public async Task Roles_of_the_original_work_as_the_plain_ones_do()
    {
        await using var cloud = await BalancerCloud.Start();
        cloud.Cloud.Callers.Add("lb-member", "project-a", "load-balancer_member");
        cloud.Cloud.Callers.Add("lb-observer", "project-a", "load-balancer_observer");
        cloud.Cloud.Callers.Add("lb-global", "project-b", "load-balancer_global_observer");
        cloud.Cloud.Callers.Add("lb-none", "project-a", "other");
        var id = await cloud.Balancer();
        await cloud.Ok("PUT", "/loadbalancers/" + id, new { loadbalancer = new { name = "renamed" } }, "lb-member");
        await cloud.Obey();
        await cloud.Ok("GET", "/loadbalancers/" + id, token: "lb-observer");
        await cloud.Ok("GET", "/loadbalancers/" + id, token: "lb-global");
        Assert.Equal("Policy does not allow this request to be performed.", await cloud.Refused(403, "DELETE", "/loadbalancers/" + id, token: "lb-observer"));
        await cloud.Refused(403, "GET", "/loadbalancers/" + id, token: "lb-none");
    }

    [Fact]
    public async Task The_quota_is_exact_at_the_limit_and_one_past_it()
    {
        await using var cloud = await BalancerCloud.Start();
        var (_, subnet) = await cloud.Net();
        var project = TestCallers.Id("project-a");
        var quota = (await cloud.Ok("PUT", "/quotas/" + project, new { quota = new { load_balancer = 1, listener = 2 } }, "admin", 202))["quota"]!;
        Assert.Equal((1, 1, 2), ((int)quota["loadbalancer"]!, (int)quota["load_balancer"]!, (int)quota["listener"]!));
        var id = await cloud.Id("/loadbalancers", new { loadbalancer = new { vip_subnet_id = subnet } });
        await cloud.Obey();
        Assert.Equal(
            "Quota has been met for resources: loadbalancer", await cloud.Refused(403, "POST", "/loadbalancers", new { loadbalancer = new { vip_subnet_id = subnet } }));
        await cloud.Listener(id, port: 1);
        var last = await cloud.Listener(id, port: 2);
        await cloud.Refused(403, "POST", "/listeners", new { listener = new { loadbalancer_id = id, protocol = "TCP", protocol_port = 3 } });
        await cloud.Ok("DELETE", "/listeners/" + last);
        await cloud.Obey();
        await cloud.Listener(id, port: 3);
        await cloud.Refused(403, "GET", "/quotas/" + TestCallers.Id("project-b"));
        await cloud.Ok("DELETE", "/quotas/" + project, token: "admin");
        Assert.Equal(10, (int)(await cloud.Ok("GET", "/quotas/" + project))["quota"]!["loadbalancer"]!);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"loadbalancer\": 3}")]
    [InlineData("{\"loadbalancer\": {}}")]
    [InlineData("{\"loadbalancer\": {\"vip_subnet_id\": 7}}")]
    [InlineData("{\"loadbalancer\": {\"unknown\": 7}}")]
    [InlineData("{\"loadbalancer\": {\"vip_network_id\": \"SUBNET\", \"vip_address\": \"nowhere\"}}")]
    [InlineData("{\"loadbalancer\": {\"vip_subnet_id\": \"SUBNET\", \"provider\": \"amphora\"}}")]
    [InlineData("{\"loadbalancer\": {\"vip_subnet_id\": \"SUBNET\", \"tags\": [\"a,b\"]}}")]
    [InlineData("{\"loadbalancer\": {\"vip_subnet_id\": \"SUBNET\", \"listeners\": null, \"name\": \"NAME\"}}")]
    [InlineData("[")]
    public async Task Bad_input_is_400_with_a_reason(string body)
    {
        await using var cloud = await BalancerCloud.Start();
        var (_, subnet) = await cloud.Net();
        body = body.Replace("SUBNET", subnet, StringComparison.Ordinal).Replace("NAME", new string('x', 256), StringComparison.Ordinal);
        Assert.NotEmpty(await cloud.Refused(400, "POST", "/loadbalancers", body));
    }

    [Fact]
    public async Task Without_a_node_it_waits_and_a_node_that_comes_takes_it()
    {
        await using var cloud = await BalancerCloud.Start(node: false);
        var (_, subnet) = await cloud.Net();
        var id = await cloud.Id("/loadbalancers", new { loadbalancer = new { vip_subnet_id = subnet } });
        await cloud.Settled();
        Assert.Equal("PENDING_CREATE", (string?)(await cloud.Show("/loadbalancers/" + id))["provisioning_status"]);
        var node = await cloud.Hello("late");
        await cloud.Obey(node);
        Assert.Equal("ACTIVE", (string?)(await cloud.Show("/loadbalancers/" + id))["provisioning_status"]);
    }

    [Fact]
    public async Task A_failover_goes_to_another_node_with_its_port()
    {
        await using var cloud = await BalancerCloud.Start();
        var id = await cloud.Balancer();
        var second = await cloud.Hello("node-2");
        await cloud.Refused(403, "PUT", $"/loadbalancers/{id}/failover");
        await cloud.Ok("PUT", $"/loadbalancers/{id}/failover", token: "admin", status: 202);
        await cloud.Obey(cloud.Node, second);
        Assert.Null(await cloud.Spec(id));
        var moved = (await cloud.Spec(id, second))!;
        Assert.Equal(1, moved.Generation);
        Assert.Contains((ItemKinds.Port, moved.PortId), (await cloud.Manifest(second)).Keys);
        Assert.DoesNotContain((ItemKinds.Port, moved.PortId), (await cloud.Manifest()).Keys);
        Assert.Equal("ACTIVE", (string?)(await cloud.Show("/loadbalancers/" + id))["provisioning_status"]);
    }

    [Fact]
    public async Task What_the_node_can_not_make_is_in_error_until_it_can()
    {
        await using var cloud = await BalancerCloud.Start();
        var id = await cloud.Balancer();
        cloud.Broken[id] = "haproxy is not installed";
        var listener = await cloud.Listener(id);
        Assert.Equal("ERROR", (string?)(await cloud.Show("/loadbalancers/" + id))["provisioning_status"]);
        Assert.Equal("ERROR", (string?)(await cloud.Show("/listeners/" + listener))["provisioning_status"]);
        cloud.Broken.Clear();
        await cloud.Obey();
        Assert.Equal("ACTIVE", (string?)(await cloud.Show("/listeners/" + listener))["provisioning_status"]);
    }

    [Fact]
    public async Task Lists_filter_sort_page_and_show_the_fields_that_are_asked_for()
    {
        await using var cloud = await BalancerCloud.Start();
        var (_, subnet) = await cloud.Net();
        for (var i = 0; i < 3; i++)
        {
            await cloud.Id("/loadbalancers", new { loadbalancer = new { name = $"lb-{i}", vip_subnet_id = subnet, tags = new[] { i == 1 ? "odd" : "even" } } });
        }

        await cloud.Obey();
        var page = await cloud.Ok("GET", "/loadbalancers?limit=2&sort=name:desc&fields=name");
        Assert.Equal(["lb-2", "lb-1"], page["loadbalancers"]!.AsArray().Select(lb => (string?)lb!["name"]));
        Assert.Single(page["loadbalancers"]![0]!.AsObject());
        Assert.Equal("next", (string?)page["loadbalancers_links"]![0]!["rel"]);
        Assert.Equal("lb-1", (string?)Assert.Single((await cloud.Ok("GET", "/loadbalancers?tags=odd"))["loadbalancers"]!.AsArray())!["name"]);
        Assert.Equal(2, (await cloud.Ok("GET", "/loadbalancers?not-tags=odd"))["loadbalancers"]!.AsArray().Count);
        Assert.Single((await cloud.Ok("GET", "/loadbalancers?name=lb-0"))["loadbalancers"]!.AsArray());
        await cloud.Refused(400, "GET", "/loadbalancers?limit=x");
        await cloud.Refused(400, "GET", "/loadbalancers?marker=nothing");
    }

    [Fact]
    public async Task Versions_providers_zones_and_flavors_are_what_is_true()
    {
        await using var cloud = await BalancerCloud.Start();
        var versions = (await cloud.Cloud.Send("GET", "/load-balancer/", token: null)).Json["versions"]!.AsArray();
        Assert.Equal("http://cloud.example:8443/load-balancer/v2", (string?)versions[0]!["links"]![0]!["href"]);
        Assert.Equal("haproxy", (string?)(await cloud.Ok("GET", "/providers"))["providers"]![0]!["name"]);
        Assert.Empty((await cloud.Ok("GET", "/availabilityzones"))["availability_zones"]!.AsArray());
        var profile = await cloud.Id("/flavorprofiles", new { flavorprofile = new { name = "plain", provider_name = "haproxy", flavor_data = "{}" } }, "admin");
        await cloud.Refused(501, "POST", "/flavorprofiles", new
        {
            flavorprofile = new
            {
                name = "ha", provider_name = "haproxy",
                flavor_data = "{\"loadbalancer_topology\": \"X\"}"
            }
        }, "admin");
        var flavor = await cloud.Id("/flavors", new { flavor = new { name = "standard", flavor_profile_id = profile } }, "admin");
        await cloud.Refused(403, "POST", "/flavors", new { flavor = new { name = "mine", flavor_profile_id = profile } });
        await cloud.Refused(409, "DELETE", "/flavorprofiles/" + profile, token: "admin");
        var (_, subnet) = await cloud.Net();
        var id = await cloud.Id("/loadbalancers", new { loadbalancer = new { vip_subnet_id = subnet, flavor_id = flavor } });
        Assert.Equal(flavor, (string?)(await cloud.Show("/loadbalancers/" + id))["flavor_id"]);
        await cloud.Refused(409, "DELETE", "/flavors/" + flavor, token: "admin");
        Assert.Equal(404, (await cloud.Cloud.Send("GET", BalancerCloud.Root.Replace("lbaas", "octavia/amphorae", StringComparison.Ordinal), "admin")).Status);
    }

    [Fact]
    public async Task A_floating_ip_finds_the_address()
    {
        await using var cloud = await BalancerCloud.Start();
        var (_, subnet) = await cloud.Net();
        var external = (string)(await cloud.Network("GET", "/networks?name=public"))["networks"]![0]!["id"]!;
        var router = await cloud.Id("/routers", new { router = new { external_gateway_info = new { network_id = external } } }, root: "/network/v2.0");
        await cloud.Network("PUT", $"/routers/{router}/add_router_interface", new { subnet_id = subnet });
        var id = await cloud.Id("/loadbalancers", new { loadbalancer = new { vip_subnet_id = subnet } });
        var lb = await cloud.Show("/loadbalancers/" + id);
        var ip = (await cloud.Network("POST", "/floatingips", new
        {
            floatingip = new
            {
                floating_network_id = external,
                port_id = (string)lb["vip_port_id"]!
            }
        }))["floatingip"]!;
        Assert.Equal((string?)lb["vip_address"], (string?)ip["fixed_ip_address"]);
        await cloud.Obey();
    }
}
