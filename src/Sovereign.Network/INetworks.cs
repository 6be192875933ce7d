using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Network;

/// <summary>One NIC as the user asked for it: exactly one of network or port is given.</summary>
public sealed record NicRequest(string? NetworkId, string? PortId, string? FixedIp, string? Tag);

/// <summary>A port of a server as compute needs it.</summary>
/// <param name="CreatedHere">True when compute asked for the port: it goes with the server.</param>
/// <param name="Status">"ACTIVE", "DOWN", "BUILD" or "ERROR", as Neutron shows it.</param>
/// <param name="FloatingIps">Floating addresses by fixed address.</param>
public sealed record PortInfo(
    string Id, string NetworkId, string NetworkName, string Mac, int MtuBytes, IReadOnlyList<PortAddress> Addresses, IReadOnlyList<string> SecurityGroupIds,
    IReadOnlyList<string> SecurityGroupNames, string Status, bool CreatedHere, IReadOnlyDictionary<string, string> FloatingIps, string DnsName);

/// <summary>A fixed address with what network_data.json says of its subnet.</summary>
public sealed record PortAddress(
    string SubnetId, string Address, string Cidr, string? Gateway, bool Dhcp, IReadOnlyList<string> DnsServers, IReadOnlyList<(string Destination, string NextHop)> Routes);

/// <summary>What the network service shows other services. Methods with a Tx happen in the caller's transaction: a server and its ports stand or fall together.</summary>
public interface INetworks
{
    ISecurityGroups SecurityGroups { get; }

    /// <summary>For compute's old routes.</summary>
    INetworkCatalog Catalog { get; }

    /// <summary>The networks a server gets when the user names none: the only tenant network, or Conflict when there are several ("Multiple possible networks found, use a Network ID to be more specific."), or none.</summary>
    Outcome<IReadOnlyList<NicRequest>> DefaultNics(Session session, AccessGrant access);

    /// <summary>Why the project can't be given a network of its own by the cloud; null: it can, or has it.</summary>
    Fault? CannotAllocate(Session session, AccessGrant access);

    /// <summary>The network that the cloud made for the project; it is made when it is not there. Faults: Conflict when something that it needs is missing,
    /// OverQuota.</summary>
    Outcome<NicRequest> Allocate(Tx tx, AccessGrant access);

    /// <summary>Gives the server its NICs: makes ports on the named networks (quota, address, security groups by name or id; default group when none is named) or takes the named ports.
    /// The ports have device_id and device_owner compute:{zone} and are DOWN until a node reports them.</summary>
    Outcome<IReadOnlyList<PortInfo>> Attach(
        Tx tx, AccessGrant access, string serverId, string serverHostName, string zone, IReadOnlyList<NicRequest> nics, IReadOnlyList<string> securityGroups);

    /// <summary>Binds the server's ports to a node: puts them, their networks and groups on its manifest.</summary>
    void Bind(Tx tx, string serverId, string nodeId);

    /// <summary>Puts the server's ports on a second node, to which it is to come while it runs; they stay bound where they are. <see cref="Bind"/> moves them
    /// there.</summary>
    void Admit(Tx tx, string serverId, string nodeId);

    /// <summary>The server does not come to the second node: its ports are on their own node alone. Absent is fine.</summary>
    void Dismiss(Tx tx, string serverId);

    /// <summary>Takes the server's ports off the node's manifest.</summary>
    void Unbind(Tx tx, string serverId);

    /// <summary>Deletes the ports that were made for the server and frees the others (device_id empty).</summary>
    void Detach(Tx tx, string serverId);

    /// <summary>As <see cref="Detach"/> for one of the server's ports: an interface taken away while the server lives.</summary>
    void DetachPort(Tx tx, string serverId, string portId);

    /// <summary>Puts all ports of the server that have port security into a security group (by name or id), or takes them out.</summary>
    Outcome<Done> SetGroup(Tx tx, AccessGrant access, string serverId, string group, bool member);

    /// <summary>True when no node has anything of the server's ports any more; a fenced node has nothing.</summary>
    bool Gone(Session session, string serverId);

    /// <summary>Ports of servers, in the order of their NICs; one query whatever the number of servers.</summary>
    IReadOnlyDictionary<string, IReadOnlyList<PortInfo>> PortsOf(Session session, IReadOnlyCollection<string> serverIds);

    /// <summary>Calls back inside the transaction that changes what servers show of a port (addresses, floating IPs, groups): compute raises the server's revision.</summary>
    void OnPortChange(Action<Tx, string> serverChanged);
}
