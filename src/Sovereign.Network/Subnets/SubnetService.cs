using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Fabric;
using Sovereign.Network.Networks;
using Sovereign.Network.Ports;
using Sovereign.Network.Rbac;
using Sovereign.Network.SubnetPools;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Subnets;

internal sealed class SubnetService(KernelServices kernel, FabricPlan fabric, DhcpPorts dhcp, PortMaker ports, PoolAllocator pools)
{
    public static readonly Room<SubnetRow, SubnetView> Room = new(
        Kinds.Subnet, "subnets", "/v2.0/subnets", SubnetStore.Shape, SubnetStore.Find, NetworkFaults.SubnetMissing, Views,
        NetworkJson.Wire.SubnetView)
    {
        Listed = $"s.project_id = @value OR s.network_id IN (SELECT object_id FROM rbac_policies WHERE object_type = '{Kinds.Network}' "
            + $"AND target IN ('*', @value) AND action = '{RbacActions.Shared}')",
        Sees = (session, access, row) =>
            access.Covers(row.ProjectId) || NetworkStore.Find(session, row.NetworkId) is { } network && network.UsableBy(session, access),
    };

    /// <summary>The first subnet of the external network: the host's side of it is the gateway.</summary>
    public SubnetRow InsertExternal(Tx tx, NetworkRow network, Cidr range, string name)
    {
        var gateway = range.FirstHost.ToString();
        var row = Row(tx, network, range) with { Name = name, GatewayIp = gateway, Pools = Written(SubnetRules.DefaultPools(range, gateway)) };
        SubnetStore.Insert(tx, row);
        Room.Book(tx, kernel, row);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    private static List<SubnetView> Views(Session session, IReadOnlyList<SubnetRow> rows, Viewer viewer)
    {
        var tags = TagStore.Of(session, Kinds.Subnet, rows.Select(row => row.Id).ToList());
        return rows.Select(row => row.ToView(tags(row.Id), viewer.Dns)).ToList();
    }

    public Outcome<SubnetRow> Create(Tx tx, AccessGrant access, SubnetWish wish)
    {
        if (wish.NetworkId.Or(null) is not { Length: > 0 } networkId)
        {
            return new Fault.Invalid("network_id", "Failed to parse request. Required attribute 'network_id' not specified");
        }

        var network = NetworkService.Room.Owned(tx, access, networkId, "create_subnet");
        if (network.Fault is { } missing) return missing;
        if (!network.Value.HasSegment) return NetworkFaults.NoSegment(networkId);
        if (wish.SegmentId.Or(null) is not null) return NetworkFaults.Input("A network has one segment here, which all of its subnets are on");
        var project = Attributes.Project(access, "create_subnet", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var owner = project.Value.Length == 0 ? network.Value.ProjectId : project.Value;
        var source = pools.Choose(tx, access, owner, wish);
        if (source.Fault is { } wrongRange) return wrongRange;
        var (range, pool) = source.Value;
        var row = Row(tx, network.Value, range) with
        {
            ProjectId = owner,
            SubnetpoolId = pool,
            RaMode = wish.Ipv6RaMode.Or(null),
            AddressMode = wish.Ipv6AddressMode.Or(null),
        };
        var filled = Fill(row, wish, creating: true);
        if (filled.Fault is { } wrong) return wrong;
        row = filled.Value;
        if (SubnetRules.Ipv6(wish, range.Version, row.EnableDhcp, range.Prefix) is { } badMode) return badMode;
        if (SubnetStore.Overlaps(tx, networkId, range))
        {
            return NetworkFaults.Input($"Requested subnet with cidr: {row.Cidr} for network: {networkId} overlaps with another subnet");
        }

        if (SubnetStore.OfNetwork(tx, networkId).Exists(other => other.IpVersion == row.IpVersion && other.SubnetpoolId != row.SubnetpoolId))
        {
            return NetworkFaults.Refused(
                "NetworkSubnetPoolAffinityError", "Subnets hosted on the same network must be allocated from the same subnet pool.");
        }

        if (Room.Take(tx, kernel, row.ProjectId) is { } full) return full;
        SubnetStore.Insert(tx, row);
        if (row.EnableDhcp) dhcp.Join(tx, network.Value, row);
        if (row.Automatic) ports.JoinAutomatic(tx, row);
        fabric.NetworkChanged(tx, networkId);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    private SubnetRow Row(Tx tx, NetworkRow network, Cidr range) => new()
    {
        Id = kernel.Ids.Uuid(), ProjectId = network.ProjectId, NetworkId = network.Id, Cidr = range.ToString(), IpVersion = range.Version,
        RangeStart = range.Network.Key, RangeEnd = range.Last.Key, CreatedAt = tx.Now, UpdatedAt = tx.Now,
    };

    /// <summary>Takes what was wished into the row; left-out members keep what the row has (or their defaults, when creating).</summary>
    private static Outcome<SubnetRow> Fill(SubnetRow row, SubnetWish wish, bool creating)
    {
        if (Attributes.Texts(("name", wish.Name), ("description", wish.Description)) is { } text) return text;
        if (Attributes.Booleans(("enable_dhcp", wish.EnableDhcp), ("dns_publish_fixed_ip", wish.DnsPublishFixedIp)) is { } boolean) return boolean;
        var range = row.Range;
        var dhcp = wish.EnableDhcp.Or(creating || row.EnableDhcp) ?? true;
        if (SubnetRules.Usable(range, dhcp) is { } unusable) return unusable;
        var gateway = wish.GatewayIp.Given
            ? SubnetRules.Gateway(wish.GatewayIp.Value, range)
            : Outcome.Of(creating ? range.FirstHost.ToString() : row.GatewayIp);
        if (gateway.Fault is { } wrongGateway) return wrongGateway;
        IReadOnlyList<AddressRange> pools;
        if (wish.AllocationPools is { Given: true, Value: { } wished } && (wished.Count > 0 || !creating))
        {
            var checkedPools = SubnetRules.Pools(wished, range, gateway.Value);
            if (checkedPools.Fault is { } wrongPools) return wrongPools;
            pools = checkedPools.Value;
        }
        else if (creating)
        {
            pools = SubnetRules.DefaultPools(range, gateway.Value);
        }
        else
        {
            pools = row.PoolRanges;
            if (SubnetRules.GatewayConflict(pools, gateway.Value) is { } conflict) return conflict;
        }

        if (SubnetRules.Dns(wish.DnsNameservers.Or(null) ?? [], range) is { } wrongDns) return wrongDns;
        if (SubnetRules.HostRoutes(wish.HostRoutes.Or(null) ?? [], range) is { } wrongRoutes) return wrongRoutes;
        return row with
        {
            Name = wish.Name.Or(row.Name) ?? "",
            Description = wish.Description.Or(row.Description) ?? "",
            EnableDhcp = dhcp,
            GatewayIp = gateway.Value,
            Pools = Written(pools),
            DnsPublish = wish.DnsPublishFixedIp.Or(row.DnsPublish) ?? false,
            ServiceTypes = wish.ServiceTypes.Given ? JsonSerializer.Serialize(wish.ServiceTypes.Value ?? [], NetworkJson.Wire.IReadOnlyListString) : row.ServiceTypes,
            Dns = wish.DnsNameservers.Given ? JsonSerializer.Serialize(wish.DnsNameservers.Value ?? [], NetworkJson.Wire.IReadOnlyListString) : row.Dns,
            HostRoutes = wish.HostRoutes.Given ? JsonSerializer.Serialize(wish.HostRoutes.Value ?? [], NetworkJson.Wire.IReadOnlyListRouteView) : row.HostRoutes,
        };
    }

    public Outcome<SubnetRow> Update(Tx tx, AccessGrant access, SubnetRow old, SubnetWish wish)
    {
        foreach (var (name, given) in new[]
        {
            ("network_id", wish.NetworkId.Given), ("project_id", wish.ProjectId.Given || wish.TenantId.Given), ("ip_version", wish.IpVersion.Given),
            ("cidr", wish.Cidr.Given), ("subnetpool_id", wish.SubnetpoolId.Given), ("ipv6_ra_mode", wish.Ipv6RaMode.Given),
            ("ipv6_address_mode", wish.Ipv6AddressMode.Given), ("segment_id", wish.SegmentId.Given), ("prefixlen", wish.Prefixlen.Given),
        })
        {
            if (given) return new Fault.Invalid(name, $"Cannot update read-only attribute {name}");
        }

        if (old is { RaMode: not null } or { AddressMode: not null } && !wish.EnableDhcp.OrTrue())
        {
            return NetworkFaults.Input("Cannot disable enable_dhcp with ipv6 attributes set");
        }

        var filled = Fill(old, wish, creating: false);
        if (filled.Fault is { } wrong) return wrong;
        var row = filled.Value with { UpdatedAt = tx.Now, Revision = old.Revision + 1 };
        if (row.GatewayIp != old.GatewayIp && old.GatewayIp is not null && RouterPortAt(tx, old) is { } holder)
        {
            return NetworkFaults.Conflict("GatewayIpInUse", $"Current gateway ip {old.GatewayIp} already in use by port {holder}. Unable to update.");
        }

        SubnetStore.Update(tx, row);
        if (row.EnableDhcp != old.EnableDhcp)
        {
            if (row.EnableDhcp) dhcp.Join(tx, NetworkStore.Find(tx, row.NetworkId)!, row);
            else dhcp.Leave(tx, row);
        }

        fabric.NetworkChanged(tx, row.NetworkId);
        fabric.SubnetRoutersChanged(tx, row.Id);
        Room.Record(tx, row, Change.Updated);
        return row;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, SubnetRow row)
    {
        if (SubnetStore.InUse(tx, row))
        {
            return NetworkFaults.Conflict(
                "SubnetInUse",
                $"Unable to complete operation on subnet {row.Id}: One or more ports have an IP allocation from this subnet.");
        }

        Room.Remove(tx, kernel, row, SubnetStore.Delete);
        dhcp.Leave(tx, row);
        if (row.Automatic) ports.LeaveAutomatic(tx, row);
        fabric.NetworkChanged(tx, row.NetworkId);
        return Done.Value;
    }

    private static string? RouterPortAt(Tx tx, SubnetRow subnet) => Ip.TryParse(subnet.GatewayIp, out var gateway)
        ? tx.Scalar<string>(
            """
            SELECT p.id FROM fixed_addresses a JOIN ports p ON p.id = a.port_id
            WHERE a.network_id = @NetworkId AND a.address = @Key AND p.device_owner = @owner
            """,
            new { subnet.NetworkId, gateway.Key, owner = Owners.RouterInterface })
        : null;

    private static string Written(IReadOnlyList<AddressRange> pools) => JsonSerializer.Serialize(
        pools.Select(pool => new PoolView { Start = pool.Start.ToString(), End = pool.End.ToString() }).ToList(), NetworkJson.Wire.IReadOnlyListPoolView);
}
