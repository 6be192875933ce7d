using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Network.Fabric;
using Sovereign.Network.FloatingIps;

namespace Sovereign.Network.PortForwardings;

internal static class PortForwardingStore
{
    public static readonly ListShape Shape = new(
        "port_forwardings w",
        "w.id",
        [
            new("id", "w.id"), new("protocol", "w.protocol"), new("internal_port_id", "w.port_id"), new("internal_ip_address", "w.fixed_address"),
            new("external_port", "w.external_first", ColumnKind.Number), new("internal_port", "w.internal_first", ColumnKind.Number),
            new("description", "w.description"),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static PortForwardingRow? Find(Session session, string floatingIpId, string id) => session.FirstOrDefault<PortForwardingRow>(
        "SELECT * FROM port_forwardings WHERE id = @id AND floatingip_id = @floatingIpId", new { id, floatingIpId });

    public static ILookup<string, PortForwardingRow> Of(Session session, IReadOnlyCollection<string> floatingIpIds)
    {
        List<PortForwardingRow> rows = floatingIpIds.Count == 0 ? [] : session.Query<PortForwardingRow>(
            "SELECT * FROM port_forwardings WHERE floatingip_id IN @floatingIpIds ORDER BY id", new { floatingIpIds });
        return rows.ToLookup(row => row.FloatingipId, StringComparer.Ordinal);
    }

    public static List<PortForwardingRow> OfPort(Session session, string portId) =>
        session.Query<PortForwardingRow>("SELECT * FROM port_forwardings WHERE port_id = @portId ORDER BY id", new { portId });

    /// <summary>Another one whose outer ports overlap, or which leads to the same inner ports.</summary>
    public static bool Collides(Session session, PortForwardingRow row) => session.Scalar<long?>(
        """
        SELECT 1 FROM port_forwardings WHERE id <> @Id AND protocol = @Protocol
          AND ((floatingip_id = @FloatingipId AND external_first <= @ExternalLast AND external_last >= @ExternalFirst)
            OR (port_id = @PortId AND fixed_address = @FixedAddress AND internal_first <= @InternalLast AND internal_last >= @InternalFirst)) LIMIT 1
        """,
        row) is not null;

    public static void Insert(Tx tx, PortForwardingRow row) => tx.Execute(
        """
        INSERT INTO port_forwardings (id, floatingip_id, protocol, external_first, external_last, port_id, fixed_address, internal_first, internal_last,
          description, created_at)
        VALUES (@Id, @FloatingipId, @Protocol, @ExternalFirst, @ExternalLast, @PortId, @FixedAddress, @InternalFirst, @InternalLast,
          @Description, @CreatedAt)
        """,
        row);

    public static void Update(Tx tx, PortForwardingRow row) => tx.Execute(
        """
        UPDATE port_forwardings SET protocol = @Protocol, external_first = @ExternalFirst, external_last = @ExternalLast, port_id = @PortId,
          fixed_address = @FixedAddress, internal_first = @InternalFirst, internal_last = @InternalLast, description = @Description
        WHERE id = @Id
        """,
        row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM port_forwardings WHERE id = @id", new { id });

    /// <summary>What led to this port is gone.</summary>
    /// <param name="except">Fixed addresses that the port keeps.</param>
    public static void ReleasePort(Tx tx, FabricPlan fabric, string portId, IReadOnlyCollection<string>? except = null)
    {
        foreach (var row in OfPort(tx, portId).Where(row => except is null || !except.Contains(row.FixedAddress)))
        {
            Delete(tx, row.Id);
            PortForwardingService.Settle(tx, fabric, FloatingIpStore.Find(tx, row.FloatingipId)!, null);
        }
    }
}
