using Sovereign.Node.Balancers;
using Sovereign.Node.Contract;
using Sovereign.Node.Tests.Fabric;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Node.Tests.Balancers;

/// <summary>What every driver of load balancers must do.</summary>
public abstract class BalancersContract
{
    protected abstract IBalancers Driver { get; }

    /// <summary>A free port of the loopback address.</summary>
    protected abstract int Port { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_is_made_twice_listed_once_counted_and_removed_twice()
    {
        var spec = Spec("lb-1");
        Assert.Empty((await Driver.Ensure(spec, Stop)).Down);
        Assert.Empty((await Driver.Ensure(spec, Stop)).Down);
        Assert.Equal(["lb-1"], await Driver.List(Stop));
        Assert.Equal(["web"], (await Driver.Count("lb-1", Stop))!.Listeners.Select(listener => listener.Id));
        await Driver.Remove("lb-1", Stop);
        await Driver.Remove("lb-1", Stop);
        Assert.Empty(await Driver.List(Stop));
        Assert.Null(await Driver.Count("lb-1", Stop));
    }

    [Fact]
    public async Task It_changes_while_it_runs()
    {
        var spec = Spec("lb-2");
        await Driver.Ensure(spec, Stop);
        await Driver.Ensure(spec with { Listeners = [], Pools = [] }, Stop);
        Assert.Empty((await Driver.Count("lb-2", Stop))!.Listeners);
        await Driver.Ensure(spec with { Generation = 1 }, Stop);
        Assert.Single((await Driver.Count("lb-2", Stop))!.Listeners);
        await Driver.Remove("lb-2", Stop);
    }

    private BalancerSpec Spec(string id) => new(
        id, "port-" + id, ["127.0.0.1"], [BalancerSpecs.Listener("web", "HTTP", Port, "pool")], [BalancerSpecs.Pool("pool", "HTTP", BalancerSpecs.Member("m", 9))]);
}

public sealed class SimulatedBalancersTests : BalancersContract
{
    private readonly SimulatedMachine world = new();

    public SimulatedBalancersTests()
    {
        foreach (var id in new[] { "port-lb-1", "port-lb-2" }) world.Ports[id] = new PortSpec(id, "n", "d", "fa:16:3e:00:00:01", [], true, true, [], [],
            "lb")
        { Held = true };
    }

    protected override IBalancers Driver => field ??= new SimulatedBalancers(world);

    protected override int Port => 80;
}
