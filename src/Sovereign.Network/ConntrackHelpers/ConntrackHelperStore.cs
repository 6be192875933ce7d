using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.ConntrackHelpers;

internal static class ConntrackHelperStore
{
    public static readonly ListShape Shape = new(
        "conntrack_helpers h",
        "h.id",
        [new("id", "h.id"), new("protocol", "h.protocol"), new("port", "h.port", ColumnKind.Number), new("helper", "h.helper")],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static ConntrackHelperRow? Find(Session session, string routerId, string id) => session.FirstOrDefault<ConntrackHelperRow>(
        "SELECT * FROM conntrack_helpers WHERE id = @id AND router_id = @routerId", new { id, routerId });

    public static ILookup<string, ConntrackHelperRow> Of(Session session, IReadOnlyCollection<string> routerIds)
    {
        List<ConntrackHelperRow> rows = routerIds.Count == 0 ? [] : session.Query<ConntrackHelperRow>(
            "SELECT * FROM conntrack_helpers WHERE router_id IN @routerIds ORDER BY id", new { routerIds });
        return rows.ToLookup(row => row.RouterId, StringComparer.Ordinal);
    }

    /// <summary>False: the router has the same already.</summary>
    public static bool Insert(Tx tx, ConntrackHelperRow row) => tx.Execute(
        """
        INSERT INTO conntrack_helpers (id, router_id, protocol, port, helper) VALUES (@Id, @RouterId, @Protocol, @Port, @Helper)
        ON CONFLICT (router_id, protocol, port, helper) DO NOTHING
        """,
        row) == 1;

    /// <summary>False: the router has the same already.</summary>
    public static bool Update(Tx tx, ConntrackHelperRow row) => tx.Execute(
        """
        UPDATE conntrack_helpers SET protocol = @Protocol, port = @Port, helper = @Helper WHERE id = @Id AND NOT EXISTS (
          SELECT 1 FROM conntrack_helpers o
          WHERE o.router_id = @RouterId AND o.protocol = @Protocol AND o.port = @Port AND o.helper = @Helper AND o.id <> @Id)
        """,
        row) == 1;

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM conntrack_helpers WHERE id = @id", new { id });

    public static void DeleteOf(Tx tx, string routerId) => tx.Execute("DELETE FROM conntrack_helpers WHERE router_id = @routerId", new { routerId });
}
