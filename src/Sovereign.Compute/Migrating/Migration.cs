using Sovereign.Compute.Servers;
using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Migrating;

/// <summary>A change of a server's size, as the list of migrations shows it: here from a node to the same node.</summary>
internal sealed record MigrationRow
{
    /// <summary>Small number that old clients show as the migration's id.</summary>
    public long Number { get; init; }

    /// <summary>Dashed UUID; also the consumer under which placement keeps what the server had.</summary>
    public string Id { get; init; } = "";

    public string ServerId { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    public string HostName { get; init; } = "";

    /// <summary>"migrating", "finished", "confirmed", "reverted" or "error".</summary>
    public string Status { get; init; } = "";

    public string OldFlavorId { get; init; } = "";

    public string NewFlavorId { get; init; } = "";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }
}

/// <summary>SQL of migrations.</summary>
internal static class MigrationStore
{
    public static void Begin(Tx tx, ServerRow server, string hostName, string id, string newFlavorId) => tx.Execute(
        """
        INSERT INTO compute_migrations (number, id, server_id, project_id, user_id, host_name, status, old_flavor_id, new_flavor_id, created_at, updated_at)
        SELECT COALESCE(MAX(number), 0) + 1, @id, @serverId, @ProjectId, @UserId, @hostName, 'migrating', @FlavorId, @newFlavorId, @Now, @Now
        FROM compute_migrations
        """,
        new { id, serverId = server.Id, server.ProjectId, server.UserId, hostName, server.FlavorId, newFlavorId, tx.Now });

    public static void End(Tx tx, string id, string status) =>
        tx.Execute("UPDATE compute_migrations SET status = @status, updated_at = @Now WHERE id = @id", new { id, status, tx.Now });

    public static List<MigrationRow> OfServer(Session session, string serverId) =>
        session.Query<MigrationRow>("SELECT * FROM compute_migrations WHERE server_id = @serverId ORDER BY number DESC LIMIT 1000", new { serverId });

    public static int Forget(Tx tx, long before) => tx.Execute(
        "DELETE FROM compute_migrations WHERE updated_at < @before AND server_id NOT IN (SELECT id FROM compute_servers)", new { before });
}
