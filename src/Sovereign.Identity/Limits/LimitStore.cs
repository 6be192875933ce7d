using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Limits;

internal static class LimitStore
{
    public static readonly ListShape RegisteredShape = new(
        "registered_limits l", "l.id",
        [new("service_id", "l.service_id"), new("region_id", "l.region_id"), new("resource_name", "l.resource_name")], [new("id")], House.PageItemsMax);

    public static readonly ListShape Shape = new(
        "project_limits l", "l.id",
        [
            new("service_id", "l.service_id"), new("region_id", "l.region_id"), new("resource_name", "l.resource_name"), new("project_id", "l.project_id"),
            new("domain_id", "l.domain_id"),
        ],
        [new("id")], House.PageItemsMax);

    public static RegisteredLimitRow? FindRegistered(Session session, string id) =>
        session.FirstOrDefault<RegisteredLimitRow>("SELECT * FROM registered_limits WHERE id = @id", new { id });

    public static LimitRow? Find(Session session, string id) => session.FirstOrDefault<LimitRow>("SELECT * FROM project_limits WHERE id = @id", new { id });

    /// <summary>Is there a registered limit for what this one limits?</summary>
    public static bool IsRegistered(Session session, LimitRow row) => session.Scalar<long>(
        "SELECT COUNT(*) FROM registered_limits WHERE service_id = @ServiceId AND region_id = @RegionId AND resource_name = @ResourceName", row) > 0;

    /// <summary>Do projects or domains have limits of their own over this one?</summary>
    public static bool IsUsed(Session session, RegisteredLimitRow row) => session.Scalar<long>(
        "SELECT COUNT(*) FROM project_limits WHERE service_id = @ServiceId AND region_id = @RegionId AND resource_name = @ResourceName", row) > 0;

    /// <returns>False when there is one for this resource.</returns>
    public static bool Insert(Tx tx, RegisteredLimitRow row) => tx.Execute(
        """
        INSERT INTO registered_limits (id, service_id, region_id, resource_name, default_limit, description)
        VALUES (@Id, @ServiceId, @RegionId, @ResourceName, @DefaultLimit, @Description) ON CONFLICT DO NOTHING
        """,
        row) == 1;

    /// <returns>False when another one is for this resource.</returns>
    public static bool Update(Tx tx, RegisteredLimitRow row) => tx.Execute(
        """
        UPDATE registered_limits SET service_id = @ServiceId, region_id = @RegionId, resource_name = @ResourceName, default_limit = @DefaultLimit,
          description = @Description
        WHERE id = @Id AND NOT EXISTS (
          SELECT 1 FROM registered_limits o
          WHERE o.service_id = @ServiceId AND o.region_id = @RegionId AND o.resource_name = @ResourceName AND o.id <> @Id)
        """,
        row) == 1;

    public static void DeleteRegistered(Tx tx, string id) => tx.Execute("DELETE FROM registered_limits WHERE id = @id", new { id });

    /// <returns>False when the owner has one for this resource.</returns>
    public static bool Insert(Tx tx, LimitRow row) => tx.Execute(
        """
        INSERT INTO project_limits (id, project_id, domain_id, service_id, region_id, resource_name, resource_limit, description)
        VALUES (@Id, @ProjectId, @DomainId, @ServiceId, @RegionId, @ResourceName, @ResourceLimit, @Description) ON CONFLICT DO NOTHING
        """,
        row) == 1;

    public static void Update(Tx tx, LimitRow row) => tx.Execute(
        "UPDATE project_limits SET resource_limit = @ResourceLimit, description = @Description WHERE id = @Id", row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM project_limits WHERE id = @id", new { id });

    public static List<LimitRow> OfOwner(Session session, string ownerId) =>
        session.Query<LimitRow>("SELECT * FROM project_limits WHERE project_id = @ownerId OR domain_id = @ownerId", new { ownerId });
}
