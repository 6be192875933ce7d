using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Limits;

/// <summary>Limits of one user within a project (Compute API reference, "Quota sets", user_id). What the user has is counted where such a limit is, and only
/// there: few users have any.</summary>
internal static class UserQuotas
{
    /// <summary>What a user has in a project, by the quota's name; quotas that nothing is counted against are not here.</summary>
    private static readonly (string Name, string Counted)[] counts =
    [
        ("instances", "SELECT COUNT(*) FROM compute_servers WHERE project_id = @project AND user_id = @user"),
        ("cores", "SELECT CAST(COALESCE(SUM(vcpus), 0) AS BIGINT) FROM compute_servers WHERE project_id = @project AND user_id = @user"),
        ("ram", "SELECT CAST(COALESCE(SUM(ram_mib), 0) AS BIGINT) FROM compute_servers WHERE project_id = @project AND user_id = @user"),
        ("server_groups", "SELECT COUNT(*) FROM compute_server_groups WHERE project_id = @project AND user_id = @user"),
        ("key_pairs", "SELECT COUNT(*) FROM compute_keypairs WHERE user_id = @user"),
    ];

    /// <summary>The project's quotas with the user's own limits and use.</summary>
    public static List<QuotaState> State(Session session, Quotas quotas, string project, string user)
    {
        var own = Limits(session, project, user);
        return quotas.State(session, ComputeQuotas.Service, project)
            .ConvertAll(quota => new QuotaState(quota.Name, own.GetValueOrDefault(quota.Name, quota.Limit), Used(session, project, user, quota.Name)));
    }

    public static void Set(Tx tx, string project, string user, string name, long limit) => tx.Execute(
        """
        INSERT INTO compute_user_quotas (project_id, user_id, name, hard_limit) VALUES (@project, @user, @name, @limit)
        ON CONFLICT (project_id, user_id, name) DO UPDATE SET hard_limit = excluded.hard_limit
        """,
        new { project, user, name, limit });

    /// <param name="user">Null: those of every user of the project.</param>
    public static void Clear(Tx tx, string project, string? user) => tx.Execute(
        $"DELETE FROM compute_user_quotas WHERE project_id = @project {(user is null ? "" : "AND user_id = @user")}", new { project, user = user ?? "" });

    /// <summary>The limit that holds for a user of a project.</summary>
    public static long Limit(Session session, Quotas quotas, string project, string user, string name) =>
        Limits(session, project, user).TryGetValue(name, out var own) ? own : quotas.Limit(session, ComputeQuotas.Service, name, project);

    /// <summary>A fault when the user's own limits are in the way of these amounts; asked before the project's quota is taken.</summary>
    public static Fault.OverQuota? Over(Session session, string project, string user, params ReadOnlySpan<(string Name, long Amount)> wanted)
    {
        var own = Limits(session, project, user);
        if (own.Count == 0) return null;
        foreach (var (name, amount) in wanted)
        {
            if (amount <= 0 || !own.TryGetValue(name, out var limit) || limit < 0) continue;
            var used = Used(session, project, user, name);
            if (used + amount > limit) return new Fault.OverQuota(name, limit, used, amount);
        }

        return null;
    }

    private static Dictionary<string, long> Limits(Session session, string project, string user) => session.Query<LimitRow>(
        "SELECT name, hard_limit FROM compute_user_quotas WHERE project_id = @project AND user_id = @user", new { project, user })
        .ToDictionary(row => row.Name, row => row.HardLimit, StringComparer.Ordinal);

    private static long Used(Session session, string project, string user, string name) =>
        Array.Find(counts, count => count.Name == name).Counted is { } sql ? session.Scalar<long>(sql, new { project, user }) : 0;

    private sealed record LimitRow
    {
        public string Name { get; init; } = "";

        public long HardLimit { get; init; }
    }
}
