using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;
using Sovereign.Node.Tests.Fabric;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>What two hypervisor drivers must do with a domain that goes from one to the other.</summary>
public abstract class MovesContract : IAsyncLifetime
{
    protected abstract IHypervisor From { get; }

    protected abstract IHypervisor To { get; }

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    protected abstract Task<DomainDisks> Disk(DomainSpec domain, bool there);

    protected DomainSpec Domain { get; } = RealCloud.Domain("d", "raw", 1, []) with { RebootCount = 2 };

    private DomainSpec Coming => Domain with { Arrival = new ArrivalSpec("migration-1", new string('a', 64)) };

    public ValueTask InitializeAsync() => Prepare();

    public async ValueTask DisposeAsync()
    {
        await Clean();
        GC.SuppressFinalize(this);
    }

    protected virtual ValueTask Prepare() => ValueTask.CompletedTask;

    protected virtual ValueTask Clean() => ValueTask.CompletedTask;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_domain_leaves_and_goes_on_at_the_other_node_when_that_is_told_to(bool standing)
    {
        await Both();
        if (standing) await From.Pause(Domain.Id, Stop);
        await From.Leave(Domain, Order, Stop);
        Assert.Equal(new DomainSight(Domain.Id, DomainPower.Departed, 2), (await From.Look(Domain.Id, Stop)) with { Migration = null });
        Assert.Equal(new DomainSight(Domain.Id, DomainPower.Arriving, 2) { Migration = "migration-1" }, await To.Look(Domain.Id, Stop));
        await From.Unpause(Domain.Id, Stop);
        Assert.Equal(DomainPower.Departed, (await From.Look(Domain.Id, Stop)).Power);
        var spec = Coming with { Power = standing ? PowerTarget.Paused : PowerTarget.Running };
        for (var round = 0; round < 2; round++) await To.Take(spec, Stop);
        Assert.Equal(standing ? DomainPower.Paused : DomainPower.Running, (await To.Look(Domain.Id, Stop)).Power);
        await From.Kill(Domain.Id, Stop);
        await From.Remove(Domain.Id, Stop);
        Assert.Equal(DomainPower.Absent, (await From.Look(Domain.Id, Stop)).Power);
        await To.Unpause(Domain.Id, Stop);
        await To.Suspend(Domain.Id, Stop);
        await To.Start(Domain, await Disk(Domain, there: true), Stop);
        Assert.Equal(DomainPower.Running, (await To.Look(Domain.Id, Stop)).Power);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_domain_that_left_and_is_to_stay_goes_on_where_it_was(bool standing)
    {
        await Both();
        if (standing) await From.Pause(Domain.Id, Stop);
        await From.Leave(Domain, Order, Stop);
        await To.Kill(Domain.Id, Stop);
        for (var round = 0; round < 2; round++) await From.Stay(Domain with { Power = standing ? PowerTarget.Paused : PowerTarget.Running }, Stop);
        Assert.Equal(standing ? DomainPower.Paused : DomainPower.Running, (await From.Look(Domain.Id, Stop)).Power);
        await From.Suspend(Domain.Id, Stop);
        await From.Start(Domain, await Disk(Domain, there: false), Stop);
        Assert.Equal(DomainPower.Running, (await From.Look(Domain.Id, Stop)).Power);
    }

    [Fact]
    public async Task A_domain_whose_way_is_closed_goes_on_and_can_leave_afterwards()
    {
        await Both();
        var closed = Order with { Enter = (_, _) => throw new NodeException("The door is closed.") };
        var refused = await Assert.ThrowsAsync<NodeException>(() => From.Leave(Domain, closed, Stop));
        Assert.Contains("The door is closed.", refused.Message, StringComparison.Ordinal);
        Assert.Equal(DomainPower.Running, (await From.Look(Domain.Id, Stop)).Power);
        using var given = new CancellationTokenSource();
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => From.Leave(Domain, Order, given.Token));
        Assert.Equal(DomainPower.Running, (await From.Look(Domain.Id, Stop)).Power);
        await From.Leave(Domain, Order, Stop);
        Assert.Equal(DomainPower.Departed, (await From.Look(Domain.Id, Stop)).Power);
    }

    [Fact]
    public async Task A_process_that_waited_and_ended_is_not_made_again()
    {
        await Both();
        await To.Receive(Coming, await Disk(Domain, there: true), Stop);
        await To.Kill(Domain.Id, Stop);
        await Assert.ThrowsAsync<NodeException>(async () => await To.Receive(Coming, await Disk(Domain, there: true), Stop));
    }

    private MoveOrder Order => new((way, stop) => To.OpenArrival(Domain.Id, way, stop), new TaskCompletionSource().Task);

    private async Task Both()
    {
        await From.Start(Domain, await Disk(Domain, there: false), Stop);
        for (var round = 0; round < 2; round++) await To.Receive(Coming, await Disk(Domain, there: true), Stop);
    }
}

public sealed class SimulatedMovesTests : MovesContract
{
    private readonly SimulatedMachine here = new(), there = new();

    protected override IHypervisor From => new SimulatedHypervisor(here);

    protected override IHypervisor To => new SimulatedHypervisor(there);

    protected override Task<DomainDisks> Disk(DomainSpec domain, bool there)
    {
        (there ? this.there : here).Disks[domain.Id] = "d";
        return Task.FromResult(new DomainDisks("d", null, []));
    }
}

public sealed class QemuMovesTests : MovesContract
{
    private readonly PacketWorld here = new(), there = new();
    private QemuHypervisor? from, to;

    protected override IHypervisor From => from!;

    protected override IHypervisor To => to!;

    protected override async ValueTask Prepare() => (from, to) = (await Made(here), await Made(there));

    private static async Task<QemuHypervisor> Made(PacketWorld world)
    {
        await world.InitializeAsync();
        var driver = new QemuHypervisor(new QemuOptions(world.Options.Cloud, world.Options.Node, world.Options.StateDir, world.Names.Switch, null),
            world.Runner, TimeProvider.System);
        await driver.Probe(Stop);
        return driver;
    }

    protected override async ValueTask Clean()
    {
        foreach (var (driver, world) in new[] { (from!, here), (to!, there) })
        {
            await driver.Destroy(CancellationToken.None);
            driver.Dispose();
            await world.DisposeAsync();
        }
    }

    protected override async Task<DomainDisks> Disk(DomainSpec domain, bool there)
    {
        var world = there ? this.there : here;
        var (image, path) = (Path.Combine(world.Options.StateDir, "image"), Path.Combine(world.Options.StateDir, "disk.qcow2"));
        if (File.Exists(path)) return new DomainDisks(path, null, []);
        await File.WriteAllBytesAsync(image, new byte[1 << 20], Stop);
        await world.Runner.Must("qemu-img", ["create", "-q", "-f", "qcow2", "-b", image, "-F", "raw", path, "8M"], Stop);
        if (!there) await world.Runner.Must("qemu-io", ["-f", "qcow2", "-c", "write -P 77 2M 1M", path], Stop);
        return new DomainDisks(path, null, []);
    }
}
