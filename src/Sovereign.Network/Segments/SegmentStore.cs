using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.Segments;

internal static class SegmentStore
{
    public static readonly ListShape Shape = new(
        "segments g",
        "g.id",
        [
            new("id", "g.id"), new("network_id", "g.network_id"), new("name", "g.name", Nullable: true),
            new("description", "g.description", Nullable: true), new("network_type", "g.network_type"),
            new("physical_network", "g.physical_network", Nullable: true), new("segmentation_id", "g.segmentation_id", ColumnKind.Number, Nullable: true),
            new("revision_number", "g.revision", ColumnKind.Number), new("created_at", "g.created_at", Filterable: false),
            new("updated_at", "g.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static SegmentRow? Find(Session session, string id) =>
        session.FirstOrDefault<SegmentRow>("SELECT * FROM segments WHERE id = @id", new { id });

    public static SegmentRow? OfNetwork(Session session, string networkId) =>
        session.FirstOrDefault<SegmentRow>("SELECT * FROM segments WHERE network_id = @networkId", new { networkId });

    /// <summary>False when the network has its segment already.</summary>
    public static bool Insert(Tx tx, SegmentRow row) => tx.Execute(
        """
        INSERT INTO segments (id, project_id, network_id, name, description, network_type, physical_network, segmentation_id, created_at, updated_at,
          revision)
        VALUES (@Id, @ProjectId, @NetworkId, @Name, @Description, @NetworkType, @PhysicalNetwork, @SegmentationId, @CreatedAt, @UpdatedAt, @Revision)
        ON CONFLICT (network_id) DO NOTHING
        """,
        row) == 1;

    public static void Update(Tx tx, SegmentRow row) => tx.Execute(
        "UPDATE segments SET name = @Name, description = @Description, updated_at = @UpdatedAt, revision = @Revision WHERE id = @Id", row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM segments WHERE id = @id", new { id });

    public static bool HasSubnetsOrPorts(Session session, string networkId) => session.Scalar<long?>(
        "SELECT 1 FROM subnets WHERE network_id = @networkId UNION ALL SELECT 1 FROM ports WHERE network_id = @networkId LIMIT 1",
        new { networkId }) is not null;
}
