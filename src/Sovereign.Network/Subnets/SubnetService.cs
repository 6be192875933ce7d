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
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Subnets;

internal sealed class SubnetService(KernelServices kernel, FabricPlan fabric, DhcpPorts dhcp)
{
    public static readonly Room<SubnetRow, SubnetView> Room = new(
        Kinds.Subnet, "subnets", "/v2.0/subnets", SubnetStore.Shape, SubnetStore.Find, NetworkFaults.SubnetMissing, Views,
        NetworkJson.Wire.SubnetView)
    {
        Listed = "s.project_id = @value OR s.network_id IN (SELECT id FROM networks WHERE shared = 1 OR external = 1)",
        Sees = (session, access, row) =>
            access.Covers(row.ProjectId) || NetworkStore.Find(session, row.NetworkId) is { } network && network.SeenBy(access),
    };

    /// <summary>The first subnet of the external network: the host's side of it is the gateway.</summary>
    public SubnetRow InsertExternal(Tx tx, NetworkRow network, Cidr range, string name)
    {
        var gateway = Ipv4.Format(range.FirstHost);
        var row = Row(tx, network, range, gateway, SubnetRules.DefaultPools(range, gateway)) with { Name = name };
        SubnetStore.Insert(tx, row);
        kernel.Quotas.Book(tx, NetworkModule.Service, "subnet", row.ProjectId, 1);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    private static List<SubnetView> Views(Session session, IReadOnlyList<SubnetRow> rows, bool admin)
    {
        var tags = TagStore.Of(session, Kinds.Subnet, rows.Select(row => row.Id).ToList());
        return rows.Select(row => row.ToView(tags(row.Id))).ToList();
    }

    public Outcome<SubnetRow> Create(Tx tx, AccessGrant access, SubnetWish wish)
    {
        if (wish.NetworkId.Or(null) is not { Length: > 0 } networkId) return new Fault.Invalid("network_id", "Failed to parse request. Required attribute 'network_id' not specified");
        if (SubnetRules.Offered(wish) is { } absent) return absent;
        if (!wish.IpVersion.Given) return new Fault.Invalid("ip_version", "Failed to parse request. Required attribute 'ip_version' not specified");
        var network = NetworkService.Room.Owned(tx, access, networkId, "create_subnet");
        if (network.Fault is { } missing) return missing;
        var project = Attributes.Project(access, "create_subnet", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        if (!wish.Cidr.Given) return NetworkFaults.BadRequest("subnets", "a subnetpool must be specified in the absence of a cidr");
        var range = SubnetRules.Range(wish.Cidr.Value);
        if (range.Fault is { } wrongRange) return wrongRange;
        var row = Row(tx, network.Value, range.Value, null, []) with { ProjectId = project.Value.Length == 0 ? network.Value.ProjectId : project.Value };
        var filled = Fill(row, wish, creating: true);
        if (filled.Fault is { } wrong) return wrong;
        row = filled.Value;
        if (SubnetStore.Overlaps(tx, networkId, range.Value))
        {
            return NetworkFaults.Input($"Requested subnet with cidr: {row.Cidr} for network: {networkId} overlaps with another subnet");
        }

        if (Room.Take(tx, kernel, row.ProjectId) is { } full) return full;
        SubnetStore.Insert(tx, row);
        if (row.EnableDhcp) dhcp.Join(tx, network.Value, row);
        fabric.NetworkChanged(tx, networkId);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    private SubnetRow Row(Tx tx, NetworkRow network, Cidr range, string? gateway, IReadOnlyList<AddressRange> pools) => new()
    {
        Id = kernel.Ids.Uuid(), ProjectId = network.ProjectId, NetworkId = network.Id, Cidr = range.ToString(), FirstAddress = range.Network,
        LastAddress = range.Broadcast, GatewayIp = gateway, Pools = Written(pools), CreatedAt = tx.Now, UpdatedAt = tx.Now,
    };

    /// <summary>Takes what was wished into the row; left-out members keep what the row has (or their defaults, when creating).</summary>
    private static Outcome<SubnetRow> Fill(SubnetRow row, SubnetWish wish, bool creating)
    {
        if (Attributes.Texts(("name", wish.Name), ("description", wish.Description)) is { } text) return text;
        if (Attributes.Booleans(("enable_dhcp", wish.EnableDhcp)) is { } boolean) return boolean;
        var range = row.Range;
        var dhcp = wish.EnableDhcp.Or(creating || row.EnableDhcp) ?? true;
        if (SubnetRules.Usable(range, dhcp) is { } unusable) return unusable;
        var gateway = wish.GatewayIp.Given
            ? SubnetRules.Gateway(wish.GatewayIp.Value, range)
            : Outcome.Of(creating ? Ipv4.Format(range.FirstHost) : row.GatewayIp);
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
            if (gateway.Value is not null && Ipv4.TryParse(gateway.Value, out var address) && pools.FirstOrDefault(p => p.Contains(address)) is { End: > 0 } hit)
            {
                return NetworkFaults.Conflict("GatewayConflictWithAllocationPools", $"Gateway ip {gateway.Value} conflicts with allocation pool {hit}.");
            }
        }

        if (wish.DnsNameservers.Given && SubnetRules.Dns(wish.DnsNameservers.Value ?? []) is { } wrongDns) return wrongDns;
        if (wish.HostRoutes.Given && SubnetRules.HostRoutes(wish.HostRoutes.Value ?? []) is { } wrongRoutes) return wrongRoutes;
        return row with
        {
            Name = wish.Name.Or(row.Name) ?? "",
            Description = wish.Description.Or(row.Description) ?? "",
            EnableDhcp = dhcp,
            GatewayIp = gateway.Value,
            Pools = Written(pools),
            Dns = wish.DnsNameservers.Given ? JsonSerializer.Serialize(wish.DnsNameservers.Value ?? [], NetworkJson.Wire.IReadOnlyListString) : row.Dns,
            HostRoutes = wish.HostRoutes.Given ? JsonSerializer.Serialize(wish.HostRoutes.Value ?? [], NetworkJson.Wire.IReadOnlyListRouteView) : row.HostRoutes,
        };
    }

    public Outcome<SubnetRow> Update(Tx tx, AccessGrant access, SubnetRow old, SubnetWish wish)
    {
        foreach (var (name, given) in new[]
        {
            ("network_id", wish.NetworkId.Given), ("project_id", wish.ProjectId.Given || wish.TenantId.Given), ("ip_version", wish.IpVersion.Given),
            ("cidr", wish.Cidr.Given), ("subnetpool_id", wish.SubnetpoolId.Given),
        })
        {
            if (given) return new Fault.Invalid(name, $"Cannot update read-only attribute {name}");
        }

        if (SubnetRules.Offered(wish) is { } absent) return absent;
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
        if (SubnetStore.InUse(tx, row.Id))
        {
            return NetworkFaults.Conflict(
                "SubnetInUse",
                $"Unable to complete operation on subnet {row.Id}: One or more ports have an IP allocation from this subnet.");
        }

        Room.Remove(tx, kernel, row, SubnetStore.Delete);
        dhcp.Leave(tx, row);
        fabric.NetworkChanged(tx, row.NetworkId);
        return Done.Value;
    }

    private static string? RouterPortAt(Tx tx, SubnetRow subnet) => Ipv4.TryParse(subnet.GatewayIp, out var gateway)
        ? tx.Scalar<string>(
            """
            SELECT p.id FROM addresses a JOIN ports p ON p.id = a.port_id
            WHERE a.network_id = @NetworkId AND a.address = @gateway AND p.device_owner = @owner
            """,
            new { subnet.NetworkId, gateway, owner = Owners.RouterInterface })
        : null;

    private static string Written(IReadOnlyList<AddressRange> pools) => JsonSerializer.Serialize(
        pools.Select(pool => new PoolView { Start = Ipv4.Format(pool.Start), End = Ipv4.Format(pool.End) }).ToList(), NetworkJson.Wire.IReadOnlyListPoolView);
}
