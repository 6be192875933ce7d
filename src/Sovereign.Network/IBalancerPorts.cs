using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Network;

/// <summary>The address of a load balancer as asked for: a port, or a subnet, or a network, the last two perhaps with an address.</summary>
public sealed record VipRequest(string? PortId, string? SubnetId, string? NetworkId, string? Address);

/// <summary>The port of a load balancer.</summary>
/// <param name="Made">True: it was made for the balancer and goes with it.</param>
public sealed record VipInfo(string PortId, string NetworkId, string SubnetId, string Address, bool Made);

/// <summary>A port on which a load balancer listens.</summary>
/// <param name="Protocol">"tcp" or "udp".</param>
/// <param name="Cidrs">Who may come; empty: everybody.</param>
public sealed record VipDoor(string Protocol, int Port, IReadOnlyList<string> Cidrs);

/// <summary>Ports that load balancers hold on nodes. Everything happens in the caller's transaction.</summary>
public interface IBalancerPorts
{
    /// <summary>Makes a port (quota of the project, rights of the caller) or takes one that nobody has.</summary>
    /// <param name="groups">Security groups that the caller chose, which then say alone who may come; empty: a group of the balancer's own that <see cref="Open"/>
    /// fills.</param>
    Outcome<VipInfo> Take(Tx tx, AccessGrant access, string balancerId, string name, string projectId, VipRequest wish, IReadOnlyList<string> groups);

    /// <summary>Lets in what listeners listen for; nothing when the caller chose groups.</summary>
    void Open(Tx tx, string balancerId, string portId, IReadOnlyList<VipDoor> doors);

    /// <summary>The security groups that say who may come, in place of the present ones; empty: the balancer's own.</summary>
    Outcome<Done> SetGroups(Tx tx, AccessGrant access, string balancerId, string portId, IReadOnlyList<string> groups);

    /// <summary>Puts the port on a node, with its network and groups; takes it off another one.</summary>
    void Bind(Tx tx, string portId, string nodeId);

    /// <summary>Deletes the port when it was made for the balancer, else frees it; the balancer's own group goes. Absent is fine.</summary>
    void Release(Tx tx, string balancerId, string portId, bool made);

    /// <summary>Addresses of the port; empty when it is gone.</summary>
    IReadOnlyList<string> AddressesOf(Session session, string portId);

    /// <summary>May the caller see the subnet?</summary>
    bool SeesSubnet(Session session, AccessGrant access, string subnetId);
}
