using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

internal static class PortStore
{
    public static readonly ListShape Shape = new(
        "ports p",
        "p.id",
        [
            new("id", "p.id"), new("name", "p.name"), new("description", "p.description"), new("project_id", "p.project_id"),
            new("tenant_id", "p.project_id"), new("network_id", "p.network_id"), new("mac_address", "p.mac"), new("status", "p.status"),
            new("admin_state_up", "p.admin_state_up", ColumnKind.Boolean), new("device_id", "p.device_id"), new("device_owner", "p.device_owner"),
            new("port_security_enabled", "p.port_security", ColumnKind.Boolean), new("binding:host_id", "p.host_id"),
            new("binding:vnic_type", "p.vnic_type"), new("dns_name", "p.dns_name"), new("dns_domain", "p.dns_domain"),
            new("qos_policy_id", "p.qos_policy_id", Nullable: true), new("revision_number", "p.revision", ColumnKind.Number),
            new("created_at", "p.created_at", Filterable: false), new("updated_at", "p.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static PortRow? Find(Session session, string id) => session.FirstOrDefault<PortRow>("SELECT * FROM ports WHERE id = @id", new { id });

    public static List<PortRow> OfNetwork(Session session, string networkId) =>
        session.Query<PortRow>("SELECT * FROM ports WHERE network_id = @networkId ORDER BY id", new { networkId });

    public static List<PortRow> OfDevice(Session session, string deviceId) =>
        session.Query<PortRow>("SELECT * FROM ports WHERE device_id = @deviceId ORDER BY nic_order, id", new { deviceId });

    public static List<PortRow> OfServer(Session session, string serverId) => session.Query<PortRow>(
        "SELECT * FROM ports WHERE device_id = @serverId AND nic_order >= 0 ORDER BY nic_order, id", new { serverId });

    public static PortRow? DhcpOf(Session session, string networkId) => session.FirstOrDefault<PortRow>(
        "SELECT * FROM ports WHERE network_id = @networkId AND device_owner = @Dhcp ORDER BY id LIMIT 1", new { networkId, Wire.Owners.Dhcp });

    /// <summary>What ports show of their networks.</summary>
    public static Func<string, PortSurroundings> Surroundings(Session session, IReadOnlyCollection<string> networkIds)
    {
        var rows = networkIds.Count == 0 ? [] : session.Query<Around>("SELECT id, dns_domain, qos_policy_id FROM networks WHERE id IN @networkIds", new { networkIds });
        return id => rows.Find(row => row.Id == id) is { } row
            ? new PortSurroundings(row.DnsDomain.Length > 0 ? row.DnsDomain : DnsNames.DefaultDomain, row.QosPolicyId)
            : new PortSurroundings(DnsNames.DefaultDomain, null);
    }

    public static bool AnyOfOwner(Session session, string networkId, params List<string> owners) => session.Scalar<long?>(
        "SELECT 1 FROM ports WHERE network_id = @networkId AND device_owner IN @owners LIMIT 1", new { networkId, owners }) is not null;

    public static bool Insert(Tx tx, PortRow row) => tx.Execute(
        """
        INSERT INTO ports (id, project_id, network_id, name, description, mac, admin_state_up, device_id, device_owner, port_security, status, node_id,
          host_id, vnic_type, nic_order, created_for_server, nic_tag, dns_name, host_name, allowed_pairs, dhcp_options, binding_profile, dns_domain,
          qos_policy_id, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @NetworkId, @Name, @Description, @Mac, @adminStateUp, @DeviceId, @DeviceOwner, @portSecurity, @Status, @NodeId,
          @HostId, @VnicType, @NicOrder, @createdForServer, @NicTag, @DnsName, @HostName, @AllowedPairs, @DhcpOptions, @BindingProfile, @DnsDomain,
          @QosPolicyId, @CreatedAt, @UpdatedAt, @Revision)
        ON CONFLICT (network_id, mac) DO NOTHING
        """,
        Parameters(row)) == 1;

    /// <summary>False when the MAC is another port's.</summary>
    public static bool Update(Tx tx, PortRow row) => tx.Execute(
        """
        UPDATE ports SET name = @Name, description = @Description, mac = @Mac, admin_state_up = @adminStateUp, device_id = @DeviceId,
          device_owner = @DeviceOwner, port_security = @portSecurity, status = @Status, node_id = @NodeId, host_id = @HostId, nic_order = @NicOrder,
          created_for_server = @createdForServer, nic_tag = @NicTag, dns_name = @DnsName, host_name = @HostName, allowed_pairs = @AllowedPairs,
          dhcp_options = @DhcpOptions, binding_profile = @BindingProfile, dns_domain = @DnsDomain, qos_policy_id = @QosPolicyId,
          updated_at = @UpdatedAt, revision = @Revision
        WHERE id = @Id AND NOT EXISTS (SELECT 1 FROM ports o WHERE o.network_id = @NetworkId AND o.mac = @Mac AND o.id <> @Id)
        """,
        Parameters(row)) == 1;

    public static void Delete(Tx tx, string id)
    {
        SetArrival(tx, id, null);
        tx.Execute("DELETE FROM port_groups WHERE port_id = @id", new { id });
        tx.Execute("DELETE FROM ports WHERE id = @id", new { id });
    }

    /// <summary>The second node that has the port: its server is to come there. Null: none.</summary>
    public static string? ArrivalOf(Session session, string portId) =>
        session.Scalar<string>("SELECT node_id FROM port_arrivals WHERE port_id = @portId", new { portId });

    public static void SetArrival(Tx tx, string portId, string? nodeId)
    {
        tx.Execute("DELETE FROM port_arrivals WHERE port_id = @portId", new { portId });
        if (nodeId is not null) tx.Execute("INSERT INTO port_arrivals (port_id, node_id) VALUES (@portId, @nodeId)", new { portId, nodeId });
    }

    public static List<string> Groups(Session session, string portId) =>
        session.Query<string>("SELECT group_id FROM port_groups WHERE port_id = @portId ORDER BY group_id", new { portId });

    /// <summary>What a port's view shows beside its row, in one statement: every change of a port is recorded with it.</summary>
    public static (List<AddressRow> Addresses, List<string> Groups, List<string> Tags) Parts(Session session, string portId)
    {
        var rows = session.Query<Part>(
            $"""
            SELECT 1 AS number, position, address, subnet_id AS text FROM fixed_addresses WHERE port_id = @portId
            UNION ALL SELECT 2, 0, '', group_id FROM port_groups WHERE port_id = @portId
            UNION ALL SELECT 3, 0, '', tag FROM network_tags WHERE kind = '{Kinds.Port}' AND resource_id = @portId
            ORDER BY 1, 2, 3, 4
            """,
            new { portId });
        return (
            rows.Where(row => row.Number == 1)
                .Select(row => new AddressRow { PortId = portId, SubnetId = row.Text, Address = row.Address, Position = row.Position }).ToList(),
            rows.Where(row => row.Number == 2).Select(row => row.Text).ToList(), rows.Where(row => row.Number == 3).Select(row => row.Text).ToList());
    }

    public static ILookup<string, string> Groups(Session session, IReadOnlyCollection<string> portIds)
    {
        List<PortGroup> rows = portIds.Count == 0
            ? [] : session.Query<PortGroup>("SELECT port_id, group_id FROM port_groups WHERE port_id IN @portIds ORDER BY group_id", new { portIds });
        return rows.ToLookup(row => row.PortId, row => row.GroupId, StringComparer.Ordinal);
    }

    public static void SetGroups(Tx tx, string portId, IEnumerable<string> groupIds)
    {
        tx.Execute("DELETE FROM port_groups WHERE port_id = @portId", new { portId });
        foreach (var groupId in groupIds.Distinct(StringComparer.Ordinal))
        {
            tx.Execute("INSERT INTO port_groups (port_id, group_id) VALUES (@portId, @groupId)", new { portId, groupId });
        }
    }

    private static object Parameters(PortRow row) => new
    {
        row.Id, row.ProjectId, row.NetworkId, row.Name, row.Description, row.Mac, adminStateUp = row.AdminStateUp ? 1L : 0L, row.DeviceId, row.DeviceOwner,
        portSecurity = row.PortSecurity ? 1L : 0L, row.Status, row.NodeId, row.HostId, row.VnicType, row.NicOrder,
        createdForServer = row.CreatedForServer ? 1L : 0L, row.NicTag, row.DnsName, row.HostName, row.AllowedPairs, row.DhcpOptions,
        row.BindingProfile, row.DnsDomain, row.QosPolicyId, row.CreatedAt, row.UpdatedAt, row.Revision,
    };

    private sealed record Around
    {
        public string Id { get; init; } = "";

        public string DnsDomain { get; init; } = "";

        public string? QosPolicyId { get; init; }
    }

    private sealed record Part
    {
        public long Number { get; init; }

        public long Position { get; init; }

        public string Address { get; init; } = "";

        public string Text { get; init; } = "";
    }

    private sealed record PortGroup
    {
        public string PortId { get; init; } = "";

        public string GroupId { get; init; } = "";
    }
}
