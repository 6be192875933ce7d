using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.LoadBalancer.Providers;

/// <summary>Availability zones of load balancers: there are none, since the provider has no capabilities that could make one.</summary>
internal static class ZoneEndpoints
{
    public static void Map(BothRoutes api)
    {
        List(api, "/lbaas/availabilityzones", "availability_zones");
        List(api, "/lbaas/availabilityzoneprofiles", "availability_zone_profiles");
    }

    private static void List(BothRoutes api, string path, string name)
    {
        var rule = $"load-balancer:{name}:";
        var shown = name.EndsWith("profiles", StringComparison.Ordinal) ? "Availability zone profile" : "Availability zone";
        api.Get(path, rule + "list", _ => Task.FromResult(Answer.Bytes(200, System.Text.Encoding.UTF8.GetBytes($"{{\"{name}\": [], \"{name}_links\": []}}"))));
        api.Get(path + "/{name}", rule + "show", call => Task.FromResult<Answer>(new Fault.NotFound(shown, call.Route("name"))));
    }
}
