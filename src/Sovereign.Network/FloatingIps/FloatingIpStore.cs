using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Network.Fabric;
using Sovereign.Network.PortForwardings;
using Sovereign.Network.Wire;

namespace Sovereign.Network.FloatingIps;

internal static class FloatingIpStore
{
    public static readonly ListShape Shape = new(
        "floating_ips f",
        "f.id",
        [
            new("id", "f.id"), new("description", "f.description"), new("project_id", "f.project_id"), new("tenant_id", "f.project_id"),
            new("floating_network_id", "f.network_id"), new("floating_ip_address", "f.address"), new("port_id", "f.port_id", Nullable: true),
            new("fixed_ip_address", "f.fixed_address", Nullable: true), new("router_id", "f.router_id", Nullable: true), new("status", "f.status"),
            new("revision_number", "f.revision", ColumnKind.Number),
            new("created_at", "f.created_at", Filterable: false), new("updated_at", "f.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static FloatingIpRow? Find(Session session, string id) => session.FirstOrDefault<FloatingIpRow>("SELECT * FROM floating_ips WHERE id = @id", new { id });

    public static List<FloatingIpRow> OfPort(Session session, string portId) =>
        session.Query<FloatingIpRow>("SELECT * FROM floating_ips WHERE port_id = @portId ORDER BY id", new { portId });

    public static List<FloatingIpRow> OfRouter(Session session, string routerId) =>
        session.Query<FloatingIpRow>("SELECT * FROM floating_ips WHERE router_id = @routerId ORDER BY id", new { routerId });

    /// <summary>Those that led through a router and wait to hear that they do no more.</summary>
    public static List<FloatingIpRow> Leaving(Session session, string routerId) =>
        session.Query<FloatingIpRow>("SELECT * FROM floating_ips WHERE leaves_router_id = @routerId ORDER BY id", new { routerId });

    /// <summary>Those of a network that lead nowhere.</summary>
    public static List<FloatingIpRow> Idle(Session session, string networkId) =>
        session.Query<FloatingIpRow>("SELECT * FROM floating_ips WHERE network_id = @networkId AND port_id IS NULL ORDER BY id", new { networkId });

    public static bool AnyOfRouter(Session session, string routerId) =>
        session.Scalar<long?>("SELECT 1 FROM floating_ips WHERE router_id = @routerId LIMIT 1", new { routerId }) is not null;

    /// <summary>Does one lead through this router into this subnet?</summary>
    public static bool AnyBehind(Session session, string routerId, string subnetId) => session.Scalar<long?>(
        """
        SELECT 1 FROM floating_ips f JOIN fixed_addresses a ON a.port_id = f.port_id WHERE f.router_id = @routerId AND a.subnet_id = @subnetId
        UNION ALL SELECT 1 FROM floating_ips f JOIN port_forwardings w ON w.floatingip_id = f.id JOIN fixed_addresses a ON a.port_id = w.port_id
          WHERE f.router_id = @routerId AND a.subnet_id = @subnetId LIMIT 1
        """,
        new { routerId, subnetId }) is not null;

    public static void Insert(Tx tx, FloatingIpRow row) => tx.Execute(
        """
        INSERT INTO floating_ips (id, project_id, description, network_id, address, outer_port_id, port_id, fixed_address, router_id, leaves_router_id,
          status, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @Description, @NetworkId, @Address, @OuterPortId, @PortId, @FixedAddress, @RouterId, @LeavesRouterId, @Status,
          @CreatedAt, @UpdatedAt, @Revision)
        """,
        row);

    public static void Update(Tx tx, FloatingIpRow row) => tx.Execute(
        """
        UPDATE floating_ips SET description = @Description, port_id = @PortId, fixed_address = @FixedAddress, router_id = @RouterId,
          leaves_router_id = @LeavesRouterId, status = @Status, updated_at = @UpdatedAt, revision = @Revision
        WHERE id = @Id
        """,
        row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM floating_ips WHERE id = @id", new { id });

    /// <summary>What led to this port leads nowhere.</summary>
    /// <param name="except">Fixed addresses that the port keeps.</param>
    public static void ReleasePort(Tx tx, FabricPlan fabric, string portId, IReadOnlyCollection<string>? except = null)
    {
        foreach (var row in OfPort(tx, portId).Where(row => except is null || !except.Contains(row.FixedAddress!)))
        {
            if (row.RouterId is not null) fabric.RouterChanged(tx, row.RouterId);
            FloatingIpService.Save(tx, row.Leave());
        }

        PortForwardingStore.ReleasePort(tx, fabric, portId, except);
    }
}
