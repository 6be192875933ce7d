using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute;

/// <summary>Routes that the compute API once had and answers with 410 since (Compute API reference, "Obsolete APIs").</summary>
internal static class GoneEndpoints
{
    private static readonly (string Pattern, string Methods)[] gone =
    [
        ("/os-agents", "GET POST"), ("/os-agents/{id}", "PUT DELETE"),
        ("/os-cells", "GET POST"), ("/os-cells/capacities", "GET"), ("/os-cells/detail", "GET"), ("/os-cells/info", "GET"),
        ("/os-cells/sync_instances", "POST"), ("/os-cells/{id}", "GET PUT DELETE"), ("/os-cells/{id}/capacities", "GET"),
        ("/os-certificates", "POST"), ("/os-certificates/{id}", "GET"),
        ("/os-cloudpipe", "GET POST"), ("/os-cloudpipe/{id}", "PUT"),
        ("/os-fixed-ips/{id}", "GET"), ("/os-fixed-ips/{id}/action", "POST"),
        ("/os-floating-ip-dns", "GET"), ("/os-floating-ip-dns/{domain}", "PUT DELETE"), ("/os-floating-ip-dns/{domain}/entries/{entry}", "GET PUT DELETE"),
        ("/os-floating-ips-bulk", "GET POST"), ("/os-floating-ips-bulk/{id}", "GET PUT"),
        ("/os-fping", "GET"), ("/os-fping/{id}", "GET"),
        ("/os-networks", "POST"), ("/os-networks/add", "POST"), ("/os-networks/{id}", "DELETE"), ("/os-networks/{id}/action", "POST"),
        ("/os-security-group-default-rules", "GET POST"), ("/os-security-group-default-rules/{id}", "GET DELETE"),
        ("/os-tenant-networks", "POST"), ("/os-tenant-networks/{id}", "DELETE"),
        ("/servers/{id}/consoles", "GET POST"), ("/servers/{id}/consoles/{console}", "GET DELETE"), ("/servers/{id}/os-virtual-interfaces", "GET"),
    ];

    public static void Map(BothRoutes api)
    {
        foreach (var (pattern, methods) in gone)
        {
            if (methods.Contains("GET", StringComparison.Ordinal)) api.Get(pattern, "compute:gone", Answered);
            if (methods.Contains("POST", StringComparison.Ordinal)) api.Post(pattern, "compute:gone", Answered);
            if (methods.Contains("PUT", StringComparison.Ordinal)) api.Put(pattern, "compute:gone", Answered);
            if (methods.Contains("DELETE", StringComparison.Ordinal)) api.Delete(pattern, "compute:gone", Answered);
        }
    }

    private static Task<Answer> Answered(Call call) =>
        Task.FromResult<Answer>(new Fault.Gone("This resource is no longer available. No forwarding address is given."));
}
