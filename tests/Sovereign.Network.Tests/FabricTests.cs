using System.Diagnostics;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>What reaches the nodes' manifests, and what their reports make of rows.</summary>
public sealed class FabricTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Binding_a_server_puts_network_group_and_port_on_its_node_in_one_transaction(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var network = await cloud.Network();
        await cloud.Subnet(network);
        var ports = await Server(cloud, "server-1", network);
        var port = Assert.Single(ports);
        await Write(cloud, tx => cloud.Module.Networks.Bind(tx, "server-1", cloud.Node));
        var manifest = await cloud.Manifest();
        var spec = manifest[(ItemKinds.Port, port.Id)].Port!;
        Assert.Equal("10.0.0.3", Assert.Single(spec.Addresses).Address);
        Assert.Equal("server-1", spec.DomainId);
        var group = manifest[(ItemKinds.Group, Assert.Single(spec.GroupIds))].Group!;
        Assert.Equal(4, group.Rules.Count);
        Assert.Contains("10.0.0.3", group.MemberAddresses);
        var subnet = Assert.Single(manifest[(ItemKinds.Network, network)].Network!.Subnets);
        Assert.Equal(("10.0.0.1", "10.0.0.2"), (subnet.Gateway, subnet.DhcpAddress));
        Assert.Equal("DOWN", (string?)(await cloud.Ok("GET", "/ports/" + port.Id))["port"]!["status"]);
        await cloud.Obey();
        Assert.Equal("ACTIVE", (string?)(await cloud.Ok("GET", "/ports/" + port.Id))["port"]!["status"]);
        Assert.Equal("ACTIVE", (string?)(await cloud.Ok("GET", "/ports?device_owner=network:dhcp"))["ports"]![0]!["status"]);
        await Write(cloud, tx => cloud.Module.Networks.Unbind(tx, "server-1"));
        Assert.False(Gone(cloud, "server-1"));
        await cloud.Obey();
        Assert.True(Gone(cloud, "server-1"));
        Assert.Empty(await cloud.Manifest());
        await Write(cloud, tx => cloud.Module.Networks.Detach(tx, "server-1"));
        Assert.Empty((await cloud.Ok("GET", "/ports?device_id=server-1"))["ports"]!.AsArray());
        await cloud.Ok("DELETE", "/networks/" + network);
        await cloud.Settled();
    }

    [Fact]
    public async Task A_named_port_is_freed_when_its_server_goes_and_one_made_for_it_goes_too()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network();
        await cloud.Subnet(network);
        var own = await cloud.Port(network);
        var attached = await Attach(cloud, "server-1", [new NicRequest(null, own, null, null), new NicRequest(network, null, "10.0.0.77", null)], []);
        Assert.Equal([own, attached.Value[1].Id], attached.Value.Select(port => port.Id));
        Assert.Equal("10.0.0.77", attached.Value[1].Addresses[0].Address);
        Assert.Equal("PortInUse", (await Attach(cloud, "server-2", [new NicRequest(null, own, null, null)], [])).Fault!.Type);
        await Write(cloud, tx => cloud.Module.Networks.Detach(tx, "server-1"));
        var left = (await cloud.Ok("GET", "/ports/" + own))["port"]!;
        Assert.Equal(("", ""), ((string?)left["device_id"], (string?)left["device_owner"]));
        await cloud.Ok("GET", "/ports/" + attached.Value[1].Id, status: 404);
        Assert.Equal("NetworkNotFound", (await Attach(cloud, "s", [new NicRequest("nope", null, null, null)], [])).Fault!.Type);
    }

    [Fact]
    public async Task Members_of_a_group_reach_every_node_that_has_its_ports()
    {
        await using var cloud = await NetworkCloud.Start();
        var second = await cloud.Hello("node-2");
        var network = await cloud.Network();
        await cloud.Subnet(network);
        var a = (await Server(cloud, "server-a", network))[0];
        var b = (await Server(cloud, "server-b", network))[0];
        await Write(cloud, tx => cloud.Module.Networks.Bind(tx, "server-a", cloud.Node));
        await Write(cloud, tx => cloud.Module.Networks.Bind(tx, "server-b", second));
        await cloud.Settled();
        foreach (var node in new[] { cloud.Node, second })
        {
            var manifest = await cloud.Manifest(node);
            var group = manifest.Values.Single(item => item.Group is not null).Group!;
            Assert.Equal(
                new[] { a.Addresses[0].Address, b.Addresses[0].Address }.Order(StringComparer.Ordinal), group.MemberAddresses.Order(StringComparer.Ordinal));
        }

        await cloud.Ok("DELETE", "/ports/" + b.Id);
        await cloud.Settled();
        Assert.Equal([a.Addresses[0].Address], (await cloud.Manifest()).Values.Single(item => item.Group is not null).Group!.MemberAddresses);
        Assert.Empty(await cloud.Manifest(second));
    }

    [Fact]
    public async Task A_network_on_several_nodes_has_a_way_between_them_and_none_on_one()
    {
        await using var cloud = await NetworkCloud.Start();
        await cloud.Hello("node-1", "192.0.2.1");
        var second = await cloud.Hello("node-2", "192.0.2.2", "");
        var network = await cloud.Network();
        await cloud.Subnet(network);
        await Server(cloud, "server-a", network);
        await Server(cloud, "server-b", network);
        await Write(cloud, tx => cloud.Module.Networks.Bind(tx, "server-a", cloud.Node));
        OverlaySpec? Way(Dictionary<(string, string), ManifestItem> manifest) => manifest[(ItemKinds.Network, network)].Network!.Overlay;
        Assert.Null(Way(await cloud.Manifest()));
        await Write(cloud, tx => cloud.Module.Networks.Bind(tx, "server-b", second));
        Assert.Equal(["192.0.2.2"], Way(await cloud.Manifest())!.Remotes);
        Assert.Equal(("192.0.2.2", 4789), (Way(await cloud.Manifest(second))!.Local, Way(await cloud.Manifest(second))!.UdpPort));
        await cloud.Hello("node-2", "192.0.2.9", "");
        await cloud.Settled();
        Assert.Equal(["192.0.2.9"], Way(await cloud.Manifest())!.Remotes);
        await Write(cloud, tx => cloud.Module.Networks.Unbind(tx, "server-b"));
        await cloud.Settled();
        Assert.Null(Way(await cloud.Manifest()));
    }

    [Fact]
    public async Task Routers_are_where_the_external_network_is()
    {
        await using var cloud = await NetworkCloud.Start(node: false);
        await cloud.Hello("node-1", "192.0.2.1", "");
        var network = await cloud.Network();
        var subnet = await cloud.Subnet(network);
        var router = await cloud.Id("POST", "/routers", new { router = new { name = "r" } });
        await cloud.Ok("PUT", $"/routers/{router}/add_router_interface", new { subnet_id = subnet });
        await cloud.Settled();
        var gateway = await cloud.Hello("node-2", "192.0.2.2");
        await cloud.Settled();
        Assert.Contains((ItemKinds.Router, router), (await cloud.Manifest(gateway)).Keys);
    }

    [Fact]
    public async Task Groups_that_rules_are_about_go_where_the_guarded_ports_are()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network();
        await cloud.Subnet(network);
        var web = await cloud.Id("POST", "/security-groups", new { security_group = new { name = "web" } });
        var clients = await cloud.Id("POST", "/security-groups", new { security_group = new { name = "clients" } });
        await cloud.Ok("POST", "/ports", new { port = new { network_id = network, security_groups = new[] { clients } } });
        (await Attach(cloud, "server-1", [new NicRequest(network, null, null, null)], ["web"])).Value.ToString();
        await Write(cloud, tx => cloud.Module.Networks.Bind(tx, "server-1", cloud.Node));
        await cloud.Settled();
        Assert.DoesNotContain((ItemKinds.Group, clients), (await cloud.Manifest()).Keys);
        var rule = await cloud.Id("POST", "/security-group-rules", new
        {
            security_group_rule = new
            {
                security_group_id = web, remote_group_id = clients, direction = "ingress", protocol = "tcp", port_range_min = 80, port_range_max = 80,
            },
        });
        await cloud.Settled();
        Assert.Single((await cloud.Manifest())[(ItemKinds.Group, clients)].Group!.MemberAddresses);
        Assert.Equal(3, (await cloud.Manifest())[(ItemKinds.Group, web)].Group!.Rules.Count);
        await cloud.Ok("DELETE", "/security-group-rules/" + rule);
        await cloud.Settled();
        Assert.DoesNotContain((ItemKinds.Group, clients), (await cloud.Manifest()).Keys);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_router_lives_on_one_node_and_its_states_follow_the_reports(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var network = await cloud.Network();
        var subnet = await cloud.Subnet(network);
        var port = await cloud.Port(network);
        var router = await cloud.Router(subnet, gateway: true);
        var floating = await cloud.Ok("POST", "/floatingips", new { floatingip = new { floating_network_id = await cloud.Public(), port_id = port } });
        var floatingId = (string)floating["floatingip"]!["id"]!;
        Assert.Equal("DOWN", (string?)floating["floatingip"]!["status"]);
        await cloud.Settled();
        var manifest = await cloud.Manifest();
        var spec = manifest[(ItemKinds.Router, router)].Router!;
        Assert.Equal("172.30.0.1", spec.Gateway!.NextHop);
        Assert.True(spec.Gateway.Snat);
        Assert.Equal(["10.0.0.1/24"], Assert.Single(spec.Interfaces).Addresses);
        Assert.Equal("10.0.0.3", Assert.Single(spec.FloatingIps).FixedAddress);
        Assert.Contains((ItemKinds.Network, network), manifest.Keys);
        Assert.Contains((ItemKinds.Network, await cloud.Public()), manifest.Keys);
        Assert.Equal("BUILD", (string?)(await cloud.Ok("GET", "/routers/" + router))["router"]!["status"]);
        await cloud.Obey();
        Assert.Equal("ACTIVE", (string?)(await cloud.Ok("GET", "/routers/" + router))["router"]!["status"]);
        Assert.Equal("ACTIVE", (string?)(await cloud.Ok("GET", "/floatingips/" + floatingId))["floatingip"]!["status"]);
        Assert.All((await cloud.Ok("GET", "/ports?device_id=" + router))["ports"]!.AsArray(), leg => Assert.Equal("ACTIVE", (string?)leg!["status"]));
        await cloud.Refused(409, "RouterInterfaceInUseByFloatingIP", "PUT", $"/routers/{router}/remove_router_interface", new { subnet_id = subnet });
        await cloud.Refused(409, "RouterExternalGatewayInUseByFloatingIp", "PUT", "/routers/" + router, """{"router": {"external_gateway_info": {}}}""");
        await cloud.Ok("DELETE", "/ports/" + port);
        var released = (await cloud.Ok("GET", "/floatingips/" + floatingId))["floatingip"]!;
        Assert.Null(released["port_id"]);
        Assert.Equal("ACTIVE", (string?)released["status"]);
        await cloud.Obey();
        Assert.Equal("DOWN", (string?)(await cloud.Ok("GET", "/floatingips/" + floatingId))["floatingip"]!["status"]);
        await cloud.Ok("DELETE", "/floatingips/" + floatingId);
        await cloud.Refused(409, "RouterInUse", "DELETE", "/routers/" + router);
        await cloud.Ok("PUT", $"/routers/{router}/remove_router_interface", new { subnet_id = subnet });
        await cloud.Ok("DELETE", "/routers/" + router);
        await cloud.Ok("DELETE", "/networks/" + network);
        await cloud.Obey();
        Assert.Empty(await cloud.Manifest());
    }

    [Fact]
    public async Task A_router_made_before_the_first_node_gets_it()
    {
        await using var cloud = await NetworkCloud.Start(node: false);
        var network = await cloud.Network();
        var router = await cloud.Router(await cloud.Subnet(network));
        var node = await cloud.Hello("node-1");
        Assert.Contains((ItemKinds.Router, router), (await cloud.Manifest(node)).Keys);
    }

    [Fact]
    public async Task A_thousand_ports_of_one_group_are_quick_and_their_addresses_differ()
    {
        await using var cloud = await NetworkCloud.Start();
        await cloud.Ok("PUT", "/quotas/" + TestCallers.Id("project-a"), new { quota = new { port = -1 } }, "admin");
        var network = await cloud.Network();
        await cloud.Subnet(network, "10.0.0.0/16");
        await Server(cloud, "server-1", network);
        await Write(cloud, tx => cloud.Module.Networks.Bind(tx, "server-1", cloud.Node));
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => cloud.Ok("POST", "/ports", new { port = new { network_id = network } })));
        TestContext.Current.SendDiagnosticMessage($"1000 ports in {watch.Elapsed.TotalSeconds:F1} s");
        await cloud.Settled();
        var group = (await cloud.Manifest()).Values.Single(item => item.Group is not null).Group!;
        Assert.Equal(1001, group.MemberAddresses.Count);
        Assert.Equal(1001, group.MemberAddresses.Distinct().Count());
    }

    private static async Task<IReadOnlyList<PortInfo>> Server(NetworkCloud cloud, string id, string network) =>
        (await Attach(cloud, id, [new NicRequest(network, null, null, null)], [])).Value;

    private static Task<Outcome<IReadOnlyList<PortInfo>>> Attach(NetworkCloud cloud, string id, IReadOnlyList<NicRequest> nics, IReadOnlyList<string> groups)
    {
        var access = new AccessGrant(cloud.Cloud.Callers["member-a"], Reach.Project, Origin.System);
        return cloud.Cloud.Kernel.Queue.Write("test.attach", Origin.System, tx => cloud.Module.Networks.Attach(tx, access, id, "host-" + id, "nova", nics, groups));
    }

    private static async Task Write(NetworkCloud cloud, Action<Tx> body) => await cloud.Cloud.Kernel.Queue.Write<Done>("test", Origin.System, tx =>
    {
        body(tx);
        return Done.Value;
    });

    private static bool Gone(NetworkCloud cloud, string server) => cloud.Cloud.Kernel.Database.Read(session => cloud.Module.Networks.Gone(session, server));
}
