using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>Kinds of routers.</summary>
public sealed class RouterFlavorTests
{
    private const string Driver = "neutron.services.l3_router.service_providers.single_node.SingleNodeDriver";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_router_is_made_of_a_flavor_that_has_a_driver(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var flavor = await cloud.Id("POST", "/flavors", new { flavor = new { name = "f", service_type = "L3_ROUTER_NAT", description = "d" } }, "admin");
        await cloud.Refused(404, "FlavorServiceProfileBindingNotFound", "POST", "/routers", new { router = new { flavor_id = flavor } });
        var words = await Profile(cloud, new { metainfo = "fast" });
        var profile = await Profile(cloud, new { driver = Driver, description = "p" });
        await cloud.Ok("POST", $"/flavors/{flavor}/service_profiles", new { service_profile = new { id = words } }, "admin");
        await cloud.Refused(404, "ServiceProfileDriverNotFound", "POST", "/routers", new { router = new { flavor_id = flavor } });
        await cloud.Ok("DELETE", $"/flavors/{flavor}/service_profiles/{words}", token: "admin");
        await cloud.Refused(
            404, "FlavorServiceProfileBindingNotFound", "DELETE", $"/flavors/{flavor}/service_profiles/{words}", token: "admin");
        var joined = await cloud.Ok("POST", $"/flavors/{flavor}/service_profiles", new { service_profile = new { id = profile } }, "admin");
        Assert.Equal(profile, (string?)joined["service_profile"]!["id"]);
        await cloud.Refused(
            409, "FlavorServiceProfileBindingExists", "POST", $"/flavors/{flavor}/service_profiles", new { service_profile = new { id = profile } }, "admin");
        Assert.Equal($"[\"{profile}\"]", (await cloud.Ok("GET", "/flavors/" + flavor))["flavor"]!["service_profiles"]!.ToJsonString());
        var made = (await cloud.Ok("POST", "/routers", new { router = new { name = "r", flavor_id = flavor } }))["router"]!;
        Assert.Equal(flavor, (string?)made["flavor_id"]);
        Assert.Single((await cloud.Ok("GET", "/routers?flavor_id=" + flavor))["routers"]!.AsArray());
        await cloud.Refused(400, "HTTPBadRequest", "PUT", "/routers/" + made["id"], """{"router": {"flavor_id": null}}""");
        await cloud.Refused(409, "FlavorInUse", "DELETE", "/flavors/" + flavor, token: "admin");
        await cloud.Refused(409, "ServiceProfileInUse", "DELETE", "/service_profiles/" + profile, token: "admin");
        await cloud.Refused(409, "ServiceProfileInUse", "PUT", "/service_profiles/" + profile, new { service_profile = new { enabled = false } }, "admin");
        await cloud.Ok("PUT", "/flavors/" + flavor, new { flavor = new { enabled = false, name = "g" } }, "admin");
        await cloud.Refused(503, "FlavorDisabled", "POST", "/routers", new { router = new { flavor_id = flavor } });
        Assert.Single((await cloud.Ok("GET", "/flavors?name=g&enabled=false"))["flavors"]!.AsArray());
        await cloud.Ok("DELETE", "/routers/" + made["id"]);
        await cloud.Ok("DELETE", "/flavors/" + flavor, token: "admin");
        await cloud.Ok("PUT", "/service_profiles/" + profile, new { service_profile = new { description = "q" } }, "admin");
        await cloud.Ok("DELETE", "/service_profiles/" + profile, token: "admin");
        Assert.Equal([words], (await cloud.Ok("GET", "/service_profiles?enabled=true", token: "admin"))["service_profiles"]!.AsArray().Select(p => (string)p!["id"]!));
    }

    [Fact]
    public async Task What_cannot_be_a_flavor_or_a_profile_is_refused()
    {
        await using var cloud = await NetworkCloud.Start();
        await cloud.Refused(400, "HTTPBadRequest", "POST", "/flavors", new { flavor = new { name = "f", service_type = "FIREWALL" } }, "admin");
        await cloud.Refused(
            404, "ServiceProfileNotFound", "POST", "/flavors",
            new { flavor = new { service_type = "L3_ROUTER_NAT", service_profiles = new[] { "x" } } }, "admin");
        await cloud.Refused(400, "ServiceProfileEmpty", "POST", "/service_profiles", new { service_profile = new { description = "d" } }, "admin");
        await cloud.Refused(404, "ServiceProfileDriverNotFound", "POST", "/service_profiles", new { service_profile = new { driver = "x" } }, "admin");
        await cloud.Refused(404, "FlavorNotFound", "POST", "/flavors/x/service_profiles", new { service_profile = new { id = "x" } }, "admin");
        await cloud.Refused(404, "FlavorNotFound", "POST", "/routers", new { router = new { flavor_id = "x" } });
        foreach (var (method, path) in new[] { ("GET", "/service_profiles"), ("POST", "/flavors"), ("DELETE", "/flavors/x") })
        {
            Assert.Equal(403, (await cloud.Cloud.Send(method, "/network/v2.0" + path, "member-a", method == "POST" ? new { flavor = new { } } : null)).Status);
        }
    }

    private static Task<string> Profile(NetworkCloud cloud, object members) => cloud.Id("POST", "/service_profiles", new { service_profile = members }, "admin");
}
