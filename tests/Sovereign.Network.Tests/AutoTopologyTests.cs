using System.Text.Json.Nodes;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Store;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>A network for a project that has none.</summary>
public sealed class AutoTopologyTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task The_topology_is_made_once_whoever_asks_how_often_and_goes_as_a_whole(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        await Pool(cloud, "10.80.0.0/16");
        await Pool(cloud, "2001:db8:80::/48");
        var project = cloud.Cloud.Callers["member-a"].ProjectId!;
        var path = "/auto-allocated-topology/" + project;
        Assert.Equal("dry-run=pass", (string?)(await cloud.Ok("GET", path + "?fields=dry-run"))["auto_allocated_topology"]!["id"]);
        Assert.Empty((await cloud.Ok("GET", "/networks?name=auto_allocated_network"))["networks"]!.AsArray());
        var asked = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cloud.Ok("GET", path)));
        var network = Assert.Single(asked.Select(answer => (string)answer["auto_allocated_topology"]!["id"]!).Distinct());
        Assert.Equal(project, (string?)asked[0]["auto_allocated_topology"]!["tenant_id"]);
        Assert.Equal(network, (string?)(await cloud.Ok("GET", "/auto-allocated-topology/None"))["auto_allocated_topology"]!["id"]);
        Assert.Equal(network, (string?)(await cloud.Ok("GET", path, token: "admin"))["auto_allocated_topology"]!["id"]);
        Assert.Single((await cloud.Ok("GET", "/networks?name=auto_allocated_network"))["networks"]!.AsArray());
        var subnets = (await cloud.Ok("GET", "/subnets?sort_key=name&network_id=" + network))["subnets"]!.AsArray();
        Assert.Equal(["auto_allocated_subnet_v4", "auto_allocated_subnet_v6"], subnets.Select(subnet => (string)subnet!["name"]!));
        Assert.Equal("10.80.0.0/26", (string?)subnets[0]!["cidr"]);
        var router = Assert.Single((await cloud.Ok("GET", "/routers?name=auto_allocated_router"))["routers"]!.AsArray())!;
        Assert.Equal(await cloud.Public(), (string?)router["external_gateway_info"]!["network_id"]);
        Assert.Equal(2, (await cloud.Ok("GET", $"/ports?device_owner=network:router_interface&device_id={router["id"]}"))["ports"]!.AsArray().Count);
        var port = await cloud.Port(network);
        await cloud.Refused(409, "NetworkInUse", "DELETE", path);
        Assert.Equal(network, (string?)(await cloud.Ok("GET", path))["auto_allocated_topology"]!["id"]);
        await cloud.Ok("DELETE", "/ports/" + port);
        await cloud.Ok("DELETE", path);
        await cloud.Ok("DELETE", path);
        Assert.Empty((await cloud.Ok("GET", "/networks?name=auto_allocated_network"))["networks"]!.AsArray());
        Assert.Empty((await cloud.Ok("GET", "/routers"))["routers"]!.AsArray());
        var again = (string)(await cloud.Ok("GET", path))["auto_allocated_topology"]!["id"]!;
        Assert.NotEqual(network, again);
    }

    [Fact]
    public async Task What_is_missing_is_said_and_a_half_is_never_made()
    {
        await using var cloud = await NetworkCloud.Start(node: false);
        var path = "/auto-allocated-topology/" + cloud.Cloud.Callers["member-a"].ProjectId;
        await cloud.Refused(409, "AutoAllocationFailure", "GET", path);
        await cloud.Hello("node-1");
        Assert.Contains("No default subnetpools defined", (await cloud.Cloud.Send("GET", "/network/v2.0" + path + "?fields=dry-run", "member-a")).Text);
        var secret = await Pool(cloud, "10.80.0.0/16", shared: false);
        await cloud.Refused(409, "AutoAllocationFailure", "GET", path);
        await cloud.Ok("DELETE", "/subnetpools/" + secret, token: "admin");
        await Pool(cloud, "10.80.0.0/16");
        await cloud.Refused(400, "BadRequest", "GET", path + "?fields=name");
        await cloud.Refused(403, "NotAuthorized", "GET", path, token: "member-b");
        await cloud.Refused(403, "NotAuthorized", "DELETE", path, token: "member-b");
        await cloud.Ok("PUT", "/quotas/" + cloud.Cloud.Callers["member-a"].ProjectId, new { quota = new { router = 0 } }, "admin");
        await cloud.Refused(409, "OverQuota", "GET", path);
        Assert.Empty((await cloud.Ok("GET", "/networks?name=auto_allocated_network"))["networks"]!.AsArray());
        await cloud.Ok("DELETE", "/quotas/" + cloud.Cloud.Callers["member-a"].ProjectId, token: "admin");
        var network = (string)(await cloud.Ok("GET", path))["auto_allocated_topology"]!["id"]!;
        // Its user takes the network alone: the next one asks for a new topology.
        var router = (string)(await cloud.Ok("GET", "/routers"))["routers"]![0]!["id"]!;
        var subnet = (string)(await cloud.Ok("GET", "/subnets?network_id=" + network))["subnets"]![0]!["id"]!;
        await cloud.Ok("PUT", $"/routers/{router}/remove_router_interface", new { subnet_id = subnet });
        await cloud.Ok("DELETE", "/networks/" + network);
        await cloud.Ok("DELETE", "/routers/" + router);
        Assert.NotEqual(network, (string?)(await cloud.Ok("GET", path))["auto_allocated_topology"]!["id"]);
    }

    [Fact]
    public async Task Compute_gets_the_network_in_its_own_transaction()
    {
        await using var cloud = await NetworkCloud.Start();
        var access = new AccessGrant(cloud.Cloud.Callers["member-a"], Reach.Project, Origin.System);
        var networks = cloud.Module.Networks;
        Assert.NotNull(cloud.Cloud.Kernel.Database.Read(session => networks.CannotAllocate(session, access)));
        await Pool(cloud, "10.80.0.0/16");
        Assert.Null(cloud.Cloud.Kernel.Database.Read(session => networks.CannotAllocate(session, access)));
        var nic = (await cloud.Cloud.Kernel.Queue.Write("test.allocate", Origin.System, tx => networks.Allocate(tx, access))).Value;
        Assert.Equal(nic.NetworkId, (string?)(await cloud.Ok("GET", "/auto-allocated-topology/None"))["auto_allocated_topology"]!["id"]);
        Assert.Equal(nic, Assert.Single(cloud.Cloud.Kernel.Database.Read(session => networks.DefaultNics(session, access)).Value));
    }

    private static Task<string> Pool(NetworkCloud cloud, string prefix, bool shared = true) => cloud.Id(
        "POST", "/subnetpools",
        new
        {
            subnetpool = new
            {
                name = "p", prefixes = new[] { prefix }, default_prefixlen = prefix.Contains(':', StringComparison.Ordinal) ? 64 : 26, is_default = true, shared,
            },
        },
        "admin");
}
