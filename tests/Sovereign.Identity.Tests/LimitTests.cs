using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

public sealed class LimitTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Limits_stand_over_registered_ones(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var service = await clouds.MadeId("/services", "service", new { type = "x", name = "x" });
        var demo = await clouds.ProjectId("demo");
        var wish = new { service_id = service, region_id = "RegionOne", resource_name = "cores", default_limit = 10 };
        var made = await clouds.Send("POST", "/registered_limits", clouds.Admin, new { registered_limits = new[] { wish } });
        Assert.True(made.Status == 201, made.Text);
        var registered = made.Json["registered_limits"]![0]!;
        Assert.Equal(
            ["default_limit", "description", "id", "links", "region_id", "resource_name", "service_id"], registered.AsObject().Select(m => m.Key).Order());
        Assert.Equal(409, (await clouds.Send("POST", "/registered_limits", clouds.Admin, new { registered_limits = new[] { wish } })).Status);
        var own = new { project_id = demo, service_id = service, region_id = "RegionOne", resource_name = "cores", resource_limit = 5 };
        var other = new { project_id = demo, service_id = service, resource_name = "cores", resource_limit = 5 };
        Assert.Equal(403, (await clouds.Send("POST", "/limits", clouds.Admin, new { limits = new[] { other } })).Status);
        var limit = (await clouds.Send("POST", "/limits", clouds.Admin, new { limits = new[] { own } })).Json["limits"]![0]!;
        Assert.Equal(
            ["description", "domain_id", "id", "links", "project_id", "region_id", "resource_limit", "resource_name", "service_id"],
            limit.AsObject().Select(m => m.Key).Order());
        Assert.Equal(409, (await clouds.Send("POST", "/limits", clouds.Admin, new { limits = new[] { own } })).Status);
        var (id, of) = ((string)limit["id"]!, (string)registered["id"]!);
        Assert.Equal(403, (await clouds.Send("PATCH", "/registered_limits/" + of, clouds.Admin, new { registered_limit = new { default_limit = 1 } })).Status);
        Assert.Equal(403, (await clouds.Send("DELETE", "/registered_limits/" + of, clouds.Admin)).Status);
        Assert.Single((await clouds.Send("GET", "/limits", clouds.Demo)).Json["limits"]!.AsArray());
        Assert.Equal(200, (await clouds.Send("GET", "/limits/" + id, clouds.Demo)).Status);
        Assert.Equal(403, (await clouds.Send("PATCH", "/limits/" + id, clouds.Demo, new { limit = new { resource_limit = 50 } })).Status);
        var changed = (await clouds.Send("PATCH", "/limits/" + id, clouds.Admin, new { limit = new { resource_limit = -1 } })).Json["limit"]!;
        Assert.Equal(-1, (int)changed["resource_limit"]!);
        Assert.Equal("flat", (string)(await clouds.Send("GET", "/limits/model", clouds.Demo)).Json["model"]!["name"]!);
        Assert.Equal(204, (await clouds.Send("DELETE", "/limits/" + id, clouds.Admin)).Status);
        Assert.Equal(200, (await clouds.Send("PATCH", "/registered_limits/" + of, clouds.Admin, new { registered_limit = new { default_limit = 1 } })).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", "/registered_limits/" + of, clouds.Admin)).Status);
        Assert.Empty((await clouds.Send("GET", "/registered_limits", clouds.Demo)).Json["registered_limits"]!.AsArray());
    }

    [Theory]
    [InlineData("registered_limits", """{"registered_limits":[]}""")]
    [InlineData("registered_limits", """{"registered_limits":[{"resource_name":"x","default_limit":1}]}""")]
    [InlineData("registered_limits", """{"registered_limits":[{"service_id":"none","resource_name":"x","default_limit":1}]}""")]
    [InlineData("registered_limits", """{"registered_limits":[{"service_id":"none","resource_name":"x","default_limit":-2}]}""")]
    [InlineData("registered_limits", """{"registered_limits":[{"service_id":"none","resource_name":"x","default_limit":99999999999}]}""")]
    [InlineData("limits", """{"limits":[{"service_id":"none","resource_name":"x","resource_limit":1}]}""")]
    [InlineData("limits", """{"limits":{}}""")]
    public async Task Bad_limits_are_bad_requests(string path, string body)
    {
        await using var clouds = await Clouds.Start();
        Assert.Equal(400, (await clouds.Send("POST", "/" + path, clouds.Admin, body)).Status);
    }
}
