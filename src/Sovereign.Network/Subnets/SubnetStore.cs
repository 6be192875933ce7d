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
            new("enable_dhcp", "s.enable_dhcp", ColumnKind.Boolean), new("ip_version", "s.ip_version", ColumnKind.Number),
            new("subnetpool_id", "s.subnetpool_id", Nullable: true), new("ipv6_ra_mode", "s.ra_mode", Nullable: true),
            new("ipv6_address_mode", "s.address_mode", Nullable: true), new("dns_publish_fixed_ip", "s.dns_publish", ColumnKind.Boolean),
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
        "SELECT 1 FROM subnets WHERE network_id = @networkId AND range_start <= @last AND range_end >= @first LIMIT 1",
        new { networkId, first = range.Network.Key, last = range.Last.Key }) is not null;

    public static void Insert(Tx tx, SubnetRow row) => tx.Execute(
        """
        INSERT INTO subnets (id, project_id, network_id, name, description, cidr, first_address, last_address, next_address,
          ip_version, range_start, range_end, next_free, gateway_ip, enable_dhcp, pools, dns, host_routes, ra_mode, address_mode, subnetpool_id,
          service_types, dns_publish, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @NetworkId, @Name, @Description, @Cidr, 0, 0, 0,
          @IpVersion, @RangeStart, @RangeEnd, @NextFree, @GatewayIp, @enableDhcp, @Pools, @Dns, @HostRoutes, @RaMode, @AddressMode, @SubnetpoolId,
          @ServiceTypes, @dnsPublish, @CreatedAt, @UpdatedAt, @Revision)
        """,
        Parameters(row));

    public static void Update(Tx tx, SubnetRow row) => tx.Execute(
        """
        UPDATE subnets SET name = @Name, description = @Description, gateway_ip = @GatewayIp, enable_dhcp = @enableDhcp, pools = @Pools, dns = @Dns,
          host_routes = @HostRoutes, next_free = @NextFree, subnetpool_id = @SubnetpoolId, service_types = @ServiceTypes, dns_publish = @dnsPublish,
          updated_at = @UpdatedAt, revision = @Revision
        WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM subnets WHERE id = @id", new { id });

    /// <summary>Ports that hold on to an address of this subnet: not the DHCP port, and of automatic addresses only those of routers.</summary>
    public static bool InUse(Session session, SubnetRow row) => session.Scalar<long?>(
        $"""
        SELECT 1 FROM fixed_addresses a JOIN ports p ON p.id = a.port_id
        WHERE a.subnet_id = @Id AND {(row.Automatic ? "p.device_owner IN @routers" : "p.device_owner <> @dhcp")} LIMIT 1
        """,
        row.Automatic
            ? new { row.Id, routers = new List<string> { Owners.RouterInterface, Owners.RouterGateway } }
            : new { row.Id, dhcp = Owners.Dhcp }) is not null;

    private static object Parameters(SubnetRow row) => new
    {
        row.Id, row.ProjectId, row.NetworkId, row.Name, row.Description, row.Cidr, row.IpVersion, row.RangeStart,
        row.RangeEnd, row.NextFree, row.GatewayIp, enableDhcp = row.EnableDhcp ? 1L : 0L, row.Pools, row.Dns, row.HostRoutes, row.RaMode, row.AddressMode,
        row.SubnetpoolId, row.ServiceTypes, dnsPublish = row.DnsPublish ? 1L : 0L, row.CreatedAt, row.UpdatedAt, row.Revision,
    };
}
