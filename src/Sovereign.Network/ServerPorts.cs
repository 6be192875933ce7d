using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.AutoTopologies;
using Sovereign.Network.Fabric;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Networks;
using Sovereign.Network.Ports;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Network;

/// <summary>The network service as compute sees it: NICs of servers.</summary>
internal sealed class ServerPorts(FabricPlan fabric, PortMaker maker, PortService ports, ISecurityGroups groups, INetworkCatalog catalog,
    AutoTopologyService topologies) : INetworks
{
    private const string GroupDefault = GroupRow.DefaultName;

    public ISecurityGroups SecurityGroups => groups;

    public INetworkCatalog Catalog => catalog;

    public Outcome<IReadOnlyList<NicRequest>> DefaultNics(Session session, AccessGrant access)
    {
        var networks = session.Query<NetworkRow>(
            """
            SELECT * FROM networks WHERE external = 0 AND (project_id = @project OR id IN (
              SELECT object_id FROM rbac_policies WHERE object_type = 'network' AND target IN ('*', @project))) ORDER BY id LIMIT 2
            """,
            new { project = access.Caller.ProjectId ?? "" });
        return networks.Count switch
        {
            0 => Outcome.Of<IReadOnlyList<NicRequest>>([]),
            1 => Outcome.Of<IReadOnlyList<NicRequest>>([new NicRequest(networks[0].Id, null, null, null)]),
            _ => new Fault.Conflict("Multiple possible networks found, use a Network ID to be more specific."),
        };
    }

    public Fault? CannotAllocate(Session session, AccessGrant access) => AutoTopologyService.Unmet(session, access);

    public Outcome<NicRequest> Allocate(Tx tx, AccessGrant access) =>
        topologies.Get(tx, access, access.ProjectId).Map(network => new NicRequest(network, null, null, null));

    public Outcome<IReadOnlyList<PortInfo>> Attach(
        Tx tx, AccessGrant access, string serverId, string serverHostName, string zone, IReadOnlyList<NicRequest> nics, IReadOnlyList<string> securityGroups)
    {
        var next = PortStore.OfServer(tx, serverId).Select(port => port.NicOrder + 1).DefaultIfEmpty(0).Max();
        var made = new List<string>();
        foreach (var nic in nics)
        {
            PortRow Owned(PortRow row) => row with
            {
                DeviceId = serverId,
                DeviceOwner = Owners.Compute + zone,
                HostName = serverHostName,
                DnsName = serverHostName,
                NicTag = nic.Tag,
                NicOrder = next,
                Status = Status.Down,
            };

            var port = nic.PortId is null ? OnNetwork(tx, access, nic, securityGroups, Owned) : Existing(tx, access, nic.PortId, Owned);
            if (port.Fault is { } refused) return refused;
            made.Add(port.Value.Id);
            next++;
        }

        var all = PortsOf(tx, [serverId]).GetValueOrDefault(serverId, []);
        return Outcome.Of<IReadOnlyList<PortInfo>>(all.Where(port => made.Contains(port.Id)).ToList());
    }

    public void Bind(Tx tx, string serverId, string nodeId)
    {
        foreach (var port in PortStore.OfServer(tx, serverId))
        {
            var bound = port with { NodeId = nodeId, HostId = fabric.Nodes.Find(nodeId)?.HostName ?? nodeId };
            if (port.NodeId.Length > 0 && port.NodeId != nodeId) Leave(tx, port);
            if (port.NodeId != nodeId) maker.Save(tx, bound);
            fabric.PutPort(tx, bound);
            // A port that is down stays so until its node reports it, and that makes it due.
            if (port.Status != Status.Down) tx.Due(Kinds.Port, port.Id);
        }
    }

    public void Admit(Tx tx, string serverId, string nodeId)
    {
        foreach (var port in PortStore.OfServer(tx, serverId))
        {
            PortStore.SetArrival(tx, port.Id, nodeId);
            fabric.PutPort(tx, port);
        }
    }

    public void Dismiss(Tx tx, string serverId)
    {
        foreach (var port in PortStore.OfServer(tx, serverId))
        {
            if (PortStore.ArrivalOf(tx, port.Id) is null) continue;
            PortStore.SetArrival(tx, port.Id, null);
            fabric.PortStays(tx, port, PortStore.Groups(tx, port.Id));
        }
    }

    public void Unbind(Tx tx, string serverId)
    {
        foreach (var port in PortStore.OfServer(tx, serverId)) Release(tx, port);
    }

    public void Detach(Tx tx, string serverId)
    {
        foreach (var port in PortStore.OfServer(tx, serverId)) DetachOne(tx, port);
    }

    public void DetachPort(Tx tx, string serverId, string portId)
    {
        if (PortStore.Find(tx, portId) is { Attached: true } port && port.DeviceId == serverId) DetachOne(tx, port);
    }

    public Outcome<Done> SetGroup(Tx tx, AccessGrant access, string serverId, string group, bool member)
    {
        var servers = PortStore.OfServer(tx, serverId).Where(port => port.PortSecurity).ToList();
        var project = servers.Select(port => port.ProjectId).FirstOrDefault(access.Caller.ProjectId ?? "");
        var found = SecurityGroupService.Find(tx, access, project, group, byName: true);
        if (found.Fault is { } missing) return missing;
        var had = false;
        foreach (var port in servers)
        {
            var before = PortStore.Groups(tx, port.Id);
            if (before.Contains(found.Value) == member) continue;
            had = true;
            var after = member ? before.Append(found.Value) : before.Where(id => id != found.Value);
            var changed = ports.Update(tx, access, port, new PortWish { SecurityGroups = new(true, [.. after]) });
            if (changed.Fault is { } refused) return refused;
        }

        if (had || member) return Done.Value;
        return new Fault.NotFound("Security group", group) with { Message = $"Security group {group} is not associated with the instance {serverId}" };
    }

    public bool Gone(Session session, string serverId) =>
        PortStore.OfServer(session, serverId)
        .TrueForAll(port => fabric.Nodes.NodesOf(session, ItemKinds.Port, port.Id).All(node => fabric.Nodes.Fenced(session, node)));

    public IReadOnlyDictionary<string, IReadOnlyList<PortInfo>> PortsOf(Session session, IReadOnlyCollection<string> serverIds) =>
        serverIds.Count == 0 ? new Dictionary<string, IReadOnlyList<PortInfo>>() : ServerPortStore.Of(session, serverIds);

    public void OnPortChange(Action<Tx, string> serverChanged) => maker.OnServerChange(serverChanged);

    private Outcome<PortRow> OnNetwork(Tx tx, AccessGrant access, NicRequest nic, IReadOnlyList<string> securityGroups, Func<PortRow, PortRow> owned)
    {
        var networkId = nic.NetworkId ?? "";
        if (NetworkStore.Find(tx, networkId) is not { } network || !NetworkService.Room.Sees(tx, access, network)) return NetworkFaults.NetworkMissing(networkId);
        if (network.External && !network.UsableBy(tx, access))
        {
            return new Fault.Forbidden($"It is not allowed to create an interface on external network {networkId}") { Type = "ExternalNetworkAttachForbidden" };
        }

        if (SubnetStore.OfNetwork(tx, networkId).Count == 0)
        {
            return NetworkFaults.Refused("NetworkRequiresSubnet", $"Network {networkId} requires a subnet in order to boot instances on.");
        }

        var chosen = new List<string>();
        foreach (var name in securityGroups)
        {
            if (name == GroupDefault && securityGroups.Count == 1) continue;
            var found = SecurityGroupService.Find(tx, access, access.Caller.ProjectId ?? "", name, byName: true);
            if (found.Fault is { } missing) return missing;
            chosen.Add(found.Value);
        }

        var wish = new PortWish
        {
            NetworkId = new(true, networkId),
            FixedIps = nic.FixedIp is null ? default : new(true, [new FixedIpView { IpAddress = nic.FixedIp }]),
            SecurityGroups = chosen.Count == 0 || !network.PortSecurity ? default : new(true, chosen),
        };
        // A server may name an address on a shared network, which the port API leaves to the owner.
        var grant = nic.FixedIp is null || access.Covers(network.ProjectId) ? access : access with { Reach = Reach.All };
        return ports.Make(tx, grant, wish, row => owned(row) with { CreatedForServer = true });
    }

    private Outcome<PortRow> Existing(Tx tx, AccessGrant access, string portId, Func<PortRow, PortRow> owned)
    {
        if (PortStore.Find(tx, portId) is not { } port || !access.Covers(port.ProjectId)) return NetworkFaults.PortMissing(portId);
        if (port.DeviceId.Length > 0) return NetworkFaults.Conflict("PortInUse", $"Port {portId} is still in use.");
        if (AddressStore.OfPort(tx, portId).Count == 0 && SubnetStore.OfNetwork(tx, port.NetworkId).Count > 0)
        {
            return NetworkFaults.Refused("PortRequiresFixedIP", $"Port {portId} requires a FixedIP in order to be used.");
        }

        var row = owned(port) with { CreatedForServer = false };
        maker.Save(tx, row);
        return row;
    }

    private void Release(Tx tx, PortRow port)
    {
        Leave(tx, port);
        if (port.NodeId.Length > 0) maker.Save(tx, port with { NodeId = "", HostId = "", Status = Status.Down });
    }

    private void Leave(Tx tx, PortRow port) => fabric.PortGone(tx, port, PortStore.Groups(tx, port.Id));

    private void DetachOne(Tx tx, PortRow port)
    {
        if (port.CreatedForServer)
        {
            maker.Remove(tx, port);
            return;
        }

        Leave(tx, port);
        maker.Save(tx, port with
        {
            NodeId = "",
            HostId = "",
            Status = Status.Down,
            DeviceId = "",
            DeviceOwner = "",
            HostName = "",
            DnsName = "",
            NicTag = null,
            NicOrder = PortRow.NotAttached,
        });
        maker.TellServer(tx, port.DeviceId);
    }
}
