using Xunit;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;

namespace Sovereign.Compute.Tests;

public class ServerLifeTests
{
    public static TheoryData<string> Engines =>
        [.. TestDatabase.Engines.Where(e => e == "sqlite" || Environment.GetEnvironmentVariable(TestDatabase.ServerVariable) is not null)];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_server_is_made_stopped_started_rebooted_and_deleted(string engine)
    {
        await using var world = await ComputeWorld.Start(engine: engine);
        var made = await world.Send("POST", "/servers", body: new
        {
            server = new
            {
                name = "tvm", imageRef = ComputeWorld.Image, flavorRef = await world.Flavor(),
                min_count = 1, max_count = 1, networks = new[] { new { uuid = ComputeWorld.Network } }
            },
        });
        Assert.Equal(202, made.Status);
        var server = made.Json["server"]!;
        var id = (string)server["id"]!;
        Assert.Equal("http://cloud.example:8443/compute/v2.1/servers/" + id, made.Headers["Location"]);
        Assert.Equal("[{\"name\":\"default\"}]", server["security_groups"]!.ToJsonString());
        Assert.Equal("MANUAL", (string)server["OS-DCF:diskConfig"]!);
        Assert.Equal(12, ((string)server["adminPass"]!).Length);
        Assert.Equal(2, server["links"]!.AsArray().Count);

        var active = (await world.Until(id, "ACTIVE")).Json["server"]!;
        Assert.Equal("active", (string)active["OS-EXT-STS:vm_state"]!);
        Assert.Equal(1, (int)active["OS-EXT-STS:power_state"]!);
        Assert.NotNull(active["OS-SRV-USG:launched_at"]);
        Assert.Equal(56, ((string)active["hostId"]!).Length);
        Assert.Equal("fixed", (string)active["addresses"]!["net"]![0]!["OS-EXT-IPS:type"]!);
        Assert.Null(active["OS-EXT-SRV-ATTR:host"]);
        Assert.Equal(4, active["flavor"]!["links"]!.AsArray().Count + active["image"]!["links"]!.AsArray().Count + 2);

        Assert.Equal(409, (await world.Send("POST", $"/servers/{id}/action", body: "{\"os-start\": null}")).Status);
        Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: "{\"os-stop\": null}")).Status);
        var stopped = (await world.Until(id, "SHUTOFF")).Json["server"]!;
        Assert.Equal(4, (int)stopped["OS-EXT-STS:power_state"]!);
        Assert.Null(stopped["progress"]);
        Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: "{\"os-start\": null}")).Status);
        await world.Until(id, "ACTIVE");
        Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: "{\"reboot\": {\"type\": \"HARD\"}}")).Status);
        await world.Until(id, "ACTIVE");
        Assert.Equal(1, world.Nodes[0].Items[(ItemKinds.Domain, id)].Domain!.RebootCount);

        var console = await world.Send("POST", $"/servers/{id}/action", body: "{\"os-getConsoleOutput\": {\"length\": 2}}");
        Assert.Equal("two\nthree\n", (string)console.Json["output"]!);

        var actions = (await world.Send("GET", $"/servers/{id}/os-instance-actions")).Json["instanceActions"]!.AsArray();
        Assert.Equal(["reboot", "start", "stop", "create"], actions.Select(a => (string)a!["action"]!));
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + id)).Status);
        await world.Until(id, null);
        Assert.Empty(world.Nodes[0].Items);
        Assert.Equal(0, world.Placement.Claims);
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
        Assert.Empty(world.Cloud.Kernel.Journal.Verify());
        var after = await world.Send("GET", $"/servers/{id}/os-instance-actions", version: "2.21");
        Assert.Equal("delete", (string)after.Json["instanceActions"]![0]!["action"]!);
        Assert.Equal(404, (await world.Send("GET", $"/servers/{id}/os-instance-actions")).Status);
        var since = await world.Send("GET", "/servers/detail?changes-since=2020-01-01T00:00:00Z");
        Assert.Equal("DELETED", (string)since.Json["servers"]![0]!["status"]!);
    }

    [Fact]
    public async Task No_room_is_an_error_with_a_fault_and_the_server_can_be_deleted()
    {
        await using var world = await ComputeWorld.Start(nodes: 0);
        var id = await world.Create();
        var shown = (await world.Until(id, "ERROR")).Json["server"]!;
        Assert.Equal("No valid host was found. There are not enough hosts available.", (string)shown["fault"]!["message"]!);
        Assert.Equal(500, (int)shown["fault"]!["code"]!);
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + id)).Status);
        await world.Until(id, null);
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
    }

    [Fact]
    public async Task A_guest_that_shuts_itself_down_is_stopped_and_can_be_started()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        await world.Nodes[0].Happen(ItemKinds.Domain, id, ItemState.Shutoff);
        await world.Until(id, "SHUTOFF");
        Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: "{\"os-start\": null}")).Status);
        await world.Until(id, "ACTIVE");
    }

    [Fact]
    public async Task A_guest_that_runs_is_interrupted_for_a_dump_and_one_that_does_not_is_a_conflict()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        async Task<int> Dump(string body = "{\"trigger_crash_dump\": null}", string version = "2.17", string token = "member-a") =>
            (await world.Send("POST", $"/servers/{id}/action", token, version: version, body: body)).Status;
        Assert.Equal(202, await Dump());
        Assert.Equal(1, world.Nodes[0].Interrupts);
        var actions = (await world.Send("GET", $"/servers/{id}/os-instance-actions")).Json["instanceActions"]!.AsArray();
        Assert.Equal(["trigger_crash_dump", "create"], actions.Select(a => (string)a!["action"]!));
        Assert.Equal(400, await Dump(version: "2.16"));
        Assert.Equal(400, await Dump("{\"trigger_crash_dump\": {}}"));
        Assert.Equal(404, await Dump(token: "member-b"));
        Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: "{\"os-stop\": null}")).Status);
        await world.Until(id, "SHUTOFF");
        Assert.Equal(409, await Dump());
        Assert.Equal(1, world.Nodes[0].Interrupts);
    }

    [Fact]
    public async Task A_crashed_process_is_an_error_that_a_hard_reboot_heals()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        await world.Nodes[0].Happen(ItemKinds.Domain, id, ItemState.Crashed, "signal 9");
        var shown = (await world.Until(id, "ERROR")).Json["server"]!;
        Assert.StartsWith("The VM's process ended: signal 9", (string)shown["fault"]!["message"]!);
        await Task.Delay(200);
        await world.Until(id, "ERROR");
        Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: "{\"reboot\": {\"type\": \"HARD\"}}")).Status);
        Assert.Null((await world.Until(id, "ACTIVE")).Json["server"]!["fault"]);
    }

    [Fact]
    public async Task What_the_node_can_not_do_is_shown_as_a_fault()
    {
        await using var world = await ComputeWorld.Start();
        world.Nodes[0].Twist = item => item.Domain is null ? null : new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "The disk is full: free space.");
        var id = await world.Create();
        Assert.Equal("The disk is full: free space.", (string)(await world.Until(id, "ERROR")).Json["server"]!["fault"]!["message"]!);
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + id)).Status);
        await world.Until(id, null);
    }

    [Fact]
    public async Task The_guest_gets_its_documents()
    {
        await using var world = await ComputeWorld.Start();
        var key = await world.Send("POST", "/os-keypairs", body: "{\"keypair\": {\"name\": \"k\"}}", version: "2.2");
        Assert.Equal(201, key.Status);
        var made = await world.Send("POST", "/servers", body: new
        {
            server = new
            {
                name = "My Web.1", imageRef = ComputeWorld.Image, flavorRef = await world.Flavor(),
                key_name = "k", metadata = new { role = "web" }, config_drive = true,
                user_data = "IyEvYmluL3NoCg==", adminPass = "geheim", personality = new[] { new { path = "/etc/motd", contents = "aGVsbG8=" } },
            },
        });
        Assert.Equal("geheim", (string)made.Json["server"]!["adminPass"]!);
        var id = (string)made.Json["server"]!["id"]!;
        await world.Until(id, "ACTIVE");
        var domain = world.Nodes[0].Items[(ItemKinds.Domain, id)].Domain!;
        var meta = System.Text.Json.Nodes.JsonNode.Parse(domain.Guest.MetaDataJson)!;
        Assert.Equal("my-web-1", (string)meta["hostname"]!);
        Assert.Equal("geheim", (string)meta["admin_pass"]!);
        Assert.Equal("web", (string)meta["meta"]!["role"]!);
        Assert.Equal("""[{"path":"/etc/motd","content_path":"/content/0000"}]""", meta["files"]!.ToJsonString());
        Assert.Equal("aGVsbG8=", domain.Guest.Files![0].ContentBase64);
        Assert.StartsWith("ssh-rsa ", (string)meta["public_keys"]!["k"]!);
        Assert.Equal(512, Convert.FromBase64String((string)meta["random_seed"]!).Length);
        var network = System.Text.Json.Nodes.JsonNode.Parse(domain.Guest.NetworkDataJson)!;
        Assert.Equal("ipv4_dhcp", (string)network["networks"]![0]!["type"]!);
        Assert.Equal(1450, (int)network["links"]![0]!["mtu"]!);
        Assert.Equal("scsi", domain.Hardware.DiskBus);
        Assert.Equal("IyEvYmluL3NoCg==", domain.Guest.UserDataBase64);
        Assert.Equal(0, domain.Root!.SizeBytes);
    }

    [Theory]
    [InlineData("2.1", 403, 6, "/f", "")]
    [InlineData("2.1", 202, 5, "/f", "")]
    [InlineData("2.1", 400, 1, "", "")]
    [InlineData("2.1", 400, 1, "/f", "%%")]
    [InlineData("2.57", 400, 1, "/f", "")]
    public async Task Files_are_given_as_far_as_the_quota_and_the_version_go(string version, int status, int count, string path, string contents)
    {
        await using var world = await ComputeWorld.Start();
        var personality = Enumerable.Repeat(new { path, contents }, count).ToArray();
        var server = new { name = "f", imageRef = ComputeWorld.Image, flavorRef = await world.Flavor(), networks = "none", personality };
        var plain = new { name = "f", imageRef = ComputeWorld.Image, flavorRef = await world.Flavor(), personality };
        Assert.Equal(status, (await world.Send("POST", "/servers", version: version, body: version == "2.1" ? new { server = plain } : new { server })).Status);
    }

    [Fact]
    public async Task The_tag_of_a_nic_is_shown_and_told_to_the_guest()
    {
        await using var world = await ComputeWorld.Start();
        var made = await world.Send("POST", "/servers", version: "2.70", body: new
        {
            server = new
            {
                name = "t", imageRef = ComputeWorld.Image, flavorRef = await world.Flavor(), networks = new[] { new { uuid = ComputeWorld.Network, tag = "front" } },
            },
        });
        var id = (string)made.Json["server"]!["id"]!;
        await world.Until(id, "ACTIVE");
        Assert.Equal("front", (string)(await world.Send("GET", $"/servers/{id}/os-interface", version: "2.70")).Json["interfaceAttachments"]![0]!["tag"]!);
        Assert.Contains("\"tags\":[\"front\"]", world.Nodes[0].Items[(ItemKinds.Domain, id)].Domain!.Guest.MetaDataJson, StringComparison.Ordinal);
    }
}
