using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>The planted leak: says that routers are removed and leaves them. The walk must find it.</summary>
internal sealed class ForgetfulFabric(IFabric fabric) : IFabric
{
    public Task<string> Open(CancellationToken stop) => fabric.Open(stop);

    public Task EnsureNetwork(NetworkSpec network, CancellationToken stop) => fabric.EnsureNetwork(network, stop);

    public Task RemoveNetwork(string id, CancellationToken stop) => fabric.RemoveNetwork(id, stop);

    public Task EnsureGroup(GroupSpec group, CancellationToken stop) => fabric.EnsureGroup(group, stop);

    public Task RemoveGroup(string id, CancellationToken stop) => fabric.RemoveGroup(id, stop);

    public Task EnsurePort(PortSpec port, IReadOnlyList<GroupSpec> groups, CancellationToken stop) => fabric.EnsurePort(port, groups, stop);

    public Task RemovePort(string id, CancellationToken stop) => fabric.RemovePort(id, stop);

    public Task EnsureRouter(RouterSpec router, CancellationToken stop) => fabric.EnsureRouter(router, stop);

    public Task RemoveRouter(string id, CancellationToken stop) => Task.CompletedTask;

    public Task<IReadOnlyList<FabricThing>> List(CancellationToken stop) => fabric.List(stop);
}
