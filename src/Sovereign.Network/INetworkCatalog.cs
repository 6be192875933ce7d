using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Network;

/// <summary>A network as compute's old routes show it.</summary>
public sealed record NetworkLabel(string Id, string Name);

/// <summary>A floating IP as compute's old routes show it.</summary>
/// <param name="Pool">Name of the external network; its id where it has no name.</param>
/// <param name="PortId">The port that it leads to; null: nowhere.</param>
/// <param name="DeviceId">What has that port: a server's id; null: nowhere.</param>
public sealed record FloatingIpInfo(string Id, string Address, string Pool, string? FixedAddress, string? PortId, string? DeviceId);

/// <summary>Networks and floating IPs for compute's old routes (Compute API reference, "Networks", "Project networks", "Floating IPs": deprecated). What the
/// caller may not know of is not found; methods with a Tx happen in the caller's transaction.</summary>
public interface INetworkCatalog
{
    /// <summary>The networks that the caller sees.</summary>
    IReadOnlyList<NetworkLabel> Networks(Session session, AccessGrant access);

    /// <summary>One network.</summary>
    Outcome<NetworkLabel> Network(Session session, AccessGrant access, string id);

    /// <summary>The external networks that the caller sees.</summary>
    IReadOnlyList<NetworkLabel> Pools(Session session, AccessGrant access);

    /// <summary>The project's floating IPs.</summary>
    IReadOnlyList<FloatingIpInfo> FloatingIps(Session session, AccessGrant access);

    /// <summary>One floating IP.</summary>
    Outcome<FloatingIpInfo> FloatingIp(Session session, AccessGrant access, string id);

    /// <summary>The caller's floating IP with this address.</summary>
    Outcome<FloatingIpInfo> ByAddress(Session session, AccessGrant access, string address);

    /// <summary>Takes an address from a pool. Faults: NotFound for the pool, OverQuota, Conflict when there is none left.</summary>
    /// <param name="pool">Name or id of an external network; null: the default one.</param>
    Outcome<FloatingIpInfo> Allocate(Tx tx, AccessGrant access, string? pool);

    /// <summary>Gives an address back. Fault: NotFound.</summary>
    Outcome<Done> Release(Tx tx, AccessGrant access, string id);

    /// <summary>Makes a floating IP lead to a port's fixed address, wherever it led before; null: nowhere.</summary>
    Outcome<Done> Lead(Tx tx, AccessGrant access, string id, string? portId, string? fixedAddress);

    /// <summary>Gives the server's port on this network one more address. Faults: NotFound when it has none there, Conflict when no address is free.</summary>
    Outcome<Done> AddFixedAddress(Tx tx, AccessGrant access, string serverId, string networkId);

    /// <summary>Takes a fixed address from the server. Fault: NotFound.</summary>
    Outcome<Done> RemoveFixedAddress(Tx tx, AccessGrant access, string serverId, string address);
}
