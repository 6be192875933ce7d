using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Addressing;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Ports;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Networks;

/// <summary>Networks, floating IPs and fixed addresses as compute's old routes need them.</summary>
internal sealed class NetworksForCompute(FloatingIpService floatingIps, PortService ports) : INetworkCatalog
{
    private const string Floating =
        """
        SELECT f.id, f.address, COALESCE(NULLIF(n.name, ''), n.id) AS pool, f.fixed_address, f.port_id, p.device_id
        FROM floating_ips f JOIN networks n ON n.id = f.network_id LEFT JOIN ports p ON p.id = f.port_id
        """;

    public IReadOnlyList<NetworkLabel> Networks(Session session, AccessGrant access) => Seen(session, access, external: false);

    public Outcome<NetworkLabel> Network(Session session, AccessGrant access, string id) =>
        NetworkService.Room.Visible(session, access, id).Map(row => new NetworkLabel(row.Id, row.Name));

    public IReadOnlyList<NetworkLabel> Pools(Session session, AccessGrant access) => Seen(session, access, external: true);

    public IReadOnlyList<FloatingIpInfo> FloatingIps(Session session, AccessGrant access) => session.Query<Shown>(
        Floating + " WHERE f.project_id = @project ORDER BY f.id", new { project = access.Caller.ProjectId ?? "" }).ConvertAll(row => row.Info());

    public Outcome<FloatingIpInfo> FloatingIp(Session session, AccessGrant access, string id) => FloatingIpService.Room.Visible(session, access, id)
        .Map(row => session.FirstOrDefault<Shown>(Floating + " WHERE f.id = @Id", new { row.Id })!.Info());

    public Outcome<FloatingIpInfo> ByAddress(Session session, AccessGrant access, string address)
    {
        // Ranges of external networks may overlap: the project's own comes first.
        var found = session.Query<Shown>(
            $"""
            {Floating} WHERE f.address = @address {(access.Everything ? "" : "AND f.project_id = @project")}
            ORDER BY CASE WHEN f.project_id = @project THEN 0 ELSE 1 END, f.id LIMIT 1
            """,
            new { address, project = access.Caller.ProjectId ?? "" });
        return found.Count > 0 ? found[0].Info() : NetworkFaults.FloatingIpMissing(address);
    }

    public Outcome<FloatingIpInfo> Allocate(Tx tx, AccessGrant access, string? pool)
    {
        var pools = Seen(tx, access, external: true);
        var chosen = pool is null ? Default(tx, pools) : pools.FirstOrDefault(network => network.Id == pool) ?? pools.FirstOrDefault(network => network.Name == pool);
        if (chosen is null) return new Fault.NotFound("Floating IP pool", pool ?? "") with { Message = "Floating IP pool not found." };
        return floatingIps.Create(tx, access, new FloatingIpWish { FloatingNetworkId = new Optional<string>(true, chosen.Id) })
            .Then(row => FloatingIp(tx, access, row.Id));
    }

    public Outcome<Done> Release(Tx tx, AccessGrant access, string id) =>
        FloatingIpService.Room.Owned(tx, access, id, "delete_floatingip").Then(row => floatingIps.Delete(tx, access, row));

    public Outcome<Done> Lead(Tx tx, AccessGrant access, string id, string? portId, string? fixedAddress)
    {
        var wish = new FloatingIpWish
        {
            PortId = new Optional<string>(true, portId), FixedIpAddress = fixedAddress is null ? default : new Optional<string>(true, fixedAddress),
        };
        return FloatingIpService.Room.Owned(tx, access, id, "update_floatingip").Then(row => floatingIps.Update(tx, access, row, wish)).Map(_ => Done.Value);
    }

    public Outcome<Done> AddFixedAddress(Tx tx, AccessGrant access, string serverId, string networkId)
    {
        if (PortStore.OfServer(tx, serverId).Find(port => port.NetworkId == networkId) is not { } port) return NetworkFaults.NetworkMissing(networkId);
        if (SubnetStore.OfNetwork(tx, networkId).Find(subnet => subnet.IpVersion == 4) is not { } subnet) return NetworkFaults.NetworkMissing(networkId);
        return Readdress(tx, access, port, [.. Kept(tx, port, ""), new FixedIpView { SubnetId = subnet.Id }]);
    }

    public Outcome<Done> RemoveFixedAddress(Tx tx, AccessGrant access, string serverId, string address)
    {
        foreach (var port in PortStore.OfServer(tx, serverId))
        {
            if (AddressStore.OfPort(tx, port.Id).TrueForAll(row => row.Text != address)) continue;
            return Readdress(tx, access, port, Kept(tx, port, address));
        }

        return new Fault.NotFound("Fixed IP", address);
    }

    private static List<FixedIpView> Kept(Session session, PortRow port, string but) => AddressStore.OfPort(session, port.Id)
        .Where(row => row.Text != but).Select(row => new FixedIpView { SubnetId = row.SubnetId, IpAddress = row.Text }).ToList();

    /// <summary>The owner of a server changes its addresses, also on a shared network, where the port API leaves that to the network's owner.</summary>
    private Outcome<Done> Readdress(Tx tx, AccessGrant access, PortRow port, List<FixedIpView> addresses) => ports.Update(
        tx, access with { Reach = Reach.All }, port, new PortWish { FixedIps = new Optional<IReadOnlyList<FixedIpView>>(true, addresses) }).Map(_ => Done.Value);

    private static NetworkLabel? Default(Session session, IReadOnlyList<NetworkLabel> pools)
    {
        var marked = session.Query<string>("SELECT id FROM networks WHERE external = 1 AND is_default = 1 ORDER BY id");
        return pools.FirstOrDefault(pool => marked.Contains(pool.Id)) ?? (pools.Count == 1 ? pools[0] : null);
    }

    private static List<NetworkLabel> Seen(Session session, AccessGrant access, bool external)
    {
        var listed = access.OnlyProject is null ? "1 = 1" : NetworkService.Room.Listed.Replace("@value", "@project", StringComparison.Ordinal);
        var rows = session.Query<NetworkRow>(
            $"SELECT n.id, n.name FROM networks n WHERE ({listed}) AND (@external = 0 OR n.external = 1) ORDER BY n.name, n.id",
            new { project = access.OnlyProject ?? "", external = external ? 1L : 0L });
        return rows.ConvertAll(row => new NetworkLabel(row.Id, row.Name));
    }

    private sealed record Shown
    {
        public string Id { get; init; } = "";

        public string Address { get; init; } = "";

        public string Pool { get; init; } = "";

        public string? FixedAddress { get; init; }

        public string? PortId { get; init; }

        public string? DeviceId { get; init; }

        public FloatingIpInfo Info() => new(Id, Address, Pool, FixedAddress, PortId, DeviceId);
    }
}
