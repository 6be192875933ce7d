using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Placement.Tests;

public sealed class PlacementApiTests
{
    private const string Version = "OpenStack-API-Version";
    private const string First = "11111111-1111-4111-8111-111111111111";
    private const string Consumer = "22222222-2222-4222-8222-222222222222";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Fact]
    public async Task The_version_document_needs_no_token_and_names_what_is_implemented()
    {
        await using var cloud = await Start();
        foreach (var path in new[] { "/placement", "/placement/" })
        {
            var reply = await cloud.Send("GET", path, token: null);
            Assert.Equal(200, reply.Status);
            var version = reply.Json["versions"]![0]!;
            Assert.Equal(("v1.0", "1.0", "1.39", "CURRENT"), ((string)version["id"]!, (string)version["min_version"]!, (string)version["max_version"]!, (string)version["status"]!));
        }

        Assert.Equal(406, (await Ask(cloud, "GET", "/resource_providers", version: "1.40")).Status);
        Assert.Equal(401, (await cloud.Send("GET", "/placement/resource_providers", token: null)).Status);
        Assert.Equal(403, (await cloud.Send("GET", "/placement/resource_providers")).Status);
    }

    [Fact]
    public async Task A_provider_lives_as_the_reference_says()
    {
        await using var cloud = await Start();
        var created = await Ask(cloud, "POST", "/resource_providers", new { name = "n1", uuid = First });
        Assert.Equal(200, created.Status);
        Assert.Equal(0, (int)created.Json["generation"]!);
        Assert.Equal(First, (string)created.Json["root_provider_uuid"]!);
        Assert.True(created.Json.AsObject().ContainsKey("parent_provider_uuid"));
        Assert.Null(created.Json["parent_provider_uuid"]);
        Assert.Equal(["self", "inventories", "usages", "aggregates", "traits", "allocations"], created.Json["links"]!.AsArray().Select(l => (string)l!["rel"]!));
        var old = await Ask(cloud, "POST", "/resource_providers", new { name = "n2" }, "1.0");
        Assert.Equal(201, old.Status);
        Assert.EndsWith((await Ask(cloud, "GET", "/resource_providers?name=n2")).Json["resource_providers"]![0]!["uuid"]!.ToString(), old.Headers["Location"], StringComparison.Ordinal);
        var again = await Ask(cloud, "POST", "/resource_providers", new { name = "n1" });
        Assert.Equal((409, "placement.duplicate_name"), (again.Status, (string)again.Json["errors"]![0]!["code"]!));
        Assert.Equal(200, (await Ask(cloud, "PUT", "/resource_providers/" + First, new { name = "n3" })).Status);
        Assert.Equal(400, (await Ask(cloud, "POST", "/resource_providers", new { name = "" })).Status);
        Assert.Equal(400, (await Ask(cloud, "POST", "/resource_providers", new { name = "x", more = 1 })).Status);
        Assert.Equal(400, (await Ask(cloud, "GET", "/resource_providers?colour=red")).Status);
        Assert.Equal(204, (await Ask(cloud, "DELETE", "/resource_providers/" + First)).Status);
        Assert.Equal(404, (await Ask(cloud, "GET", "/resource_providers/" + First)).Status);
        Assert.Equal(404, (await Ask(cloud, "GET", "/resource_providers/..%2f")).Status);
    }

    [Fact]
    public async Task Inventories_are_replaced_only_by_who_saw_the_latest_generation()
    {
        await using var cloud = await Start();
        await Provide(cloud);
        var path = $"/resource_providers/{First}/inventories";
        var inventories = (await Ask(cloud, "GET", path)).Json;
        Assert.Equal(1, (int)inventories["resource_provider_generation"]!);
        Assert.Equal("""{"total":8,"reserved":0,"min_unit":1,"max_unit":2147483647,"step_size":1,"allocation_ratio":2.0}""", inventories["inventories"]!["VCPU"]!.ToJsonString());
        var late = await Ask(cloud, "PUT", path, new { resource_provider_generation = 0, inventories = new { } });
        Assert.Equal((409, "placement.concurrent_update"), (late.Status, (string)late.Json["errors"]![0]!["code"]!));
        var one = await Ask(cloud, "PUT", path + "/VCPU", new { resource_provider_generation = 1, total = 4 });
        Assert.Equal((200, 2), (one.Status, (int)one.Json["resource_provider_generation"]!));
        Assert.Equal(400, (await Ask(cloud, "PUT", path + "/VCPU", new { resource_provider_generation = 2, total = 0 })).Status);
        Assert.Equal(400, (await Ask(cloud, "PUT", path + "/VCPU", new { resource_provider_generation = 2, total = 4, reserved = 5 })).Status);
        Assert.Equal(400, (await Ask(cloud, "PUT", path + "/NUMA_CORE", new { resource_provider_generation = 2, total = 4 })).Status);
        Assert.Equal(204, (await Ask(cloud, "DELETE", path + "/VCPU")).Status);
        Assert.Equal(404, (await Ask(cloud, "DELETE", path + "/VCPU")).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Allocations_are_put_moved_and_removed_under_the_consumers_generation(string engine)
    {
        await using var cloud = await Start(engine);
        await Provide(cloud);
        Assert.Equal(204, (await Ask(cloud, "PUT", "/allocations/" + Consumer, Wish(10, null))).Status);
        var shown = (await Ask(cloud, "GET", "/allocations/" + Consumer)).Json;
        Assert.Equal((10, 1, "p"), ((int)shown["allocations"]![First]!["resources"]!["VCPU"]!, (int)shown["consumer_generation"]!, (string)shown["project_id"]!));
        Assert.Equal(409, (await Ask(cloud, "PUT", "/allocations/" + Consumer, Wish(11, null))).Status);
        Assert.Equal(204, (await Ask(cloud, "PUT", "/allocations/" + Consumer, Wish(16, 1))).Status);
        Assert.Equal(409, (await Ask(cloud, "PUT", "/allocations/" + Consumer, Wish(17, 2))).Status);
        Assert.Equal(400, (await Ask(cloud, "PUT", "/allocations/" + Consumer, Wish(0, 2))).Status);
        Assert.Equal(400, (await Ask(cloud, "PUT", "/allocations/" + Consumer, Wish(-1, 2))).Status);
        Assert.Equal(16, (int)(await Ask(cloud, "GET", $"/resource_providers/{First}/usages")).Json["usages"]!["VCPU"]!);
        Assert.Equal(16, (int)(await Ask(cloud, "GET", "/usages?project_id=p")).Json["usages"]!["VCPU"]!);
        Assert.Equal(403, (await cloud.Send("GET", "/placement/usages?project_id=p")).Status);
        Assert.Equal(200, (await cloud.Send("GET", "/placement/usages?project_id=" + TestCallers.Id("project-a"))).Status);
        Assert.Equal(2, (int)(await Ask(cloud, "GET", $"/resource_providers/{First}/allocations")).Json["allocations"]![Consumer]!["consumer_generation"]!);
        var used = await Ask(cloud, "DELETE", $"/resource_providers/{First}/inventories");
        Assert.Equal((409, "placement.inventory.inuse"), (used.Status, (string)used.Json["errors"]![0]!["code"]!));
        Assert.Equal(409, (await Ask(cloud, "DELETE", "/resource_providers/" + First)).Status);
        Assert.Equal(204, (await Ask(cloud, "DELETE", "/allocations/" + Consumer)).Status);
        Assert.Equal(404, (await Ask(cloud, "DELETE", "/allocations/" + Consumer)).Status);
        Assert.Equal("{}", (await Ask(cloud, "GET", "/allocations/" + Consumer)).Json["allocations"]!.ToJsonString());
        var many = new Dictionary<string, object> { [Consumer] = Wish(4, null) };
        Assert.Equal(204, (await Ask(cloud, "POST", "/allocations", many)).Status);
        Assert.Equal(204, (await Ask(cloud, "PUT", "/allocations/" + Consumer, Listed(3), "1.8")).Status);
        Assert.Empty(new PlacementModule(cloud.Kernel).Verify());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Candidates_are_providers_with_room_and_the_traits_asked_for(string engine)
    {
        await using var cloud = await Start(engine);
        await Provide(cloud);
        var found = await Ask(cloud, "GET", "/allocation_candidates?resources=VCPU:16,MEMORY_MB:512&limit=5");
        Assert.Equal(16, (int)found.Json["allocation_requests"]![0]!["allocations"]![First]!["resources"]!["VCPU"]!);
        Assert.Equal("""{"capacity":16,"used":0}""", found.Json["provider_summaries"]![First]!["resources"]!["VCPU"]!.ToJsonString());
        Assert.Empty((await Ask(cloud, "GET", "/allocation_candidates?resources=VCPU:17")).Json["allocation_requests"]!.AsArray());
        Assert.Empty((await Ask(cloud, "GET", "/allocation_candidates?resources=VCPU:1&required=COMPUTE_NODE")).Json["allocation_requests"]!.AsArray());
        Assert.Equal(200, (await Ask(cloud, "PUT", $"/resource_providers/{First}/traits", new { resource_provider_generation = 1, traits = new[] { "COMPUTE_NODE" } })).Status);
        Assert.Single((await Ask(cloud, "GET", "/allocation_candidates?resources=VCPU:1&required=COMPUTE_NODE")).Json["allocation_requests"]!.AsArray());
        Assert.Empty((await Ask(cloud, "GET", "/allocation_candidates?resources=VCPU:1&required=!COMPUTE_NODE")).Json["allocation_requests"]!.AsArray());
        Assert.Single((await Ask(cloud, "GET", "/resource_providers?resources=VCPU:1&required=COMPUTE_NODE")).Json["resource_providers"]!.AsArray());
        foreach (var wrong in new[] { "", "resources=VCPU", "resources=VCPU:-1", "resources=VCPU:0", "resources=NO:1", "resources=VCPU:1&required=NO", "resources=VCPU:1&limit=x", "resources=VCPU:99999999999999999999" })
        {
            Assert.Equal(400, (await Ask(cloud, "GET", "/allocation_candidates?" + wrong)).Status);
        }
    }

    [Fact]
    public async Task Custom_names_are_made_and_standard_ones_stay()
    {
        await using var cloud = await Start();
        Assert.Equal(201, (await Ask(cloud, "PUT", "/resource_classes/CUSTOM_GPU")).Status);
        Assert.Equal(204, (await Ask(cloud, "PUT", "/resource_classes/CUSTOM_GPU")).Status);
        Assert.Equal(400, (await Ask(cloud, "PUT", "/resource_classes/GPU")).Status);
        Assert.Equal(400, (await Ask(cloud, "DELETE", "/resource_classes/VCPU")).Status);
        Assert.Contains("CUSTOM_GPU", (await Ask(cloud, "GET", "/resource_classes")).Text, StringComparison.Ordinal);
        Assert.Equal(204, (await Ask(cloud, "DELETE", "/resource_classes/CUSTOM_GPU")).Status);
        Assert.Equal(201, (await Ask(cloud, "PUT", "/traits/CUSTOM_FAST")).Status);
        Assert.Equal(["CUSTOM_FAST"], (await Ask(cloud, "GET", "/traits?name=startswith:CUSTOM")).Json["traits"]!.AsArray().Select(t => (string)t!));
        Assert.Equal(204, (await Ask(cloud, "GET", "/traits/CUSTOM_FAST")).Status);
    }

    private static async Task<TestCloud> Start(string engine = "sqlite")
    {
        return await TestCloud.Start(kernel => [new PlacementModule(kernel)], engine: engine);
    }

    private static async Task Provide(TestCloud cloud)
    {
        Assert.Equal(200, (await Ask(cloud, "POST", "/resource_providers", new { name = "n1", uuid = First })).Status);
        var inventories = new { VCPU = new { total = 8, allocation_ratio = 2.0 }, MEMORY_MB = new { total = 1024 } };
        var body = System.Text.Json.JsonSerializer.SerializeToNode(new { resource_provider_generation = 0, inventories })!;
        Assert.Equal(200, (await Ask(cloud, "PUT", $"/resource_providers/{First}/inventories", body)).Status);
    }

    private static JsonObject Wish(long vcpus, long? generation) => new()
    {
        ["allocations"] = new JsonObject { [First] = new JsonObject { ["resources"] = new JsonObject { ["VCPU"] = vcpus } } },
        ["project_id"] = "p", ["user_id"] = "u", ["consumer_generation"] = generation,
    };

    private static JsonObject Listed(long vcpus) => new()
    {
        ["allocations"] = new JsonArray(new JsonObject
        {
            ["resource_provider"] = new JsonObject { ["uuid"] = First }, ["resources"] = new JsonObject { ["VCPU"] = vcpus },
        }),
        ["project_id"] = "p", ["user_id"] = "u",
    };

    private static Task<TestReply> Ask(TestCloud cloud, string method, string path, object? body = null, string version = "1.28") =>
        cloud.Send(method, "/placement" + path, "admin", body, (Version, "placement " + version));
}
