using Sovereign.Compute.Servers;
using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Migrating;

/// <summary>What a migration is for, in the API's words.</summary>
internal static class MigrationKinds
{
    public const string Resize = "resize";
    public const string Migration = "migration";
    public const string Evacuation = "evacuation";
    public const string Live = "live-migration";
}

/// <summary>How far a live migration is, in the API's words.</summary>
internal static class LiveStatus
{
    public const string Queued = "queued";

    /// <summary>The node that it goes to makes everything ready.</summary>
    public const string Preparing = "preparing";

    /// <summary>Its node is told to bring it there.</summary>
    public const string Running = "running";

    /// <summary>It is the other node's.</summary>
    public const string PostMigrating = "post-migrating";
    public const string Completed = "completed";
    public const string Cancelled = "cancelled";
    public const string Error = "error";

    public static bool UnderWay(string status) => status is Queued or Preparing or Running or PostMigrating;
}

/// <summary>What was said of a live migration since it began.</summary>
internal static class LiveWish
{
    /// <summary>The guest may stand still for as long as the rest takes.</summary>
    public const string Force = "force";

    /// <summary>An administrator wants the server where it is.</summary>
    public const string Abort = "abort";

    /// <summary>It can't come to the other node any more.</summary>
    public const string Stay = "stay";
}

/// <summary>A change of a server's size or node, as the list of migrations shows it.</summary>
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

    /// <summary>Where it goes; the same node for a resize that stays.</summary>
    public string DestHost { get; init; } = "";

    /// <summary>One of <see cref="MigrationKinds"/>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>"migrating", "finished", "confirmed", "reverted" or "error"; of an evacuation "accepted" or "done"; of a live one a <see cref="LiveStatus"/>.</summary>
    public string Status { get; init; } = "";

    public string OldFlavorId { get; init; } = "";

    public string NewFlavorId { get; init; } = "";

    /// <summary>Id of the node that a live one leaves.</summary>
    public string SourceId { get; init; } = "";

    public string DestId { get; init; } = "";

    /// <summary>A <see cref="LiveWish"/>; "": none.</summary>
    public string Wish { get; init; } = "";

    /// <summary>The wish that its node was told last.</summary>
    public string Told { get; init; } = "";

    /// <summary>Why it is to stay.</summary>
    public string? Message { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public bool LiveNow => Kind == MigrationKinds.Live && LiveStatus.UnderWay(Status);
}

/// <summary>SQL of migrations.</summary>
internal static class MigrationStore
{
    public static void Begin(Tx tx, ServerRow server, string kind, (string From, string To) hosts, string id, string newFlavorId) => tx.Execute(
        """
        INSERT INTO compute_migrations (number, id, server_id, project_id, user_id, host_name, dest_host, kind, status, old_flavor_id, new_flavor_id, created_at,
          updated_at)
        SELECT COALESCE(MAX(number), 0) + 1, @id, @serverId, @ProjectId, @UserId, @From, @To, @kind, @status, @FlavorId, @newFlavorId, @Now, @Now
        FROM compute_migrations
        """,
        new
        {
            id, serverId = server.Id, server.ProjectId, server.UserId, hosts.From, hosts.To, kind,
            status = kind switch { MigrationKinds.Evacuation => "accepted", MigrationKinds.Live => LiveStatus.Queued, _ => "migrating" },
            server.FlavorId, newFlavorId, tx.Now,
        });

    /// <summary>The server is gone: nothing of it is under way any more.</summary>
    public static void Abandon(Tx tx, string serverId) => tx.Execute(
        """
        UPDATE compute_migrations SET status = 'error', updated_at = @Now
        WHERE server_id = @serverId AND status IN ('migrating', 'finished', 'accepted', 'queued', 'preparing', 'running', 'post-migrating')
        """,
        new { serverId, tx.Now });

    /// <summary>The live migration of a server that is under way; null: none.</summary>
    public static MigrationRow? Live(Session session, string serverId) => session.FirstOrDefault<MigrationRow>(
        """
        SELECT * FROM compute_migrations WHERE server_id = @serverId AND kind = 'live-migration'
          AND status IN ('queued', 'preparing', 'running', 'post-migrating') ORDER BY number DESC LIMIT 1
        """,
        new { serverId });

    /// <summary>Servers that are on their way to a node.</summary>
    public static List<string> ComingTo(Session session, string nodeId) => session.Query<string>(
        "SELECT server_id FROM compute_migrations WHERE dest_id = @nodeId AND kind = 'live-migration' AND status IN ('queued', 'preparing', 'running')", new { nodeId });

    public static void Between(Tx tx, string id, string sourceId, string destId) =>
        tx.Execute("UPDATE compute_migrations SET source_id = @sourceId, dest_id = @destId WHERE id = @id", new { id, sourceId, destId });

    public static void Wish(Tx tx, string id, string wish, string? message) => tx.Execute(
        "UPDATE compute_migrations SET wish = @wish, message = @message, updated_at = @Now WHERE id = @id", new { id, wish, message, tx.Now });

    /// <summary>Its node is told the wish.</summary>
    public static void Told(Tx tx, string id, string wish, string status) => tx.Execute(
        "UPDATE compute_migrations SET told = @wish, status = @status, updated_at = @Now WHERE id = @id", new { id, wish, status, tx.Now });

    /// <summary>The server of a migration; null when it is forgotten.</summary>
    public static string? ServerOf(Session session, string id) => session.Scalar<string>("SELECT server_id FROM compute_migrations WHERE id = @id", new { id });

    /// <summary>The server runs (or failed) on the node that it was evacuated to.</summary>
    public static void Arrived(Tx tx, string serverId, string status) => tx.Execute(
        "UPDATE compute_migrations SET status = @status, updated_at = @Now WHERE server_id = @serverId AND kind = 'evacuation' AND status = 'accepted'",
        new { serverId, status, tx.Now });

    public static void End(Tx tx, string id, string status) =>
        tx.Execute("UPDATE compute_migrations SET status = @status, updated_at = @Now WHERE id = @id", new { id, status, tx.Now });

    public static List<MigrationRow> OfServer(Session session, string serverId) =>
        session.Query<MigrationRow>("SELECT * FROM compute_migrations WHERE server_id = @serverId ORDER BY number DESC LIMIT 1000", new { serverId });

    public static int Forget(Tx tx, long before) => tx.Execute(
        "DELETE FROM compute_migrations WHERE updated_at < @before AND server_id NOT IN (SELECT id FROM compute_servers)", new { before });
}
