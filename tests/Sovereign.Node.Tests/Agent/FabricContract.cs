using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Sovereign.Node.Machine;
using Sovereign.Node.Tests.Fabric;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>What every fabric driver must do.</summary>
public abstract class FabricContract : IAsyncLifetime
{
    protected abstract IFabric Driver { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => Prepare();

    public async ValueTask DisposeAsync()
    {
        await Clean();
        GC.SuppressFinalize(this);
    }

    protected virtual ValueTask Prepare() => ValueTask.CompletedTask;

    protected virtual ValueTask Clean() => ValueTask.CompletedTask;

    [Fact]
    public async Task All_things_are_made_twice_listed_once_and_removed_twice()
    {
        Assert.Equal(await Driver.Open(Stop), await Driver.Open(Stop));
        var network = PacketWorld.Network(dhcp: true);
        var group = PacketWorld.Group(PacketWorld.Ingress("tcp", 22, 22), PacketWorld.Egress());
        var port = new PortSpec(Guid.NewGuid().ToString(), network.Id, "d", "fa:16:3e:00:00:01",
            [new AddressSpec(network.Subnets[0].Id, "10.0.0.5")], true, true, [group.Id], [], "guest");
        var router = new RouterSpec(Guid.NewGuid().ToString(), true, null, [new RouterInterfaceSpec(Guid.NewGuid().ToString(), network.Id,
            "fa:16:3e:00:00:02", ["10.0.0.1/24"])], [], []);
        for (var round = 0; round < 2; round++)
        {
            await Driver.EnsureNetwork(network, Stop);
            await Driver.EnsureGroup(group, Stop);
            await Driver.EnsurePort(port, [group], Stop);
            await Driver.EnsureRouter(router, Stop);
        }
        var listed = await Driver.List(Stop);
        Assert.Equal(3, listed.Count);
        Assert.Equal([(ItemKinds.Network, network.Id), (ItemKinds.Port, port.Id), (ItemKinds.Router, router.Id)],
            listed.Select(t => (t.Kind, t.Id)).Order());
        for (var round = 0; round < 2; round++)
        {
            await Driver.RemoveRouter(router.Id, Stop);
            await Driver.RemovePort(port.Id, Stop);
            await Driver.RemoveGroup(group.Id, Stop);
            await Driver.RemoveNetwork(network.Id, Stop);
        }
        Assert.Empty(await Driver.List(Stop));
    }
}

public sealed class SimulatedFabricTests : FabricContract
{
    protected override IFabric Driver { get; } = new SimulatedFabric(new SimulatedMachine());
}

public sealed class LinuxFabricTests : FabricContract
{
    private readonly PacketWorld world = new();

    protected override IFabric Driver => world.Fabric;

    protected override ValueTask Clean() => world.DisposeAsync();
}
