using Sovereign.Compute.Limits;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;

namespace Sovereign.Compute;

/// <summary>What a project may have of the compute service.</summary>
internal static class ComputeQuotas
{
    public const string Service = "compute";

    public static readonly IReadOnlyList<QuotaResource> All =
    [
        new(Service, "instances", 10, "SELECT project_id, COUNT(*) AS used FROM compute_servers GROUP BY project_id"),
        new(Service, "cores", 20, "SELECT project_id, CAST(SUM(vcpus) AS BIGINT) AS used FROM compute_servers GROUP BY project_id"),
        new(Service, "ram", 51_200, "SELECT project_id, CAST(SUM(ram_mib) AS BIGINT) AS used FROM compute_servers GROUP BY project_id"),
        new(Service, "key_pairs", 100, null),
        new(Service, "metadata_items", 128, null),
        new(Service, "server_groups", 10, "SELECT project_id, COUNT(*) AS used FROM compute_server_groups GROUP BY project_id"),
        new(Service, "server_group_members", 10, null),

        new(Service, "injected_files", 5, null),
        new(Service, "injected_file_content_bytes", 10_240, null),
        new(Service, "injected_file_path_bytes", 255, null),

        // The network service limits these; here they are only remembered, for clients before 2.36.
        new(Service, "fixed_ips", -1, null),
        new(Service, "floating_ips", -1, null),
        new(Service, "security_groups", -1, null),
        new(Service, "security_group_rules", -1, null),
    ];

    /// <summary>Takes what as many servers as fit need, from min to max.</summary>
    /// <returns>How many fit.</returns>
    public static Outcome<int> TakeServers(Quotas quotas, Tx tx, string project, string user, int min, int max, long vcpus, long ramMib)
    {
        var count = max;
        if (max > min)
        {
            // Only a range of counts needs to know the room beforehand.
            var state = quotas.State(tx, Service, project).ToDictionary(s => s.Name, StringComparer.Ordinal);
            foreach (var (name, each) in new[] { ("instances", 1L), ("cores", vcpus), ("ram", ramMib) })
            {
                if (state[name].Limit >= 0) count = (int)Math.Min(count, Math.Max(0, state[name].Limit - state[name].Used) / each);
            }

            count = Math.Max(count, min);
        }

        if (UserQuotas.Over(tx, project, user, ("instances", count), ("cores", vcpus * count), ("ram", ramMib * count)) is { } own) return own;
        foreach (var (name, each) in new[] { ("instances", 1L), ("cores", vcpus), ("ram", ramMib) })
        {
            if (quotas.Take(tx, Service, name, project, each * count).Fault is { } over) return over;
        }

        return count;
    }

    public static void GiveServer(Quotas quotas, Tx tx, string project, long vcpus, long ramMib)
    {
        quotas.Give(tx, Service, "instances", project, 1);
        quotas.Give(tx, Service, "cores", project, vcpus);
        quotas.Give(tx, Service, "ram", project, ramMib);
    }
}
