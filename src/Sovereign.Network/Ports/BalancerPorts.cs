using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Addressing;
using Sovereign.Network.Fabric;
using Sovereign.Network.Networks;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

/// <summary>Ports of load balancers: the user's in their project, with the cloud's own group for who may come, as Octavia has them.</summary>
internal sealed class BalancerPorts(KernelServices kernel, FabricPlan fabric, PortMaker maker, PortService ports, RuleService rules) : IBalancerPorts
{
    private const string Device = "lb-";

    public Outcome<VipInfo> Take(Tx tx, AccessGrant access, string balancerId, string name, string projectId, VipRequest wish, IReadOnlyList<string> groups)
    {
        var subnet = wish.SubnetId is null ? null : SubnetStore.Find(tx, wish.SubnetId);
        if (wish.SubnetId is not null && (subnet is null || !SeesSubnet(tx, access, subnet.Id))) return new Fault.NotFound("Subnet", wish.SubnetId);
        if (subnet is not null && wish.NetworkId is { } network && subnet.NetworkId != network)
        {
            return new Fault.Invalid("vip_subnet_id", $"Supplied VIP subnet {subnet.Id} is not on the network {network}");
        }

        var port = wish.PortId is { } given ? Given(tx, access, balancerId, given, wish)
            : Made(tx, access, balancerId, name, projectId, subnet?.NetworkId ?? wish.NetworkId!, subnet?.Id, wish.Address);
        if (port.Fault is { } refused) return refused;
        if (groups.Count > 0)
        {
            var set = SetGroups(tx, access, balancerId, port.Value.Id, groups);
            if (set.Fault is { } noGroup) return noGroup;
        }
        else if (port.Value.PortSecurity) Join(tx, port.Value, OwnGroup(tx, balancerId));
        var address = AddressStore.OfPort(tx, port.Value.Id)[0];
        return new VipInfo(port.Value.Id, port.Value.NetworkId, address.SubnetId, address.Text, wish.PortId is null);
    }

    public void Open(Tx tx, string balancerId, string portId, IReadOnlyList<VipDoor> doors)
    {
        if (Own(tx, balancerId) is not { } group) return;
        var wanted = doors.SelectMany(Rules).Append(Leaving(Ethertypes.Ipv4)).Append(Leaving(Ethertypes.Ipv6))
            .Select(rule => rule with { GroupId = group.Id }).DistinctBy(rule => rule.Signature).ToList();
        var present = GroupStore.Rules(tx, group.Id);
        var (gone, come) = (present.ExceptBy(wanted.Select(r => r.Signature), r => r.Signature).ToList(),
            wanted.ExceptBy(present.Select(r => r.Signature), r => r.Signature).ToList());
        foreach (var rule in gone) rules.Remove(tx, rule);
        foreach (var rule in come) RuleService.Room.Book(tx, kernel, rules.Insert(tx, group, rule));
        if (come.Count > 0) fabric.GroupChanged(tx, group.Id);
    }

    public Outcome<Done> SetGroups(Tx tx, AccessGrant access, string balancerId, string portId, IReadOnlyList<string> groups)
    {
        if (PortStore.Find(tx, portId) is not { } port) return NetworkFaults.PortMissing(portId);
        if (groups.Count == 0)
        {
            if (!port.PortSecurity) return Done.Value;
            var before = PortStore.Groups(tx, portId);
            PortStore.SetGroups(tx, portId, []);
            fabric.MembersChanged(tx, before);
            Join(tx, port, OwnGroup(tx, balancerId));
            return Done.Value;
        }

        var changed = ports.Update(tx, access, port, new PortWish { SecurityGroups = new Optional<IReadOnlyList<string>>(true, groups) });
        if (changed.Fault is { } refused) return refused;
        DropOwn(tx, balancerId);
        return Done.Value;
    }

    public void Bind(Tx tx, string portId, string nodeId)
    {
        if (PortStore.Find(tx, portId) is not { } port) return;
        var bound = port with { NodeId = nodeId, HostId = fabric.Nodes.Find(nodeId)?.HostName ?? nodeId };
        if (port.NodeId.Length > 0 && port.NodeId != nodeId) fabric.PortGone(tx, port, PortStore.Groups(tx, portId));
        if (port.NodeId != nodeId) maker.Save(tx, bound);
        fabric.PutPort(tx, bound);
    }

    public void Release(Tx tx, string balancerId, string portId, bool made)
    {
        var groups = PortStore.Groups(tx, portId);
        if (PortStore.Find(tx, portId) is { } port)
        {
            if (made) maker.Remove(tx, port);
            else Free(tx, port, groups.Where(group => group != Own(tx, balancerId)?.Id));
        }

        DropOwn(tx, balancerId);
    }

    public IReadOnlyList<string> AddressesOf(Session session, string portId) => AddressStore.OfPort(session, portId).ConvertAll(address => address.Text);

    public bool SeesSubnet(Session session, AccessGrant access, string subnetId) =>
        SubnetStore.Find(session, subnetId) is { } subnet && NetworkStore.Find(session, subnet.NetworkId) is { } network
        && NetworkService.Room.Sees(session, access, network);

    private Outcome<PortRow> Given(Tx tx, AccessGrant access, string balancerId, string portId, VipRequest wish)
    {
        if (PortStore.Find(tx, portId) is not { } port || !access.Covers(port.ProjectId)) return new Fault.NotFound("Port", portId);
        if (port.DeviceId.Length > 0) return new Fault.Conflict($"Port {portId} is in use by {port.DeviceId}.");
        var addresses = AddressStore.OfPort(tx, portId);
        if (addresses.Count == 0) return new Fault.Invalid("vip_port_id", $"Port {portId} has no address to listen on");
        if (wish.NetworkId is { } network && network != port.NetworkId) return new Fault.Invalid("vip_network_id", $"Port {portId} is not on the network {network}");
        if (wish.Address is { } wished && addresses.TrueForAll(address => address.Text != wished))
        {
            return new Fault.Invalid("vip_address", $"Specified VIP address {wished} is not one of the port {portId}");
        }

        var row = port with { DeviceId = Device + balancerId, DeviceOwner = Owners.Balancer, NicOrder = 0, Status = Status.Down };
        maker.Save(tx, row);
        return PortStore.Find(tx, portId)!;
    }

    private Outcome<PortRow> Made(
        Tx tx, AccessGrant access, string balancerId, string name, string projectId, string networkId, string? subnetId, string? address)
    {
        if (NetworkStore.Find(tx, networkId) is not { } network || !NetworkService.Room.Sees(tx, access, network)) return new Fault.NotFound("Network", networkId);
        if (SubnetStore.OfNetwork(tx, networkId).Count == 0) return new Fault.Invalid("vip_network_id", "Supplied network does not contain a subnet.");
        var wish = new PortWish
        {
            NetworkId = new(true, networkId), Name = new(true, name),
            FixedIps = subnetId is null && address is null ? default : new(true, [new FixedIpView { SubnetId = subnetId, IpAddress = address }]),
            SecurityGroups = new(true, []),
        };
        // A balancer may name an address on a shared network, which the port API leaves to the owner.
        var grant = address is null || access.Covers(network.ProjectId) ? access : access with { Reach = Reach.All };
        return ports.Make(tx, grant, wish, row => row with
        {
            ProjectId = projectId,
            DeviceId = Device + balancerId,
            DeviceOwner = Owners.Balancer,
            NicOrder = 0,
            CreatedForServer = true,
            HostName = name,
        });
    }

    private void Free(Tx tx, PortRow port, IEnumerable<string> groups)
    {
        fabric.PortGone(tx, port, PortStore.Groups(tx, port.Id));
        PortStore.SetGroups(tx, port.Id, groups.ToList());
        maker.Save(tx, port with
        {
            NodeId = "",
            HostId = "",
            Status = Status.Down,
            DeviceId = "",
            DeviceOwner = "",
            NicOrder = PortRow.NotAttached,
        });
    }

    private void Join(Tx tx, PortRow port, GroupRow group)
    {
        var groups = PortStore.Groups(tx, port.Id);
        if (groups.Contains(group.Id)) return;
        PortStore.SetGroups(tx, port.Id, [.. groups, group.Id]);
        maker.Save(tx, PortStore.Find(tx, port.Id)!);
        fabric.PutPort(tx, PortStore.Find(tx, port.Id)!);
        fabric.MembersChanged(tx, [group.Id]);
    }

    /// <summary>The group that says who may come to a balancer whose user chose none; no project's, so that nobody's quota counts it.</summary>
    private GroupRow OwnGroup(Tx tx, string balancerId)
    {
        if (Own(tx, balancerId) is { } known) return known;
        var row = new GroupRow
        {
            Id = kernel.Ids.Uuid(), Name = Device + balancerId, Description = "Who may come to a load balancer", CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        GroupStore.Insert(tx, row);
        SecurityGroupService.Room.Book(tx, kernel, row);
        SecurityGroupService.Room.Record(tx, row, Change.Created);
        Open(tx, balancerId, "", []);
        return row;
    }

    private static GroupRow? Own(Session session, string balancerId) => GroupStore.Named(session, "", Device + balancerId).FirstOrDefault();

    private void DropOwn(Tx tx, string balancerId)
    {
        if (Own(tx, balancerId) is not { } group || GroupStore.InUse(tx, group.Id)) return;
        foreach (var rule in GroupStore.Rules(tx, group.Id)) rules.Remove(tx, rule);
        SecurityGroupService.Room.Remove(tx, kernel, GroupStore.Find(tx, group.Id)!, GroupStore.Delete);
        fabric.GroupGone(tx, group.Id);
    }

    private static IEnumerable<RuleRow> Rules(VipDoor door)
    {
        foreach (var type in new[] { Ethertypes.Ipv4, Ethertypes.Ipv6 })
        {
            var own = door.Cidrs.Where(cidr => cidr.Contains(':', StringComparison.Ordinal) == (type == Ethertypes.Ipv6)).ToList();
            if (door.Cidrs.Count > 0 && own.Count == 0) continue;
            foreach (var cidr in door.Cidrs.Count > 0 ? own.Cast<string?>() : [null])
            {
                yield return new RuleRow
                {
                    Direction = Directions.Ingress, Ethertype = type, Protocol = door.Protocol, PortMin = door.Port, PortMax = door.Port, RemoteCidr = cidr,
                    NormalizedCidr = cidr,
                };
            }
        }
    }

    private static RuleRow Leaving(string type) => new() { Direction = Directions.Egress, Ethertype = type };
}
