using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Providers;

/// <summary>The one provider: HAProxy in namespaces of the nodes.</summary>
internal static class Provider
{
    public const string Name = "haproxy";
    public const string Description = "HAProxy in a network namespace of a node, one process a load balancer.";

    public static void Map(BothRoutes api)
    {
        api.Get("/lbaas/providers", "load-balancer:providers:list", _ => Task.FromResult(Answer.Json(
            200, new ProviderList([new ProviderView(Name, Description)]), BalancerJson.Wire.ProviderList)));
        foreach (var kind in new[] { "flavor", "availability_zone" })
        {
            // The provider has neither: every load balancer of it is made alike.
            api.Get($"/lbaas/providers/{{name}}/{kind}_capabilities", "load-balancer:providers:capabilities", call => Task.FromResult(
                call.Route("name") == Name
                    ? Answer.Bytes(200, System.Text.Encoding.UTF8.GetBytes($"{{\"{kind}_capabilities\": []}}"))
                    : new Fault.Invalid("provider", $"Provider '{call.Route("name")}' is not enabled.")));
        }
    }
}

internal sealed record ProviderView(string Name, string Description);

internal sealed record ProviderList(IReadOnlyList<ProviderView> Providers);
