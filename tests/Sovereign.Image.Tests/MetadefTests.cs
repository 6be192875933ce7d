using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Image.Tests;

public sealed class MetadefTests
{
    private const string Root = "/image/v2/metadefs/namespaces";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_namespace_lives_with_its_definitions(string engine)
    {
        await using var cloud = await Start(engine);
        var made = await cloud.Send("POST", Root, "admin", body: new
        {
            @namespace = "CIM",
            visibility = "public",
            @protected = true,
            display_name = "Processor",
            resource_type_associations = new[] { new { name = "OS::Nova::Flavor", prefix = "x_" } },
            properties = new Dictionary<string, object> { ["cpu"] = new { title = "CPU", type = "string", @enum = new[] { "a", "b" } } },
        });
        Assert.Equal(201, made.Status);
        Assert.EndsWith("/image/v2/metadefs/namespaces/CIM", made.Headers["Location"], StringComparison.Ordinal);
        Assert.Equal(409, (await cloud.Send("POST", Root, "admin", body: new { @namespace = "CIM" })).Status);
        var shown = (await cloud.Send("GET", Root + "/CIM", "member-b")).Json;
        Assert.Equal(("CIM", "public", true, "Processor", "/v2/metadefs/namespaces/CIM"), (
            (string)shown["namespace"]!, (string)shown["visibility"]!, (bool)shown["protected"]!, (string)shown["display_name"]!, (string)shown["self"]!));
        Assert.Equal("""{"title":"CPU","type":"string","enum":["a","b"]}""", shown["properties"]!["cpu"]!.ToJsonString());
        Assert.Equal("x_", (string)shown["resource_type_associations"]![0]!["prefix"]!);
        Assert.Single((await cloud.Send("GET", Root + "?resource_types=OS::Nova::Flavor")).Json["namespaces"]!.AsArray());
        Assert.Empty((await cloud.Send("GET", Root + "?resource_types=OS::None")).Json["namespaces"]!.AsArray());
        Assert.Equal(403, (await cloud.Send("DELETE", Root + "/CIM", "admin")).Status);
        Assert.Equal(200, (await cloud.Send("PUT", Root + "/CIM", "admin", body: new { @namespace = "CIM2", visibility = "private" })).Status);
        Assert.Equal(404, (await cloud.Send("GET", Root + "/CIM", "admin")).Status);
        Assert.Equal(404, (await cloud.Send("GET", Root + "/CIM2", "member-b")).Status);
        Assert.Equal(204, (await cloud.Send("DELETE", Root + "/CIM2", "admin")).Status);
        Assert.Equal(404, (await cloud.Send("GET", Root + "/CIM2", "admin")).Status);
    }

    [Fact]
    public async Task Objects_properties_and_tags_are_made_renamed_and_deleted()
    {
        await using var cloud = await Start();
        await cloud.Send("POST", Root, "admin", body: new { @namespace = "n" });
        foreach (var (path, body, renamed) in new (string, object, object)[]
        {
            (
                "objects",
                new { name = "one", properties = new Dictionary<string, object> { ["p"] = new { title = "P", type = "integer", minimum = 1 } } },
                new { name = "two" }),
            ("properties", new { name = "one", title = "P", type = "boolean" }, new { name = "two", title = "Q", type = "boolean" }),
        })
        {
            Assert.Equal(201, (await cloud.Send("POST", $"{Root}/n/{path}", "admin", body: body)).Status);
            Assert.Equal(409, (await cloud.Send("POST", $"{Root}/n/{path}", "admin", body: body)).Status);
            Assert.Equal("one", (string)(await cloud.Send("GET", $"{Root}/n/{path}/one", "admin")).Json["name"]!);
            Assert.Equal("two", (string)(await cloud.Send("PUT", $"{Root}/n/{path}/one", "admin", body: renamed)).Json["name"]!);
            Assert.Equal(404, (await cloud.Send("GET", $"{Root}/n/{path}/one", "admin")).Status);
            Assert.Equal(204, (await cloud.Send("DELETE", $"{Root}/n/{path}/two", "admin")).Status);
            Assert.Equal(404, (await cloud.Send("DELETE", $"{Root}/n/{path}/two", "admin")).Status);
            Assert.Equal(403, (await cloud.Send("POST", $"{Root}/n/{path}", body: body)).Status);
        }

        Assert.Equal(201, (await cloud.Send("POST", $"{Root}/n/tags", "admin", body: new { tags = new[] { new { name = "a" }, new { name = "b" } } })).Status);
        Assert.Equal(201, (await cloud.Send("POST", $"{Root}/n/tags/c", "admin")).Status);
        Assert.Equal("""[{"name":"a"},{"name":"b"},{"name":"c"}]""", (await cloud.Send("GET", $"{Root}/n/tags", "admin")).Json["tags"]!.ToJsonString());
        Assert.Equal(201, (await cloud.Send("POST", $"{Root}/n/tags", "admin", body: new { tags = new[] { new { name = "z" } } })).Status);
        Assert.Equal("""[{"name":"z"}]""", (await cloud.Send("GET", $"{Root}/n/tags", "admin")).Json["tags"]!.ToJsonString());
        Assert.Equal(204, (await cloud.Send("DELETE", $"{Root}/n/tags", "admin")).Status);
        Assert.Empty((await cloud.Send("GET", $"{Root}/n/tags", "admin")).Json["tags"]!.AsArray());
    }

    [Theory]
    [InlineData("", """{"display_name":"no name"}""")]
    [InlineData("", """{"namespace":""}""")]
    [InlineData("", """{"namespace":"\uD800"}""")]
    [InlineData("/n/objects", """{"name":"o","description":"\udc00"}""")]
    [InlineData("", """{"namespace":"x","visibility":"shared"}""")]
    [InlineData("", """{"namespace":"x","what":1}""")]
    [InlineData("", """{"namespace":"x","properties":[]}""")]
    [InlineData("", """{"namespace":"x","properties":{"p":{"title":"t"}}}""")]
    [InlineData("/n/properties", """{"name":"p","title":"t","type":"shape"}""")]
    [InlineData("/n/properties", """{"name":"p","title":"t","type":"string","pattern":"("}""")]
    [InlineData("/n/objects", """{"name":7}""")]
    [InlineData("/n/objects", """[]""")]
    [InlineData("/n/tags", """{"tags":7}""")]
    [InlineData("/n/resource_types", """{"prefix":"p"}""")]
    public async Task Definitions_that_say_nothing_are_refused(string path, string body)
    {
        await using var cloud = await Start();
        await cloud.Send("POST", Root, "admin", body: new { @namespace = "n" });
        Assert.Equal(400, (await cloud.Send("POST", Root + path, "admin", body: body)).Status);
        Assert.Single((await cloud.Send("GET", Root, "admin")).Json["namespaces"]!.AsArray());
    }

    private static async Task<TestCloud> Start(string engine = "sqlite") => await TestCloud.Start(kernel => [new ImageModule(kernel)], engine: engine);
}
