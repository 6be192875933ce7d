using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Placement.Tests;

/// <summary>Nested providers, what spans them, and moves between them: microversions 1.29 to 1.39.</summary>
public sealed class TreeTests
{
    private const string Host = "10000000-0000-4000-8000-000000000001";
    private const string Numa = "10000000-0000-4000-8000-000000000002";
    private const string Card = "10000000-0000-4000-8000-000000000003";
    private const string Other = "20000000-0000-4000-8000-000000000001";
    private const string Storage = "30000000-0000-4000-8000-000000000001";
    private const string Rack = "40000000-0000-4000-8000-000000000001";
    private const string Consumer = "50000000-0000-4000-8000-000000000001";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Candidates_span_a_tree_from_1_29_on_and_one_provider_before(string engine)
    {
        await using var cloud = await Trees(engine);
        const string Both = "/allocation_candidates?resources=VCPU:2,SRIOV_NET_VF:1";
        Assert.Empty(Requests(await Ask(cloud, "GET", Both, version: "1.28")));
        var found = await Ask(cloud, "GET", Both);
        var one = Assert.Single(Requests(found))!["allocations"]!;
        Assert.Equal((2, 1), ((int)one[Host]!["resources"]!["VCPU"]!, (int)one[Card]!["resources"]!["SRIOV_NET_VF"]!));
        var summaries = found.Json["provider_summaries"]!;
        Assert.Equal((Numa, Host), ((string)summaries[Card]!["parent_provider_uuid"]!, (string)summaries[Card]!["root_provider_uuid"]!));
        Assert.Equal(3, summaries.AsObject().Count);
    }

    [Fact]
    public async Task Groups_by_name_give_mappings_and_may_have_to_hang_together()
    {
        await using var cloud = await Trees();
        const string Apart = "/allocation_candidates?resources_CPU=VCPU:1&resources_NET=SRIOV_NET_VF:1&group_policy=isolate";
        var mapped = Assert.Single(Requests(await Ask(cloud, "GET", Apart)))!["mappings"]!;
        Assert.Equal((Host, Card), ((string)mapped["_CPU"]![0]!, (string)mapped["_NET"]![0]!));
        Assert.Single(Requests(await Ask(cloud, "GET", Apart + "&same_subtree=_CPU,_NET")));
        Assert.Equal(400, (await Ask(cloud, "GET", Apart + "&same_subtree=_CPU,_NO")).Status);
        Assert.Equal(400, (await Ask(cloud, "GET", Apart, version: "1.32")).Status);
        Assert.Null(Requests(await Ask(cloud, "GET", Apart, version: "1.33"))[0]!["mappings"]);
    }

    [Fact]
    public async Task Trees_aggregates_roots_and_sets_of_traits_narrow_the_candidates()
    {
        await using var cloud = await Trees();
        const string Cpus = "/allocation_candidates?resources=VCPU:1";
        Assert.Equal(2, Requests(await Ask(cloud, "GET", Cpus)).Count);
        Assert.Equal(Other, Provider(Assert.Single(Requests(await Ask(cloud, "GET", Cpus + "&in_tree=" + Other)))));
        Assert.Equal(Other, Provider(Assert.Single(Requests(await Ask(cloud, "GET", Cpus + "&member_of=!" + Rack)))));
        Assert.Equal(Host, Provider(Assert.Single(Requests(await Ask(cloud, "GET", Cpus + "&member_of=in:" + Rack)))));
        Assert.Equal(Other, Provider(Assert.Single(Requests(await Ask(cloud, "GET", Cpus + "&root_required=COMPUTE_NODE,!HW_CPU_X86_AVX2")))));
        Assert.Equal(2, Requests(await Ask(cloud, "GET", Cpus + "&required=in:COMPUTE_NODE,HW_CPU_X86_AVX2")).Count);
        Assert.Equal(Host, Provider(Assert.Single(Requests(await Ask(cloud, "GET", Cpus + "&required=in:COMPUTE_NODE&required=HW_CPU_X86_AVX2")))));
        Assert.Equal(400, (await Ask(cloud, "GET", Cpus + "&required=in:COMPUTE_NODE", version: "1.38")).Status);
        Assert.Equal(400, (await Ask(cloud, "GET", Cpus + "&in_tree=" + Other, version: "1.30")).Status);
        Assert.Equal(400, (await Ask(cloud, "GET", "/resource_providers?in_tree=" + Other, version: "1.13")).Status);
        Assert.Equal(400, (await Ask(cloud, "GET", Cpus + "&required=COMPUTE_NODE,!COMPUTE_NODE")).Status);
    }

    [Fact]
    public async Task Shared_storage_serves_the_trees_of_its_aggregate()
    {
        await using var cloud = await Trees();
        var one = Assert.Single(Requests(await Ask(cloud, "GET", "/allocation_candidates?resources=VCPU:1,DISK_GB:10")))!["allocations"]!;
        Assert.Equal((1, 10), ((int)one[Host]!["resources"]!["VCPU"]!, (int)one[Storage]!["resources"]!["DISK_GB"]!));
        Assert.Equal(Storage, Provider(Assert.Single(Requests(await Ask(cloud, "GET", "/allocation_candidates?resources=DISK_GB:10")))));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_reshape_moves_inventory_and_what_is_taken_at_once_or_not_at_all(string engine)
    {
        await using var cloud = await Trees(engine);
        Assert.Equal(204, (await Ask(cloud, "PUT", "/allocations/" + Consumer, Wish(Host, 4, null))).Status);
        var generation = (long)(await Ask(cloud, "GET", "/resource_providers/" + Host)).Json["generation"]!;
        JsonObject Reshape(long seen, long vcpus) => new()
        {
            ["inventories"] = new JsonObject
            {
                [Host] = new JsonObject { ["resource_provider_generation"] = seen, ["inventories"] = new JsonObject() },
                [Numa] = new JsonObject { ["resource_provider_generation"] = 0, ["inventories"] = new JsonObject { ["VCPU"] = new JsonObject { ["total"] = 8 } } },
            },
            ["allocations"] = new JsonObject { [Consumer] = Wish(Numa, vcpus, 1) },
        };
        Assert.Equal(404, (await Ask(cloud, "POST", "/reshaper", Reshape(generation, 4), "1.29")).Status);
        foreach (var nothing in new[]
        {
            """{"inventories":{},"allocations":{"11111111-1111-4111-8111-111111111111":null}}""",
            """{"inventories":{"11111111-1111-4111-8111-111111111111":null},"allocations":{}}""",
            """{"inventories":{"11111111-1111-4111-8111-111111111111":{"resource_provider_generation":0,"inventories":{"VCPU":null}}},"allocations":{}}""",
        })
            Assert.Equal(400, (await Ask(cloud, "POST", "/reshaper", nothing)).Status);
        Assert.Equal(409, (await Ask(cloud, "POST", "/reshaper", Reshape(generation + 1, 4))).Status);
        Assert.Equal(409, (await Ask(cloud, "POST", "/reshaper", Reshape(generation, 9))).Status);
        Assert.Equal(4, (int)(await Ask(cloud, "GET", $"/resource_providers/{Host}/usages")).Json["usages"]!["VCPU"]!);
        Assert.Equal(204, (await Ask(cloud, "POST", "/reshaper", Reshape(generation, 4))).Status);
        Assert.Equal(4, (int)(await Ask(cloud, "GET", $"/resource_providers/{Numa}/usages")).Json["usages"]!["VCPU"]!);
        Assert.Empty((await Ask(cloud, "GET", $"/resource_providers/{Host}/inventories")).Json["inventories"]!.AsObject());
        Assert.Empty(new PlacementModule(cloud.Kernel).Verify());
    }

    [Fact]
    public async Task Providers_move_with_all_below_them_from_1_37_on_and_never_in_a_circle()
    {
        await using var cloud = await Trees();
        object Under(string? parent) => new JsonObject { ["name"] = "numa", ["parent_provider_uuid"] = parent };
        Assert.Equal(400, (await Ask(cloud, "PUT", "/resource_providers/" + Numa, Under(Other), "1.36")).Status);
        Assert.Equal(400, (await Ask(cloud, "PUT", "/resource_providers/" + Numa, Under(Card))).Status);
        Assert.Equal(200, (await Ask(cloud, "PUT", "/resource_providers/" + Numa, Under(Other))).Status);
        Assert.Equal(Other, (string)(await Ask(cloud, "GET", "/resource_providers/" + Card)).Json["root_provider_uuid"]!);
        Assert.Equal(200, (await Ask(cloud, "PUT", "/resource_providers/" + Numa, Under(null))).Status);
        Assert.Equal(Numa, (string)(await Ask(cloud, "GET", "/resource_providers/" + Card)).Json["root_provider_uuid"]!);
    }

    [Fact]
    public async Task Usages_are_told_by_type_of_consumer_from_1_38_on()
    {
        await using var cloud = await Trees();
        Assert.Equal(204, (await Ask(cloud, "PUT", "/allocations/" + Consumer, Wish(Host, 4, null))).Status);
        Assert.Equal("INSTANCE", (string)(await Ask(cloud, "GET", "/allocations/" + Consumer)).Json["consumer_type"]!);
        Assert.Equal("""{"INSTANCE":{"VCPU":4,"consumer_count":1}}""", (await Ask(cloud, "GET", "/usages?project_id=p")).Json["usages"]!.ToJsonString());
        Assert.Equal("""{"all":{"VCPU":4,"consumer_count":1}}""", (await Ask(cloud, "GET", "/usages?project_id=p&consumer_type=all")).Json["usages"]!.ToJsonString());
        Assert.Equal("{}", (await Ask(cloud, "GET", "/usages?project_id=p&consumer_type=MIGRATION")).Json["usages"]!.ToJsonString());
        Assert.Equal("""{"VCPU":4}""", (await Ask(cloud, "GET", "/usages?project_id=p", version: "1.37")).Json["usages"]!.ToJsonString());
        var untyped = Wish(Host, 5, 1);
        untyped.Remove("consumer_type");
        Assert.Equal(400, (await Ask(cloud, "PUT", "/allocations/" + Consumer, untyped)).Status);
        Assert.Equal(204, (await Ask(cloud, "PUT", "/allocations/" + Consumer, untyped, "1.37")).Status);
        Assert.Equal("INSTANCE", (string)(await Ask(cloud, "GET", "/allocations/" + Consumer)).Json["consumer_type"]!);
    }

    /// <summary>A host with a NUMA cell and a network card below it, another host, and storage shared in the first one's rack.</summary>
    private static async Task<TestCloud> Trees(string engine = "sqlite")
    {
        var cloud = await TestCloud.Start(kernel => [new PlacementModule(kernel)], engine: engine);
        await Make(cloud, Host, "host", null, ("VCPU", 16));
        await Make(cloud, Numa, "numa", Host);
        await Make(cloud, Card, "card", Numa, ("SRIOV_NET_VF", 4));
        await Make(cloud, Other, "other", null, ("VCPU", 16));
        await Make(cloud, Storage, "storage", null, ("DISK_GB", 100));
        await Carry(cloud, Host, [Rack], "COMPUTE_NODE", "HW_CPU_X86_AVX2");
        await Carry(cloud, Other, [], "COMPUTE_NODE");
        await Carry(cloud, Storage, [Rack], "MISC_SHARES_VIA_AGGREGATE");
        return cloud;
    }

    private static async Task Make(TestCloud cloud, string id, string name, string? parent, params (string Class, int Total)[] inventories)
    {
        var body = new JsonObject { ["name"] = name, ["uuid"] = id };
        if (parent is not null) body["parent_provider_uuid"] = parent;
        Assert.Equal(200, (await Ask(cloud, "POST", "/resource_providers", body)).Status);
        foreach (var (resourceClass, total) in inventories)
        {
            Assert.Equal(201, (await Ask(cloud, "POST", $"/resource_providers/{id}/inventories", new { resource_class = resourceClass, total })).Status);
        }
    }

    private static async Task Carry(TestCloud cloud, string id, string[] aggregates, params string[] traits)
    {
        async Task<long> Generation() => (long)(await Ask(cloud, "GET", "/resource_providers/" + id)).Json["generation"]!;
        Assert.Equal(200, (await Ask(cloud, "PUT", $"/resource_providers/{id}/traits", new { resource_provider_generation = await Generation(), traits })).Status);
        var grouped = await Ask(cloud, "PUT", $"/resource_providers/{id}/aggregates", new { resource_provider_generation = await Generation(), aggregates });
        Assert.Equal(200, grouped.Status);
    }

    private static JsonObject Wish(string provider, long vcpus, long? generation) => new()
    {
        ["allocations"] = new JsonObject { [provider] = new JsonObject { ["resources"] = new JsonObject { ["VCPU"] = vcpus } } },
        ["project_id"] = "p", ["user_id"] = "u", ["consumer_generation"] = generation, ["consumer_type"] = "INSTANCE",
    };

    private static JsonArray Requests(TestReply reply) => reply.Json["allocation_requests"]!.AsArray();

    private static string Provider(JsonNode? request) => request!["allocations"]!.AsObject().Single().Key;

    private static Task<TestReply> Ask(TestCloud cloud, string method, string path, object? body = null, string version = "1.39")
    {
        if (body is JsonObject json && string.CompareOrdinal(version, "1.38") < 0) json.Remove("consumer_type");
        return cloud.Send(method, "/placement" + path, "admin", body, ("OpenStack-API-Version", "placement " + version));
    }
}
