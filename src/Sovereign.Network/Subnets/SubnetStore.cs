using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Subnets;

internal static class SubnetStore
{
    public static readonly ListShape Shape = new(
        "subnets s",
        "s.id",
        [
            new("id", "s.id"), new("name", "s.name"), new("description", "s.description"), new("project_id", "s.project_id"),
            new("tenant_id", "s.project_id"), new("network_id", "s.network_id"), new("cidr", "s.cidr"), new("gateway_ip", "s.gateway_ip", Nullable: true),
            new("enable_dhcp", "s.enable_dhcp", ColumnKind.Boolean), new("ip_version", "4", ColumnKind.Number, Sortable: false),
            new("subnetpool_id", "''", Sortable: false), new("ipv6_ra_mode", "''", Sortable: false), new("ipv6_address_mode", "''", Sortable: false),
            new("revision_number", "s.revision", ColumnKind.Number),
            new("created_at", "s.created_at", Filterable: false), new("updated_at", "s.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static SubnetRow? Find(Session session, string id) => session.FirstOrDefault<SubnetRow>("SELECT * FROM subnets WHERE id = @id", new { id });

    public static List<SubnetRow> OfNetwork(Session session, string networkId) =>
        session.Query<SubnetRow>("SELECT * FROM subnets WHERE network_id = @networkId ORDER BY created_at, id", new { networkId });

    public static List<SubnetRow> All(Session session, IReadOnlyCollection<string> ids) =>
        ids.Count == 0 ? [] : session.Query<SubnetRow>("SELECT * FROM subnets WHERE id IN @ids", new { ids });

    public static bool Overlaps(Session session, string networkId, Cidr range) => session.Scalar<long?>(
        "SELECT 1 FROM subnets WHERE network_id = @networkId AND first_address <= @last AND last_address >= @first LIMIT 1",
        new { networkId, first = range.Network, last = range.Broadcast }) is not null;

    public static void Insert(Tx tx, SubnetRow row) => tx.Execute(
        """
        INSERT INTO subnets (id, project_id, network_id, name, description, cidr, first_address, last_address, gateway_ip, enable_dhcp, pools, dns,
          host_routes, next_address, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @NetworkId, @Name, @Description, @Cidr, @FirstAddress, @LastAddress, @GatewayIp, @enableDhcp, @Pools, @Dns,
          @HostRoutes, @NextAddress, @CreatedAt, @UpdatedAt, @Revision)
        """,
        Parameters(row));

    public static void Update(Tx tx, SubnetRow row) => tx.Execute(
        """
        UPDATE subnets SET name = @Name, description = @Description, gateway_ip = @GatewayIp, enable_dhcp = @enableDhcp, pools = @Pools, dns = @Dns,
          host_routes = @HostRoutes, next_address = @NextAddress, updated_at = @UpdatedAt, revision = @Revision
        WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM subnets WHERE id = @id", new { id });

    /// <summary>Ports other than the DHCP port that have an address of this subnet.</summary>
    public static bool InUse(Session session, string id) => session.Scalar<long?>(
        """
        SELECT 1 FROM addresses a JOIN ports p ON p.id = a.port_id WHERE a.subnet_id = @id AND p.device_owner <> @Dhcp LIMIT 1
        """,
        new { id, Dhcp = Owners.Dhcp }) is not null;

    private static object Parameters(SubnetRow row) => new
    {
        row.Id, row.ProjectId, row.NetworkId, row.Name, row.Description, row.Cidr, row.FirstAddress, row.LastAddress, row.GatewayIp,
        enableDhcp = row.EnableDhcp ? 1L : 0L, row.Pools, row.Dns, row.HostRoutes, row.NextAddress, row.CreatedAt, row.UpdatedAt, row.Revision,
    };
}
