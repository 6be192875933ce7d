using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Groups;

/// <summary>SQL of server groups.</summary>
internal static class GroupStore
{
    public static GroupRow? Find(Session session, string id) =>
        session.FirstOrDefault<GroupRow>("SELECT * FROM compute_server_groups WHERE id = @id", new { id });

    /// <param name="project">Null: of all projects.</param>
    public static List<GroupRow> List(Session session, string? project, int limit, int offset) => session.Query<GroupRow>(
        "SELECT * FROM compute_server_groups WHERE (@project IS NULL OR project_id = @project) ORDER BY created_at, id LIMIT @limit OFFSET @offset",
        new { project, limit = (long)limit, offset = (long)offset });

    public static void Insert(Tx tx, GroupRow row) => tx.Execute(
        """
        INSERT INTO compute_server_groups (id, project_id, user_id, name, policy, max_per_host, created_at)
        VALUES (@Id, @ProjectId, @UserId, @Name, @Policy, @MaxPerHost, @CreatedAt)
        """,
        row);

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM compute_server_group_members WHERE group_id = @id", new { id });
        tx.Execute("DELETE FROM compute_server_groups WHERE id = @id", new { id });
    }

    public static void Join(Tx tx, string id, string serverId) =>
        tx.Execute("INSERT INTO compute_server_group_members (server_id, group_id) VALUES (@serverId, @id)", new { id, serverId });

    public static List<string> Members(Session session, string id) => session.Query<Member>(
        "SELECT server_id FROM compute_server_group_members WHERE group_id = @id ORDER BY server_id", new { id }).ConvertAll(member => member.ServerId);

    public static string? Of(Session session, string serverId) => session.FirstOrDefault<Member>(
        "SELECT * FROM compute_server_group_members WHERE server_id = @serverId", new { serverId })?.GroupId;

    /// <summary>Members by node, those that are placed.</summary>
    public static Dictionary<string, long> ByNode(Session session, string id) => session.Query<NodeCount>(
        """
        SELECT s.node_id, COUNT(*) AS members FROM compute_server_group_members m JOIN compute_servers s ON s.id = m.server_id
        WHERE m.group_id = @id AND s.node_id IS NOT NULL GROUP BY s.node_id
        """,
        new { id }).ToDictionary(count => count.NodeId, count => count.Members, StringComparer.Ordinal);

    private sealed record Member
    {
        public string ServerId { get; init; } = "";

        public string GroupId { get; init; } = "";
    }

    private sealed record NodeCount
    {
        public string NodeId { get; init; } = "";

        public long Members { get; init; }
    }
}
