using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Trees;

/// <summary>SQL of load balancers and their parts.</summary>
internal static class TreeStore
{
    public static readonly ListShape Balancers = new(
        "balancers b",
        "b.id",
        [
            new("id", "b.id"), new("name", "b.name"), new("description", "b.description"), new("project_id", "b.project_id"), new("tenant_id", "b.project_id"),
            new("admin_state_up", "b.enabled", ColumnKind.Boolean), new("provisioning_status", "b.provisioning"), new("operating_status", "b.operating"),
            new("vip_address", "b.vip_address"), new("vip_port_id", "b.vip_port_id"), new("vip_subnet_id", "b.vip_subnet_id"),
            new("vip_network_id", "b.vip_network_id"), new("provider", "b.provider"), new("flavor_id", "b.flavor_id", Nullable: true),
            new("vip_qos_policy_id", "b.qos_policy_id", Nullable: true), new("availability_zone", "b.zone", Nullable: true),
            new("created_at", "b.created_at", Filterable: false), new("updated_at", "b.updated_at", Filterable: false, Nullable: true, Kind: ColumnKind.Number),
        ],
        [new SortKey("id")]);

    /// <param name="type">The API's name of the kind's type: "protocol", "action".</param>
    public static ListShape Parts(string type, params ListColumn[] more) => new(
        "balancer_parts p",
        "p.id",
        [
            new("id", "p.id"), new("name", "p.name"), new("description", "p.description"), new("project_id", "p.project_id"), new("tenant_id", "p.project_id"),
            new("admin_state_up", "p.enabled", ColumnKind.Boolean), new("provisioning_status", "p.provisioning"), new("operating_status", "p.operating"),
            new(type, "p.type"), new("loadbalancer_id", "p.balancer_id"),
            new("created_at", "p.created_at", Filterable: false), new("updated_at", "p.updated_at", Filterable: false, Nullable: true, Kind: ColumnKind.Number),
            .. more,
        ],
        [new SortKey("id")]);

    public static BalancerRow? Find(Session session, string id) => session.FirstOrDefault<BalancerRow>("SELECT * FROM balancers WHERE id = @id", new { id });

    public static PartRow? FindPart(Session session, string kind, string id) =>
        session.FirstOrDefault<PartRow>("SELECT * FROM balancer_parts WHERE id = @id AND kind = @kind", new { id, kind });

    public static Tree? Tree(Session session, string id) => Find(session, id) is { } balancer
        ? new Tree(balancer, session.Query<PartRow>("SELECT * FROM balancer_parts WHERE balancer_id = @id", new { id })) : null;

    /// <summary>The trees of many balancers, in two statements.</summary>
    public static Dictionary<string, Tree> Trees(Session session, IReadOnlyCollection<string> ids)
    {
        if (ids.Count == 0) return [];
        var parts = session.Query<PartRow>("SELECT * FROM balancer_parts WHERE balancer_id IN @ids", new { ids })
            .ToLookup(part => part.BalancerId, StringComparer.Ordinal);
        return session.Query<BalancerRow>("SELECT * FROM balancers WHERE id IN @ids", new { ids })
            .ToDictionary(row => row.Id, row => new Tree(row, parts[row.Id].ToList()), StringComparer.Ordinal);
    }

    /// <summary>Balancers that are on a node.</summary>
    public static List<string> OnNode(Session session, string nodeId) =>
        session.Query<string>("SELECT id FROM balancers WHERE node_id = @nodeId ORDER BY id", new { nodeId });

    public static List<string> Unplaced(Session session) => session.Query<string>("SELECT id FROM balancers WHERE node_id = '' ORDER BY id");

    public static Dictionary<string, long> Loads(Session session) => session.Query<Load>(
        "SELECT node_id, COUNT(*) AS number FROM balancers WHERE node_id <> '' GROUP BY node_id").ToDictionary(load => load.NodeId, load => load.Number);

    public static void Insert(Tx tx, BalancerRow row) => tx.Execute(
        """
        INSERT INTO balancers (id, project_id, name, description, enabled, provisioning, operating, tags, provider, flavor_id, zone, qos_policy_id, vip_port_id,
          vip_subnet_id, vip_network_id, vip_address, vip_made, vip_groups, node_id, generation, moved, created_at, updated_at)
        VALUES (@Id, @ProjectId, @Name, @Description, @enabled, @Provisioning, @Operating, @Tags, @Provider, @FlavorId, @Zone, @QosPolicyId, @VipPortId,
          @VipSubnetId, @VipNetworkId, @VipAddress, @vipMade, @VipGroups, @NodeId, @Generation, @Moved, @CreatedAt, @UpdatedAt)
        """,
        Parameters(row));

    public static void Update(Tx tx, BalancerRow row) => tx.Execute(
        """
        UPDATE balancers SET name = @Name, description = @Description, enabled = @enabled, provisioning = @Provisioning, operating = @Operating, tags = @Tags,
          qos_policy_id = @QosPolicyId, vip_groups = @VipGroups, node_id = @NodeId, generation = @Generation, moved = @Moved, updated_at = @UpdatedAt WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM balancers WHERE id = @id", new { id });

    public static void Insert(Tx tx, PartRow row) => tx.Execute(
        """
        INSERT INTO balancer_parts (id, kind, balancer_id, parent_id, reference_id, project_id, name, description, enabled, provisioning, operating, tags,
          type, address, port, position, spec, created_at, updated_at)
        VALUES (@Id, @Kind, @BalancerId, @ParentId, @ReferenceId, @ProjectId, @Name, @Description, @enabled, @Provisioning, @Operating, @Tags,
          @Type, @Address, @Port, @Position, @Spec, @CreatedAt, @UpdatedAt)
        """,
        Parameters(row));

    public static void Update(Tx tx, PartRow row) => tx.Execute(
        """
        UPDATE balancer_parts SET reference_id = @ReferenceId, name = @Name, description = @Description, enabled = @enabled, provisioning = @Provisioning,
          operating = @Operating, tags = @Tags, type = @Type, position = @Position, spec = @Spec, updated_at = @UpdatedAt WHERE id = @Id
        """,
        Parameters(row));

    public static void DeletePart(Tx tx, string id) => tx.Execute("DELETE FROM balancer_parts WHERE id = @id", new { id });

    private static object Parameters(BalancerRow row) => new
    {
        row.Id, row.ProjectId, row.Name, row.Description, enabled = row.Enabled ? 1L : 0L, row.Provisioning, row.Operating, row.Tags, row.Provider, row.FlavorId,
        row.Zone, row.QosPolicyId, row.VipPortId, row.VipSubnetId, row.VipNetworkId, row.VipAddress, vipMade = row.VipMade ? 1L : 0L, row.VipGroups, row.NodeId,
        row.Generation, row.Moved, row.CreatedAt, row.UpdatedAt,
    };

    private static object Parameters(PartRow row) => new
    {
        row.Id, row.Kind, row.BalancerId, row.ParentId, row.ReferenceId, row.ProjectId, row.Name, row.Description, enabled = row.Enabled ? 1L : 0L,
        row.Provisioning, row.Operating, row.Tags, row.Type, row.Address, row.Port, row.Position, row.Spec, row.CreatedAt, row.UpdatedAt,
    };

    private sealed record Load
    {
        public string NodeId { get; init; } = "";

        public long Number { get; init; }
    }
}
