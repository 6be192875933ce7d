using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Compute.Tests;

public class ComputeApiTests
{
    [Fact]
    public async Task Version_documents_say_the_computed_maximum()
    {
        await using var world = await ComputeWorld.Start(0);
        foreach (var path in new[] { "/compute", "/compute/" })
        {
            var root = await world.Cloud.Send("GET", path, token: null);
            Assert.Equal(["v2.0", "v2.1"], root.Json["versions"]!.AsArray().Select(version => (string)version!["id"]!));
            Assert.Equal(["", "2.1"], root.Json["versions"]!.AsArray().Select(version => (string)version!["min_version"]!));
        }

        var one = (await world.Cloud.Send("GET", "/compute/v2.1/", token: null)).Json["version"]!;
        Assert.Equal("2.100", (string)one["version"]!);
        Assert.Equal(200, (await world.Cloud.Send("GET", "/compute/v2.1", token: null)).Status);
        Assert.Equal("v2.0", (string)(await world.Cloud.Send("GET", "/compute/v2/", token: null)).Json["version"]!["id"]!);
        Assert.Equal(200, (await world.Cloud.Send("GET", "/compute/v2/servers")).Status);
    }

    [Fact]
    public async Task Standard_flavors_are_there_with_their_extra_specs()
    {
        await using var world = await ComputeWorld.Start(0);
        var flavors = (await world.Send("GET", "/flavors/detail?is_public=None", version: "2.61")).Json["flavors"]!.AsArray();
        Assert.Equal(15, flavors.Count);
        var ssd = flavors.Single(f => (string)f!["name"]! == "SCS-2V-4-20s")!;
        Assert.Equal((2, 4096, 20), ((int)ssd["vcpus"]!, (int)ssd["ram"]!, (int)ssd["disk"]!));
        Assert.Equal("ssd", (string)ssd["extra_specs"]!["scs:disk0-type"]!);
        Assert.Equal("SCS-2V:4:20s", (string)ssd["extra_specs"]!["scs:name-v1"]!);
        Assert.Equal("", (string)ssd["swap"]!);
        Assert.Equal(0, (int)(await world.Send("GET", "/flavors/" + (string)ssd["id"]!, version: "2.75")).Json["flavor"]!["swap"]!);
        var page = await world.Send("GET", "/flavors?limit=4");
        Assert.Equal(4, page.Json["flavors"]!.AsArray().Count);
        Assert.Contains("marker=", (string)page.Json["flavors_links"]![0]!["href"]!);
    }

    [Fact]
    public async Task Administrators_make_flavors_and_members_do_not()
    {
        await using var world = await ComputeWorld.Start(0);
        var body = "{\"flavor\": {\"name\": \"f\", \"vcpus\": 1, \"ram\": 256, \"disk\": 1, \"id\": null, \"swap\": 0, "
            + "\"rxtx_factor\": 1.0, \"os-flavor-access:is_public\": false, \"OS-FLV-EXT-DATA:ephemeral\": 0}}";
        Assert.Equal(403, (await world.Send("POST", "/flavors", body: body)).Status);
        var made = await world.Send("POST", "/flavors", "admin", body, "2.61");
        Assert.Equal(200, made.Status);
        var id = (string)made.Json["flavor"]!["id"]!;
        Assert.Equal("{}", made.Json["flavor"]!["extra_specs"]!.ToJsonString());
        Assert.Equal(409, (await world.Send("POST", "/flavors", "admin", body)).Status);
        Assert.Equal(404, (await world.Send("GET", "/flavors/" + id)).Status);
        Assert.Equal(200, (await world.Send("POST", $"/flavors/{id}/action", "admin", new { addTenantAccess = new { tenant = TestCallers.Id("project-a") } })).Status);
        Assert.Equal(200, (await world.Send("GET", "/flavors/" + id)).Status);
        Assert.Equal(404, (await world.Send("GET", "/flavors/" + id, "member-b")).Status);
        Assert.Equal(200, (await world.Send("POST", $"/flavors/{id}/os-extra_specs",
            "admin", "{\"extra_specs\": {\"hw_rng:allowed\": \"true\", \"own:key\": \"x\"}}", "2.86")).Status);
        Assert.Equal(400, (await world.Send("POST", $"/flavors/{id}/os-extra_specs", "admin", "{\"extra_specs\": {\"hw:nonsense\": \"x\"}}", "2.86")).Status);
        Assert.Equal(200, (await world.Send("DELETE", $"/flavors/{id}/os-extra_specs/own:key", "admin")).Status);
        Assert.Equal(202, (await world.Send("DELETE", "/flavors/" + id, "admin")).Status);
        Assert.Equal("Flavor f could not be found.", (string)(await world.Send("GET", "/flavors/f")).Json["itemNotFound"]!["message"]!);
    }

    [Fact]
    public async Task Key_pairs_are_imported_generated_listed_and_deleted()
    {
        await using var world = await ComputeWorld.Start(0);
        var made = await world.Send("POST", "/os-keypairs", body: "{\"keypair\": {\"name\": \"k1\"}}", version: "2.10");
        Assert.Equal(201, made.Status);
        Assert.StartsWith("-----BEGIN RSA PRIVATE KEY-----", (string)made.Json["keypair"]!["private_key"]!);
        const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBubIHmYZhJk1FCkFCnRRzCdSBIY8oQ3DgYxZ8Fy4rLB me";
        var imported = await world.Send("POST", "/os-keypairs", body: new { keypair = new { name = "k2", public_key = Key } });
        Assert.Equal(200, imported.Status);
        Assert.Equal(16, ((string)imported.Json["keypair"]!["fingerprint"]!).Split(':').Length);
        Assert.Equal(409, (await world.Send("POST", "/os-keypairs", body: new { keypair = new { name = "k2", public_key = Key } })).Status);
        Assert.Equal(400, (await world.Send("POST", "/os-keypairs", body: "{\"keypair\": {\"name\": \"k3\", \"public_key\": \"ssh-rsa nonsense\"}}")).Status);
        Assert.Equal(400, (await world.Send("POST", "/os-keypairs", body: "{\"keypair\": {\"name\": \"k3\"}}", version: "2.92")).Status);
        Assert.Equal(400, (await world.Send("POST", "/os-keypairs", body: "{\"keypair\": {\"name\": \"../k\"}}")).Status);
        var list = await world.Send("GET", "/os-keypairs?limit=1", version: "2.35");
        Assert.Equal("k1", (string)list.Json["keypairs"]![0]!["keypair"]!["name"]!);
        Assert.Contains("marker=k1", (string)list.Json["keypairs_links"]![0]!["href"]!);
        Assert.Equal(404, (await world.Send("GET", "/os-keypairs/k1", "member-b")).Status);
        Assert.Equal(200, (await world.Send("GET", "/os-keypairs/k1?user_id=" + TestCallers.Id("member-a"), "admin", version: "2.10")).Status);
        Assert.Equal(204, (await world.Send("DELETE", "/os-keypairs/k1", version: "2.10")).Status);
        Assert.Equal(404, (await world.Send("DELETE", "/os-keypairs/k1")).Status);
        var x509 = await world.Send("POST", "/os-keypairs", body: "{\"keypair\": {\"name\": \"c\", \"type\": \"x509\"}}", version: "2.2");
        Assert.Equal(20, ((string)x509.Json["keypair"]!["fingerprint"]!).Split(':').Length);
    }

    [Theory]
    [InlineData("{\"server\": {\"name\": 12}}")]
    [InlineData("{\"server\": {\"name\": \"\", \"imageRef\": \"I\", \"flavorRef\": \"F\"}}")]
    [InlineData("{\"server\": {\"name\": \" x\", \"imageRef\": \"I\", \"flavorRef\": \"F\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"nope\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"00000000-1111-4111-8111-111111111111\", \"flavorRef\": \"F\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"22222222-2222-4222-8222-222222222222\", \"flavorRef\": \"F\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"../../etc\", \"flavorRef\": \"F\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"networks\": [{\"uuid\": \"nope\"}]}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"networks\": [{\"uuid\": \"99999999-3333-4333-8333-333333333333\"}]}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"networks\": \"auto\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"key_name\": \"none\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"user_data\": \"%%\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"unknown\": 1}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"description\": \"d\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"accessIPv6\": \"eighty\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"min_count\": 3, \"max_count\": 2}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"availability_zone\": \"mars\"}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", \"security_groups\": [{\"name\": \"none\"}]}}")]
    [InlineData("{\"server\": {\"name\": \"x\", \"imageRef\": \"I\", \"flavorRef\": \"F\", "
        + "\"block_device_mapping_v2\": [{\"boot_index\": 0, \"uuid\": \"11111111-1111-4111-8111-111111111111\", \"source_type\": \"volume\", \"destination_type\": \"volume\"}]}}")]
    [InlineData("{\"server\": ")]
    [InlineData("[]")]
    public async Task Bad_requests_for_servers_are_refused(string body)
    {
        await using var world = await ComputeWorld.Start(0);
        var text = body.Replace("\"I\"", $"\"{ComputeWorld.Image}\"", StringComparison.Ordinal).Replace("\"F\"",
            $"\"{await world.Flavor()}\"", StringComparison.Ordinal);
        var reply = await world.Send("POST", "/servers", body: text);
        Assert.True(reply.Status == 400, reply.Text);
        Assert.NotNull(reply.Json["badRequest"]);
        Assert.Empty((await world.Send("GET", "/servers")).Json["servers"]!.AsArray());
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
    }

    [Fact]
    public async Task Nobody_reaches_the_servers_of_another_project()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        foreach (var (method, path, body) in new[]
        {
            ("GET", "", null), ("PUT", "", "{\"server\": {\"name\": \"x\"}}"), ("DELETE", "", null), ("POST", "/action", "{\"os-stop\": null}"),
            ("GET", "/metadata", null), ("PUT", "/metadata", "{\"metadata\": {}}"), ("GET", "/ips", null), ("GET", "/os-interface", null),
            ("GET", "/os-instance-actions", null), ("GET", "/tags", null), ("PUT", "/tags/a", null), ("POST", "/action", "{\"os-getConsoleOutput\": {}}"),
        })
        {
            var reply = await world.Send(method, $"/servers/{id}{path}", "member-b", body, "2.26");
            Assert.True(reply.Status == 404, $"{method} {path}: {reply.Status} {reply.Text}");
            Assert.Equal($"Instance {id} could not be found.", (string)reply.Json["itemNotFound"]!["message"]!);
        }

        Assert.Equal(403, (await world.Send("DELETE", "/servers/" + id, "reader-a")).Status);
        Assert.Equal(200, (await world.Send("GET", "/servers/" + id, "reader-a")).Status);
        Assert.Empty((await world.Send("GET", "/servers/detail", "member-b")).Json["servers"]!.AsArray());
        Assert.Empty((await world.Send("GET", "/servers/detail", "admin")).Json["servers"]!.AsArray());
        var all = await world.Send("GET", "/servers/detail?all_tenants=True", "admin", version: "2.96");
        Assert.Equal("node-000", (string)all.Json["servers"]![0]!["OS-EXT-SRV-ATTR:host"]!);
        Assert.Equal("UP", (string)all.Json["servers"]![0]!["host_status"]!);
        // The page is kept, and its host changes without the server.
        var service = (string)(await world.Send("GET", "/os-services?host=node-000", "admin", version: "2.96")).Json["services"]![0]!["id"]!;
        Assert.Equal(200, (await world.Send("PUT", "/os-services/" + service, "admin", new { status = "disabled" }, "2.96")).Status);
        all = await world.Send("GET", "/servers/detail?all_tenants=True", "admin", version: "2.96");
        Assert.Equal("MAINTENANCE", (string)all.Json["servers"]![0]!["host_status"]!);
        Assert.Equal(403, (await world.Send("GET", "/servers/detail?all_tenants=1")).Status);
        Assert.Equal(400, (await world.Send("GET", $"/{TestCallers.Id("project-b")}/servers")).Status);
        Assert.Equal(200, (await world.Send("GET", $"/{TestCallers.Id("project-a")}/servers/{id}")).Status);
    }

    [Fact]
    public async Task Lists_are_filtered_sorted_and_paged()
    {
        await using var world = await ComputeWorld.Start();
        foreach (var name in new[] { "web-1", "web-2", "db-1" }) await world.Until(await world.Create(name), "ACTIVE");
        var tagged = (string)(await world.Send("GET", "/servers?name=db")).Json["servers"]![0]!["id"]!;
        Assert.Equal(201, (await world.Send("PUT", $"/servers/{tagged}/tags/gold", version: "2.26")).Status);
        Assert.Equal(204, (await world.Send("PUT", $"/servers/{tagged}/tags/gold", version: "2.26")).Status);
        await world.Networks.Float(tagged, "203.0.113.9");
        foreach (var (query, names) in new[]
        {
            ("", "db-1,web-2,web-1"), ("?name=web", "web-2,web-1"), ("?name=^web-1$", "web-1"), ("?name=w.b.*2", "web-2"), ("?status=ACTIVE", "db-1,web-2,web-1"),
            ("?status=error", ""), ("?sort_key=display_name&sort_dir=asc", "db-1,web-1,web-2"), ("?image=00000000-0000-4000-8000-000000000000", ""),
            ("?ip=203.0.113.9", "db-1"), ("?ip=10.0.0", "db-1,web-2,web-1"), ("?tags=gold", "db-1"), ("?not-tags=gold", "web-2,web-1"), ("?tags-any=gold,x", "db-1"),
            ("?not-tags-any=gold,x", "web-2,web-1"), ("?changes-since=2099-01-01T00:00:00Z", ""), ("?status=nonsense", ""),
        })
        {
            var reply = await world.Send("GET", "/servers/detail" + query, version: query.Contains("tags", StringComparison.Ordinal) ? "2.26" : null);
            Assert.True(reply.Status == 200, query + reply.Text);
            Assert.Equal(names, string.Join(',', reply.Json["servers"]!.AsArray().Select(s => (string)s!["name"]!)));
        }

        Assert.Equal("floating", (string)(await world.Send("GET", "/servers/" + tagged)).Json["server"]!["addresses"]!["net"]![1]!["OS-EXT-IPS:type"]!);
        foreach (var bad in new[] { "?limit=-1", "?limit=x", "?changes-since=soon", "?sort_key=password", "?marker=nope", "?name=(a" })
        {
            Assert.Equal(400, (await world.Send("GET", "/servers" + bad)).Status);
        }

        Assert.Equal(400, (await world.Send("GET", "/servers?unknown=1", version: "2.75")).Status);
        Assert.Equal(400, (await world.Send("GET", "/servers?status=nonsense", version: "2.38")).Status);
        var first = await world.Send("GET", "/servers/detail?limit=2");
        var next = new Uri((string)first.Json["servers_links"]![0]!["href"]!).PathAndQuery;
        var second = await world.Cloud.Send("GET", next);
        Assert.Equal("web-1", (string)second.Json["servers"]![0]!["name"]!);
        Assert.Null(second.Json["servers_links"]);
    }

    [Fact]
    public async Task Metadata_and_updates_change_what_is_shown()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        Assert.Equal("{\"metadata\":{\"c\":\"d\"}}", (await world.Send("POST", $"/servers/{id}/metadata", body: "{\"metadata\": {\"c\": \"d\"}}")).Text);
        Assert.Equal(200, (await world.Send("PUT", $"/servers/{id}/metadata/e", body: "{\"meta\": {\"e\": \"f\"}}")).Status);
        Assert.Equal(204, (await world.Send("DELETE", $"/servers/{id}/metadata/c")).Status);
        Assert.Equal(404, (await world.Send("DELETE", $"/servers/{id}/metadata/c")).Status);
        Assert.Equal(400, (await world.Send("POST", $"/servers/{id}/metadata", body: new
        {
            metadata = new Dictionary<string,
            string>
            { [new string('k', 256)] = "v" }
        })).Status);
        var updated = await world.Send("PUT", "/servers/" + id, body: "{\"server\": {\"name\": \"renamed\", \"accessIPv4\": \"192.0.2.1\"}}");
        Assert.Equal("renamed", (string)updated.Json["server"]!["name"]!);
        Assert.Null(updated.Json["server"]!["OS-EXT-STS:vm_state"]);
        Assert.NotNull((await world.Send("PUT", "/servers/" + id, body: "{\"server\": {\"description\": \"d\"}}",
            version: "2.75")).Json["server"]!["OS-EXT-STS:vm_state"]);
        Assert.Equal("e", ((JsonObject)(await world.Send("GET", "/servers/detail")).Json["servers"]![0]!["metadata"]!).Single().Key);
        Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: "{\"lock\": {\"locked_reason\": \"why\"}}", version: "2.73")).Status);
        Assert.Equal("why", (string)(await world.Send("GET", "/servers/" + id, version: "2.73")).Json["server"]!["locked_reason"]!);
        Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: "{\"unlock\": null}")).Status);
        Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: "{\"lock\": {}}", version: "2.1")).Status);
        Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: "{\"unlock\": {}}", version: "2.1")).Status);
        var renumbered = await world.Send("PUT", "/servers/" + id, body: "{\"server\": {\"accessIPv6\": \"0000::BABE:220.12.22.2\"}}");
        Assert.Equal("::babe:dc0c:1602", (string)renumbered.Json["server"]!["accessIPv6"]!);
        Assert.Equal("There is no such action: nonsense", (string)(await world.Send("POST",
            $"/servers/{id}/action", body: "{\"nonsense\": null}")).Json["badRequest"]!["message"]!);
        var newest = (await world.Send("GET", "/servers/" + id, version: "latest")).Json["server"]!;
        Assert.Equal("SCS-1L-1", (string)newest["flavor"]!["original_name"]!);
        Assert.Equal("scsi", (string)newest["image"]!["properties"]!["hw_disk_bus"]!);
        Assert.Equal("{}", newest["scheduler_hints"]!.ToJsonString());
        Assert.Equal("[]", newest["server_groups"]!.ToJsonString());
    }

    [Fact]
    public async Task Quota_stops_at_the_limit_and_limits_show_the_use()
    {
        await using var world = await ComputeWorld.Start();
        var project = TestCallers.Id("project-a");
        Assert.Equal(200, (await world.Send("PUT", "/os-quota-sets/" + project, "admin", "{\"quota_set\": {\"instances\": 2}}")).Status);
        var many = await world.Send("POST", "/servers", body: new
        {
            server = new { name = "m", imageRef = ComputeWorld.Image, flavorRef = await world.Flavor(), min_count = 1, max_count = 5, return_reservation_id = true },
        });
        Assert.StartsWith("r-", (string)many.Json["reservation_id"]!);
        Assert.Equal(["m-2", "m-1"], (await world.Send("GET", "/servers?sort_key=display_name&sort_dir=desc")).Json["servers"]!.AsArray().Select(s =>
            (string)s!["name"]!));
        var over = await world.Send("POST", "/servers", body: new { server = new { name = "m", imageRef = ComputeWorld.Image, flavorRef = await world.Flavor() } });
        Assert.Equal(403, over.Status);
        Assert.Equal("Quota exceeded for instances: Requested 1, but already used 2 of 2 instances.", (string)over.Json["forbidden"]!["message"]!);
        var limits = (await world.Send("GET", "/limits")).Json["limits"]!["absolute"]!;
        Assert.Equal((2, 2, 2), ((int)limits["maxTotalInstances"]!, (int)limits["totalInstancesUsed"]!, (int)limits["totalCoresUsed"]!));
        Assert.Equal(400, (await world.Send("PUT", "/os-quota-sets/" + project, "admin", "{\"quota_set\": {\"instances\": 1}}")).Status);
        Assert.Equal(2, (int)(await world.Send("GET", $"/os-quota-sets/{project}/detail", "admin")).Json["quota_set"]!["instances"]!["in_use"]!);
        Assert.Equal(10, (int)(await world.Send("GET", $"/os-quota-sets/{project}/defaults")).Json["quota_set"]!["instances"]!);
        Assert.Equal(403, (await world.Send("GET", "/os-quota-sets/" + project, "member-b")).Status);
        Assert.Equal(403, (await world.Send("PUT", "/os-quota-sets/" + project, body: "{\"quota_set\": {\"instances\": -1}}")).Status);
    }

    [Fact]
    public async Task Hosts_are_shown_and_disabled_ones_get_no_servers()
    {
        await using var world = await ComputeWorld.Start(2);
        var old = (await world.Send("GET", "/os-hypervisors/detail", "admin")).Json["hypervisors"]!.AsArray();
        Assert.Equal([1, 2], old.Select(h => (int)h!["id"]!));
        Assert.Equal(7002022, (int)old[0]!["hypervisor_version"]!);
        var newer = (await world.Send("GET", "/os-hypervisors/detail", "admin", version: "2.88")).Json["hypervisors"]!.AsArray();
        Assert.Null(newer[0]!["vcpus"]);
        Assert.Equal(2, (int)(await world.Send("GET", "/os-hypervisors/statistics", "admin")).Json["hypervisor_statistics"]!["count"]!);
        Assert.Equal(404, (await world.Send("GET", "/os-hypervisors/statistics", "admin", version: "2.88")).Status);
        var services = (await world.Send("GET", "/os-services", "admin", version: "2.53")).Json["services"]!.AsArray();
        Assert.Equal(["nova-compute", "nova-compute", "nova-scheduler", "nova-conductor"], services.Select(s => (string)s!["binary"]!));
        Assert.All(services, service => Assert.Equal("up", (string)service!["state"]!));
        Assert.Equal(400, (await world.Send("PUT", "/os-services/" + (string)services[2]!["id"]!, "admin", "{\"status\": \"disabled\"}", "2.53")).Status);
        Assert.Single((await world.Send("GET", "/os-services?binary=nova-scheduler", "admin")).Json["services"]!.AsArray());
        Assert.Equal(403, (await world.Send("GET", "/os-services")).Status);
        var disabled = await world.Send("PUT", "/os-services/" + (string)services[0]!["id"]!,
            "admin", "{\"status\": \"disabled\", \"disabled_reason\": \"repair\"}", "2.53");
        Assert.Equal("disabled", (string)disabled.Json["service"]!["status"]!);
        for (var i = 0; i < 4; i++) await world.Until(await world.Create("vm" + i), "ACTIVE");
        Assert.DoesNotContain(world.Nodes[0].Items.Keys, key => key.Kind == ItemKinds.Domain);
        Assert.Equal("nova", (string)(await world.Send("GET", "/os-availability-zone")).Json["availabilityZoneInfo"]![0]!["zoneName"]!);
        Assert.Equal(200, (await world.Send("GET", "/os-availability-zone/detail", "admin")).Status);
        Assert.Equal(200, (await world.Send("GET", "/os-simple-tenant-usage", "admin")).Status);
        Assert.Equal(4, (await world.Send("GET", "/os-simple-tenant-usage/" + TestCallers.Id("project-a"))).Json["tenant_usage"]!["server_usages"]!.AsArray().Count);
    }
}
