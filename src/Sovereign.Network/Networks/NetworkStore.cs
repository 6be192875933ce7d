using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Networks;

internal static class NetworkStore
{
    public static readonly ListShape Shape = new(
        "networks n",
        "n.id",
        [
            new("id", "n.id"), new("name", "n.name"), new("description", "n.description"), new("project_id", "n.project_id"),
            new("tenant_id", "n.project_id"), new("admin_state_up", "n.admin_state_up", ColumnKind.Boolean), new("dns_domain", "n.dns_domain"),
            new("qos_policy_id", "n.qos_policy_id", Nullable: true),
            new("router:external", "n.external", ColumnKind.Boolean), new("is_default", "n.is_default", ColumnKind.Boolean),
            new("mtu", "n.mtu", ColumnKind.Number), new("status", "'ACTIVE'", Sortable: false),
            new("provider:network_type", "n.network_type"), new("provider:physical_network", "n.physical_network", Nullable: true),
            new("provider:segmentation_id", "n.vni", ColumnKind.Number), new("port_security_enabled", "n.port_security", ColumnKind.Boolean),
            new("revision_number", "n.revision", ColumnKind.Number), new("created_at", "n.created_at", Filterable: false),
            new("updated_at", "n.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static NetworkRow? Find(Session session, string id) =>
        session.FirstOrDefault<NetworkRow>("SELECT * FROM networks WHERE id = @id", new { id });

    public static bool Insert(Tx tx, NetworkRow row) => tx.Execute(
        """
        INSERT INTO networks (id, project_id, name, description, admin_state_up, shared, external, is_default, mtu, network_type, physical_network, vni,
          port_security, dns_domain, zone_hints, qos_policy_id, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @Name, @Description, @AdminStateUp, @Shared, @External, @IsDefault, @Mtu, @NetworkType, @PhysicalNetwork, @Vni,
          @PortSecurity, @DnsDomain, @ZoneHints, @QosPolicyId, @CreatedAt, @UpdatedAt, @Revision)
        ON CONFLICT (vni) DO NOTHING
        """,
        Parameters(row)) == 1;

    public static void Update(Tx tx, NetworkRow row) => tx.Execute(
        """
        UPDATE networks SET name = @Name, description = @Description, admin_state_up = @AdminStateUp, shared = @Shared, external = @External,
          is_default = @IsDefault, mtu = @Mtu, port_security = @PortSecurity, dns_domain = @DnsDomain, qos_policy_id = @QosPolicyId,
          updated_at = @UpdatedAt, revision = @Revision
        WHERE id = @Id
        """,
        Parameters(row));

    /// <summary>False when another network has the number.</summary>
    public static bool SetSegment(Tx tx, NetworkRow row) => tx.Execute(
        """
        UPDATE networks SET network_type = @NetworkType, physical_network = @PhysicalNetwork, vni = @Vni
        WHERE id = @Id AND NOT EXISTS (SELECT 1 FROM networks o WHERE o.vni = @Vni AND o.id <> @Id)
        """,
        new { row.Id, row.NetworkType, row.PhysicalNetwork, row.Vni }) == 1;

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM networks WHERE id = @id", new { id });

    public static Func<string, IReadOnlyList<string>> SubnetIds(Session session, IReadOnlyCollection<string> networkIds)
    {
        IReadOnlyList<string> none = [];
        if (networkIds.Count == 0) return _ => none;
        var rows = session.Query<SubnetOf>("SELECT id, network_id FROM subnets WHERE network_id IN @networkIds ORDER BY created_at, id", new { networkIds })
            .ToLookup(row => row.NetworkId, row => row.Id, StringComparer.Ordinal);
        return id => rows[id].ToList();
    }

    /// <summary>Has a project other than these a port here?</summary>
    /// <param name="target">Only this project is asked about; "*": all.</param>
    public static bool HasPortOfOthers(Session session, string networkId, IReadOnlyCollection<string> but, string target) => session.Scalar<long?>(
        """
        SELECT 1 FROM ports WHERE network_id = @networkId AND project_id NOT IN @but AND (@target = '*' OR project_id = @target) LIMIT 1
        """,
        new { networkId, but, target }) is not null;

    /// <summary>The same of routers' gateways and floating IPs.</summary>
    public static bool HasGatewayOfOthers(Session session, string networkId, IReadOnlyCollection<string> but, string target) => session.Scalar<long?>(
        """
        SELECT 1 FROM routers WHERE gateway_network_id = @networkId AND project_id NOT IN @but AND (@target = '*' OR project_id = @target)
        UNION ALL SELECT 1 FROM floating_ips WHERE network_id = @networkId AND project_id NOT IN @but AND (@target = '*' OR project_id = @target) LIMIT 1
        """,
        new { networkId, but, target }) is not null;

    /// <summary>Ports that keep a network: all but its DHCP port and those of floating IPs that lead nowhere.</summary>
    public static List<string> PortsInTheWay(Session session, string networkId) => session.Query<string>(
        """
        SELECT p.id FROM ports p WHERE p.network_id = @networkId AND p.device_owner <> @Dhcp AND NOT EXISTS (
          SELECT 1 FROM floating_ips f WHERE f.outer_port_id = p.id AND f.port_id IS NULL)
        ORDER BY p.id LIMIT 20
        """,
        new { networkId, Owners.Dhcp });

    /// <summary>Address scopes of networks by IP version: those of the pools of their subnets.</summary>
    public static Func<string, long, string?> Scopes(Session session, IReadOnlyCollection<string> networkIds)
    {
        if (networkIds.Count == 0) return (_, _) => null;
        var rows = session.Query<ScopeOf>(
            """
            SELECT s.network_id, s.ip_version, l.address_scope_id FROM subnets s JOIN subnetpools l ON l.id = s.subnetpool_id
            WHERE s.network_id IN @networkIds AND l.address_scope_id IS NOT NULL
            """,
            new { networkIds });
        return (id, version) => rows.Find(row => row.NetworkId == id && row.IpVersion == version)?.AddressScopeId;
    }

    private static object Parameters(NetworkRow row) => new
    {
        row.Id, row.ProjectId, row.Name, row.Description, AdminStateUp = Flag(row.AdminStateUp), Shared = Flag(row.Shared), External = Flag(row.External),
        IsDefault = Flag(row.IsDefault), row.Mtu, row.NetworkType, row.PhysicalNetwork, row.Vni, PortSecurity = Flag(row.PortSecurity), row.DnsDomain,
        row.ZoneHints, row.QosPolicyId, row.CreatedAt, row.UpdatedAt, row.Revision,
    };

    private static long Flag(bool value) => value ? 1 : 0;

    private sealed record ScopeOf
    {
        public string NetworkId { get; init; } = "";

        public long IpVersion { get; init; }

        public string AddressScopeId { get; init; } = "";
    }

    private sealed record SubnetOf
    {
        public string Id { get; init; } = "";

        public string NetworkId { get; init; } = "";
    }
}
