using Sovereign.Node.Contract;

namespace Sovereign.Node.Fabric;

/// <summary>The network of one node. Every call is one idempotent effect: a crash may come before or after it, and it may be made
/// again.</summary>
public interface IFabric
{
    /// <summary>Makes what all else stands on and returns the external range, chosen free on the host at the first start.</summary>
    Task<string> Open(CancellationToken stop);

    Task EnsureNetwork(NetworkSpec network, CancellationToken stop);

    Task RemoveNetwork(string id, CancellationToken stop);

    Task EnsureGroup(GroupSpec group, CancellationToken stop);

    Task RemoveGroup(string id, CancellationToken stop);

    /// <summary>Makes the port's tap, its filter and its lease; the port's network and groups are there already.</summary>
    /// <param name="groups">Specs of the port's groups, of which the port's filter needs to know whether they are stateful.</param>
    Task EnsurePort(PortSpec port, IReadOnlyList<GroupSpec> groups, CancellationToken stop);

    Task RemovePort(string id, CancellationToken stop);

    Task EnsureRouter(RouterSpec router, CancellationToken stop);

    Task RemoveRouter(string id, CancellationToken stop);

    /// <summary>All things on this machine that carry this cloud's and node's mark.</summary>
    Task<IReadOnlyList<FabricThing>> List(CancellationToken stop);
}

/// <summary>A thing of this cloud and node that the fabric found on the machine.</summary>
/// <param name="Kind">One of <see cref="ItemKinds"/>.</param>
public sealed record FabricThing(string Kind, string Id);

/// <summary>Where the fabric asks for the metadata service to be heard: 169.254.169.254:80 inside a namespace.</summary>
public interface IMetadataDoors
{
    /// <summary>Listens in a namespace for guests of these networks; again with the same key replaces the networks.</summary>
    void Open(string netns, IReadOnlyList<string> networkIds);

    /// <summary>Listens on the link-local address of the service, fe80::a9fe:a9fe, which the link has already.</summary>
    void OpenLink(string netns, string link, string networkId);

    void CloseLink(string netns, string link);

    /// <summary>Closes the namespace's door and those of its links.</summary>
    void Close(string netns);
}
