using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Catalog;

internal static class CatalogStore
{
    public static readonly ListShape Services = new(
        "catalog_services s", "s.id", [new("name", "s.name", Nullable: true), new("type", "s.type")], [new("id")], House.PageItemsMax);

    public static readonly ListShape Endpoints = new(
        "catalog_endpoints e", "e.id",
        [new("interface", "e.interface"), new("service_id", "e.service_id"), new("region_id", "e.region_id", Nullable: true)],
        [new("id")],
        House.PageItemsMax);

    public static readonly ListShape Regions = new(
        "catalog_regions r", "r.id", [new("parent_region_id", "r.parent_region_id", Nullable: true)], [new("id")], House.PageItemsMax);

    public static ServiceRow? Service(Session session, string id) =>
        session.FirstOrDefault<ServiceRow>("SELECT * FROM catalog_services WHERE id = @id", new { id });

    public static ServiceRow? ServiceOfType(Session session, string type) =>
        session.FirstOrDefault<ServiceRow>("SELECT * FROM catalog_services WHERE type = @type ORDER BY id", new { type });

    public static EndpointRow? Endpoint(Session session, string id) =>
        session.FirstOrDefault<EndpointRow>("SELECT * FROM catalog_endpoints WHERE id = @id", new { id });

    public static List<EndpointRow> EndpointsOf(Session session, string serviceId) =>
        session.Query<EndpointRow>("SELECT * FROM catalog_endpoints WHERE service_id = @serviceId", new { serviceId });

    public static RegionRow? Region(Session session, string id) =>
        session.FirstOrDefault<RegionRow>("SELECT * FROM catalog_regions WHERE id = @id", new { id });

    public static bool IsRegionUsed(Session session, string id) => session.Scalar<long>(
        "SELECT (SELECT COUNT(*) FROM catalog_endpoints WHERE region_id = @id) + (SELECT COUNT(*) FROM catalog_regions WHERE parent_region_id = @id)",
        new { id }) > 0;

    public static void Put(Tx tx, ServiceRow row) => tx.Execute(
        """
        INSERT INTO catalog_services (id, type, name, description, enabled, extra) VALUES (@Id, @Type, @Name, @Description, @enabled, @Extra)
        ON CONFLICT (id) DO UPDATE SET type = excluded.type, name = excluded.name, description = excluded.description, enabled = excluded.enabled,
          extra = excluded.extra
        """,
        new { row.Id, row.Type, row.Name, row.Description, enabled = row.Enabled ? 1L : 0L, row.Extra });

    public static void Put(Tx tx, EndpointRow row) => tx.Execute(
        """
        INSERT INTO catalog_endpoints (id, service_id, region_id, interface, url, enabled, extra)
        VALUES (@Id, @ServiceId, @RegionId, @Interface, @Url, @enabled, @Extra)
        ON CONFLICT (id) DO UPDATE SET service_id = excluded.service_id, region_id = excluded.region_id, interface = excluded.interface,
          url = excluded.url, enabled = excluded.enabled, extra = excluded.extra
        """,
        new { row.Id, row.ServiceId, row.RegionId, row.Interface, row.Url, enabled = row.Enabled ? 1L : 0L, row.Extra });

    public static bool Insert(Tx tx, RegionRow row) => tx.Execute(
        """
        INSERT INTO catalog_regions (id, description, parent_region_id, extra) VALUES (@Id, @Description, @ParentRegionId, @Extra) ON CONFLICT DO NOTHING
        """,
        row) == 1;

    public static void Update(Tx tx, RegionRow row) => tx.Execute(
        "UPDATE catalog_regions SET description = @Description, parent_region_id = @ParentRegionId, extra = @Extra WHERE id = @Id", row);

    public static void DeleteService(Tx tx, string id)
    {
        tx.Execute("DELETE FROM catalog_endpoints WHERE service_id = @id", new { id });
        tx.Execute("DELETE FROM catalog_services WHERE id = @id", new { id });
    }

    public static void DeleteEndpoint(Tx tx, string id) => tx.Execute("DELETE FROM catalog_endpoints WHERE id = @id", new { id });

    public static void DeleteRegion(Tx tx, string id) => tx.Execute("DELETE FROM catalog_regions WHERE id = @id", new { id });
}
