using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.LoadBalancer.Tests;

/// <summary>What stands on SQL, on both engines.</summary>
public class EngineTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_tree_is_kept_listed_changed_and_removed(string engine)
    {
        await using var cloud = await BalancerCloud.Start(engine);
        var lb = await cloud.Balancer();
        var listener = await cloud.Listener(lb);
        var pool = await cloud.Part("/pools", new
        {
            pool = new
            {
                listener_id = listener, protocol = "HTTP", lb_algorithm = "ROUND_ROBIN", tags = new[] { "a_b",
            "100%" }
            }
        });
        var member = await cloud.Part($"/pools/{pool}/members", new { member = new { address = "10.0.0.7", protocol_port = 80, weight = 3 } });
        var policy = await cloud.Part("/l7policies", new { l7policy = new { listener_id = listener, action = "REJECT" } });
        await cloud.Part($"/l7policies/{policy}/rules", new { rule = new { type = "PATH", compare_type = "EQUAL_TO", value = "/" } });
        Assert.Single((await cloud.Ok("GET", "/pools?tags=a_b,100%25&protocol=HTTP"))["pools"]!.AsArray());
        Assert.Empty((await cloud.Ok("GET", "/pools?tags=axb"))["pools"]!.AsArray());
        Assert.Single((await cloud.Ok("GET", $"/listeners?default_pool_id={pool}&protocol_port=80&sort=updated_at:desc"))["listeners"]!.AsArray());
        Assert.Single((await cloud.Ok("GET", $"/pools/{pool}/members?address=10.0.0.7"))["members"]!.AsArray());
        Assert.Single((await cloud.Ok("GET", $"/l7policies?listener_id={listener}&action=REJECT"))["l7policies"]!.AsArray());
        await cloud.Ok("PUT", $"/pools/{pool}/members/{member}", new { member = new { weight = 4 } });
        await cloud.Obey();
        Assert.Equal(4, (int)(await cloud.Show($"/pools/{pool}/members/{member}"))["weight"]!);
        await cloud.Ok("DELETE", $"/loadbalancers/{lb}?cascade=true");
        await cloud.Obey();
        Assert.Equal(0, cloud.Cloud.Kernel.Database.Read(session => session.Scalar<long>("SELECT COUNT(*) FROM balancer_parts")));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Flavors_are_kept_and_names_are_theirs_alone(string engine)
    {
        await using var cloud = await BalancerCloud.Start(engine);
        var profile = await cloud.Id("/flavorprofiles", new { flavorprofile = new { name = "p", provider_name = "haproxy", flavor_data = "{}" } }, "admin");
        var flavor = await cloud.Id("/flavors", new { flavor = new { name = "f", flavor_profile_id = profile } }, "admin");
        var other = await cloud.Id("/flavors", new { flavor = new { name = "g", flavor_profile_id = profile, enabled = false } }, "admin");
        await cloud.Refused(409, "POST", "/flavors", new { flavor = new { name = "f", flavor_profile_id = profile } }, "admin");
        await cloud.Refused(409, "PUT", "/flavors/" + other, new { flavor = new { name = "f" } }, "admin");
        Assert.Single((await cloud.Ok("GET", "/flavors?enabled=true"))["flavors"]!.AsArray());
        await cloud.Ok("DELETE", "/flavors/" + flavor, token: "admin");
        await cloud.Ok("DELETE", "/flavors/" + other, token: "admin");
        await cloud.Ok("DELETE", "/flavorprofiles/" + profile, token: "admin");
    }
}
