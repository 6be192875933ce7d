using System.Text.Json.Nodes;
using Sovereign.Cloud.Tests.AccessMatrix;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Cloud.Tests.OldRoutes;

/// <summary>What old clients ask compute for, over the real services (Compute API reference, deprecated APIs).</summary>
public sealed class OldRoutesTests
{
    [Fact]
    public async Task Floating_ips_are_taken_given_to_servers_and_given_back_by_computes_old_routes()
    {
        await using var cloud = await MatrixCloud.Start();
        var world = new OldWorld(cloud);
        var (server, address) = await world.Server();
        var pools = (await world.Do("GET", "/os-floating-ip-pools", 200))["floating_ip_pools"]!.AsArray();
        Assert.Equal(["public"], pools.Select(pool => (string)pool!["name"]!));
        var taken = (await world.Do("POST", "/os-floating-ips", 200, """{"pool":"public"}"""))["floating_ip"]!;
        Assert.Equal(["fixed_ip", "id", "instance_id", "ip", "pool"], taken.AsObject().Select(member => member.Key).Order());
        Assert.Null(taken["instance_id"]);
        var (id, ip) = ((string)taken["id"]!, (string)taken["ip"]!);
        await world.Do("POST", "/os-floating-ips", 404, """{"pool":"nowhere"}""");
        await world.Action(server, "addFloatingIp", new JsonObject { ["address"] = ip }, 202);
        var shown = (await world.Do("GET", "/os-floating-ips/" + id, 200))["floating_ip"]!;
        Assert.Equal((server, address, "public"), ((string)shown["instance_id"]!, (string)shown["fixed_ip"]!, (string)shown["pool"]!));
        Assert.Contains(ip, (await world.Do("GET", "/servers/" + server, 200)).ToJsonString(), StringComparison.Ordinal);
        var second = (await world.Do("POST", "/os-floating-ips", 200))["floating_ip"]!;
        await world.Action(server, "addFloatingIp", new JsonObject { ["address"] = (string)second["ip"]! }, 400);
        await world.Action(server, "addFloatingIp", new JsonObject { ["address"] = "0.0.0.0" }, 404);
        await world.Action(server, "addFloatingIp", new JsonObject { ["address"] = "" }, 400);
        await world.Action(server, "addFloatingIp", new JsonObject { ["address"] = ip, ["fixed_address"] = "192.0.2.1" }, 400);
        await world.Action(server, "removeFloatingIp", new JsonObject { ["address"] = (string)second["ip"]! }, 409);
        await world.Action(server, "removeFloatingIp", new JsonObject { ["address"] = "0.0.0.0" }, 404);
        await world.Action(server, "removeFloatingIp", new JsonObject { ["address"] = ip }, 202);
        Assert.Null((await world.Do("GET", "/os-floating-ips/" + id, 200))["floating_ip"]!["instance_id"]);
        await world.Action(server, "removeFloatingIp", new JsonObject { ["address"] = ip }, 409);
        Assert.Equal(2, (await world.Do("GET", "/os-floating-ips", 200))["floating_ips"]!.AsArray().Count);
        await world.Do("DELETE", "/os-floating-ips/" + id, 202);
        await world.Do("GET", "/os-floating-ips/" + id, 404);
        await world.Do("DELETE", "/os-floating-ips/" + id, 404);
        await world.Action(server, "addFloatingIp", new JsonObject { ["address"] = ip }, 404, "2.44");
        foreach (var route in new[] { "/os-floating-ips", "/os-floating-ip-pools", "/os-networks", "/os-tenant-networks", "/images", "/images/detail" })
        {
            await world.Do("GET", route, 200, version: "2.35");
            await world.Do("GET", route, 404, version: "2.36");
        }
    }

    [Fact]
    public async Task Fixed_addresses_come_and_go_by_the_old_actions()
    {
        await using var cloud = await MatrixCloud.Start();
        var world = new OldWorld(cloud);
        var (server, address) = await world.Server();
        await world.Action(server, "addFixedIp", new JsonObject { ["networkId"] = world.Network }, 202);
        var all = (await world.Do("GET", $"/servers/{server}/ips", 200))["addresses"]!.AsObject().Single().Value!.AsArray().Select(a => (string)a!["addr"]!).ToList();
        Assert.Equal(2, all.Count);
        Assert.Contains(address, all);
        await world.Action(server, "removeFixedIp", new JsonObject { ["address"] = all.Single(a => a != address) }, 202);
        await world.Action(server, "removeFixedIp", new JsonObject { ["address"] = "192.0.2.77" }, 404);
        await world.Action(server, "removeFixedIp", new JsonObject { ["address"] = "no address" }, 400);
        await world.Action(server, "addFixedIp", new JsonObject { ["networkId"] = "99999999-3333-4333-8333-333333333333" }, 404);
        Assert.Contains(address, (await world.Do("GET", $"/servers/{server}/ips", 200)).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Networks_are_labels_without_what_compute_once_had()
    {
        await using var cloud = await MatrixCloud.Start();
        var world = new OldWorld(cloud);
        await world.Server();
        var listed = (await world.Do("GET", "/os-tenant-networks", 200))["networks"]!.AsArray();
        Assert.Equal("""{"id":"ID","cidr":"None","label":"old-net"}""".Replace("ID", world.Network, StringComparison.Ordinal),
            listed.Single(n => (string)n!["id"]! == world.Network)!.ToJsonString());
        var shown = (await world.Do("GET", "/os-networks/" + world.Network, 200))["network"]!.AsObject();
        Assert.Equal("old-net", (string)shown["label"]!);
        Assert.All(shown.Where(member => member.Key is not ("id" or "label")), member => Assert.Null(member.Value));
        await world.Do("GET", "/os-networks/99999999-3333-4333-8333-333333333333", 404);
        await world.Do("GET", "/os-tenant-networks/nonsense", 404);
        Assert.Equal(404, (await cloud.Test.Send(
            "GET", "/compute/v2.1/os-networks/" + world.Network, cloud.Personas["foreign-member"].Token, null, ("OpenStack-API-Version", "compute 2.1"))).Status);
        foreach (var gone in new[] { "/os-fping", "/os-cells", "/os-certificates/root", "/os-cloudpipe", "/os-agents", "/os-fixed-ips/10.0.0.1" })
        {
            await world.Do("GET", gone, 410);
        }
    }

    [Fact]
    public async Task Images_are_listed_narrowed_noted_and_deleted_by_computes_old_routes()
    {
        await using var cloud = await MatrixCloud.Start();
        var world = new OldWorld(cloud);
        var (first, second) = (await world.Image("old-1", "\"os_distro\":\"cirros\""), await world.Image("old-2", "\"image_type\":\"snapshot\",\"instance_uuid\":\"S\""));
        var page = await world.Do("GET", "/images?limit=1", 200);
        Assert.Equal(second, (string)page["images"]![0]!["id"]!);
        Assert.Equal(["id", "links", "name"], page["images"]![0]!.AsObject().Select(member => member.Key).Order());
        Assert.Contains("marker=" + second, (string)page["images_links"]![0]!["href"]!, StringComparison.Ordinal);
        foreach (var query in new[] { "name=old-2", "server=S", "server=https://x/servers/S", "type=snapshot", "property-image_type=snapshot" })
        {
            Assert.Equal([second], (await world.Do("GET", "/images/detail?" + query, 200))["images"]!.AsArray().Select(image => (string)image!["id"]!));
        }

        var active = (await world.Do("GET", "/images/detail?status=ACTIVE&changes-since=2020-01-01T00:00:00Z", 200))["images"]!.AsArray();
        Assert.Superset(new HashSet<string> { first, second }, active.Select(image => (string)image!["id"]!).ToHashSet());
        await world.Do("GET", "/images?limit=-1", 400);
        await world.Do("GET", "/images?marker=nope", 400);
        await world.Do("GET", "/images?changes-since=yesterday", 400);
        var shown = (await world.Do("GET", "/images/" + second, 200))["image"]!;
        Assert.Equal(("ACTIVE", 100, 3L, "S"),
            ((string)shown["status"]!, (int)shown["progress"]!, (long)shown["OS-EXT-IMG-SIZE:size"]!, (string)shown["server"]!["id"]!));
        Assert.Equal(["self", "bookmark", "alternate"], shown["links"]!.AsArray().Select(link => (string)link!["rel"]!));
        var notes = $"/images/{first}/metadata";
        Assert.Equal("""{"metadata":{"a":"1"}}""", (await world.Do("PUT", notes, 200, """{"metadata":{"a":"1"}}""")).ToJsonString());
        Assert.Equal("""{"metadata":{"a":"1","b":"2"}}""", (await world.Do("POST", notes, 200, """{"metadata":{"b":"2"}}""")).ToJsonString());
        Assert.Equal("""{"meta":{"a":"3"}}""", (await world.Do("PUT", notes + "/a", 200, """{"meta":{"a":"3"}}""")).ToJsonString());
        await world.Do("PUT", notes + "/a", 400, """{"meta":{"c":"3"}}""");
        await world.Do("DELETE", notes + "/b", 204);
        await world.Do("DELETE", notes + "/b", 404);
        await world.Do("GET", notes + "/b", 404);
        await world.Do("PUT", notes, 403, """{"metadata":{"status":"active"}}""");
        Assert.Equal("""{"metadata":{"a":"3"}}""", (await world.Do("GET", notes, 200, version: "2.38")).ToJsonString());
        await world.Do("GET", notes, 404, version: "2.39");
        await world.Do("DELETE", "/images/" + first, 204);
        await world.Do("GET", "/images/" + first, 404);
        await world.Do("DELETE", "/images/" + first, 404);
        await world.Do("POST", $"/images/{first}/metadata", 404, """{"metadata":{"b":"2"}}""");
    }

    [Fact]
    public async Task Hosts_and_the_log_of_audits_are_shown_to_administrators()
    {
        await using var cloud = await MatrixCloud.Start();
        var world = new OldWorld(cloud) { Token = cloud.Personas["admin"].Token };
        var all = (await world.Do("GET", "/os-hosts", 200))["hosts"]!.AsArray();
        Assert.Contains(all, host => host!.ToJsonString() == """{"host_name":"node-1","service":"compute","zone":"nova"}""");
        Assert.Equal(2, all.Count);
        Assert.Single((await world.Do("GET", "/os-hosts?zone=nova", 200))["hosts"]!.AsArray());
        Assert.Empty((await world.Do("GET", "/os-hosts?zone=xxx", 200))["hosts"]!.AsArray());
        var total = (await world.Do("GET", "/os-hosts/node-1", 200))["host"]![0]!["resource"]!;
        Assert.Equal(("node-1", "(total)", 64), ((string)total["host"]!, (string)total["project"]!, (int)total["cpu"]!));
        await world.Do("GET", "/os-hosts/nowhere", 404);
        await world.Do("GET", "/os-hosts/nowhere/reboot", 404);
        await world.Do("GET", "/os-hosts/node-1/reboot", 501);
        await world.Do("PUT", "/os-hosts/node-1", 400, "{}");
        await world.Do("PUT", "/os-hosts/node-1", 400, """{"status":"invalid"}""");
        await world.Do("PUT", "/os-hosts/nowhere", 404, """{"status":"enable","maintenance_mode":"enable"}""");
        Assert.Equal("disabled", (string)(await world.Do("PUT", "/os-hosts/node-1", 200, """{"status":"disable"}"""))["status"]!);
        await world.Do("PUT", "/os-hosts/node-1", 200, """{"status":"enable"}""");
        await world.Do("GET", "/os-hosts", 404, version: "2.43");
        var log = (await world.Do("GET", "/os-instance_usage_audit_log/2026-03-15 10:00:00", 200))["instance_usage_audit_log"]!;
        Assert.Equal(("2026-02-01 00:00:00", "2026-03-01 00:00:00"), ((string)log["period_beginning"]!, (string)log["period_ending"]!));
        await world.Do("GET", "/os-instance_usage_audit_log", 200);
        await world.Do("GET", "/os-instance_usage_audit_log/invalid", 400);
    }

    /// <summary>A project with a server behind a router to the outside.</summary>
    private sealed class OldWorld(MatrixCloud cloud)
    {
        public string Token { get; init; } = cloud.Personas["member"].Token;

        public string Network { get; private set; } = "";

        public async Task<JsonNode> Do(string method, string path, int status, string? body = null, string version = "2.1")
        {
            var reply = await cloud.Test.Send(method, "/compute/v2.1" + path, Token, body, ("OpenStack-API-Version", "compute " + version));
            Assert.True(reply.Status == status, $"{method} {path} {body}: {reply.Status} {reply.Text}");
            return reply.Bytes.Length == 0 ? new JsonObject() : reply.Json;
        }

        public Task<JsonNode> Action(string server, string name, JsonNode arguments, int status, string version = "2.1") =>
            Do("POST", $"/servers/{server}/action", status, new JsonObject { [name] = arguments }.ToJsonString(), version);

        public async Task<string> Image(string name, string properties)
        {
            var made = await cloud.Do(
                Token, "POST", "/image/v2/images", $$"""{"name":"{{name}}","disk_format":"raw","container_format":"bare",{{properties}}}""");
            var id = (string)made!["id"]!;
            var content = new ByteArrayContent([1, 2, 3]);
            content.Headers.TryAddWithoutValidation("Content-Type", "application/octet-stream");
            var put = await cloud.Test.Send("PUT", $"/image/v2/images/{id}/file", Token, content);
            Assert.True(put.Status == 204, put.Text);
            return id;
        }

        public async Task<(string Id, string Address)> Server()
        {
            Network = (string)(await Neutron("networks", """{"network":{"name":"old-net"}}"""))["network"]!["id"]!;
            var subnet = (string)(await Neutron(
                "subnets", $$$"""{"subnet":{"network_id":"{{{Network}}}","ip_version":4,"cidr":"10.77.0.0/24"}}"""))["subnet"]!["id"]!;
            var outside = (string)(await cloud.Do(Token, "GET", "/network/v2.0/networks?router:external=true"))!["networks"]![0]!["id"]!;
            var router = (string)(await Neutron(
                "routers", $$$$"""{"router":{"external_gateway_info":{"network_id":"{{{{outside}}}}"}}}"""))["router"]!["id"]!;
            await cloud.Do(Token, "PUT", $"/network/v2.0/routers/{router}/add_router_interface", $$"""{"subnet_id":"{{subnet}}"}""");
            var image = await Image("boot", "\"min_disk\":0");
            var flavor = (string)(await Do("GET", "/flavors", 200))["flavors"]!.AsArray().Single(f => (string)f!["name"]! == "SCS-1L-1")!["id"]!;
            var id = (string)(await Do("POST", "/servers", 202,
                $$$"""{"server":{"name":"old","imageRef":"{{{image}}}","flavorRef":"{{{flavor}}}","networks":[{"uuid":"{{{Network}}}"}]}}"""))["server"]!["id"]!;
            for (var i = 0; i < 1200; i++)
            {
                var shown = (await Do("GET", "/servers/" + id, 200))["server"]!;
                if ((string)shown["status"]! == "ACTIVE") return (id, (string)shown["addresses"]!["old-net"]![0]!["addr"]!);
                Assert.Equal("BUILD", (string)shown["status"]!);
                await Task.Delay(25);
            }

            throw new TimeoutException("The server does not become active.");
        }

        private async Task<JsonNode> Neutron(string collection, string body) => (await cloud.Do(Token, "POST", "/network/v2.0/" + collection, body))!;
    }
}
