using System.Net;
using System.Text;
using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;
using Sovereign.Node.Moving;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>Guests that go from one agent to another while they run: two whole agents on this machine, whose doors are real.</summary>
public sealed class GuestMoves(ITestOutputHelper output)
{
    private static readonly string key = new('a', 64);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guest_goes_over_with_its_disks_and_runs_in_one_place_at_a_time()
    {
        await using RealCloud here = new(), there = new();
        var domain = await Running(here, there);
        var coming = domain with { Arrival = new ArrivalSpec("m1", key) };
        there.Control.Set(coming);
        there.Start();
        output.WriteLine($"ready to take it in: {(await there.Until(ItemKinds.Domain, domain.Id, ItemState.Arriving)).TotalMilliseconds:0} ms");
        here.Control.Set(new DepartureSpec("m1", domain.Id, Door(there, domain), key));
        output.WriteLine($"left: {(await here.Until(ItemKinds.Departure, "m1", ItemState.Departed)).TotalMilliseconds:0} ms");

        // Either agent may die now: nothing runs before it is said whose the guest is.
        await here.StopAgent();
        await there.StopAgent();
        here.Control.Observed.Clear();
        there.Control.Observed.Clear();
        here.Start();
        there.Start();
        await here.Until(ItemKinds.Departure, "m1", ItemState.Departed);
        await here.Until(ItemKinds.Domain, domain.Id, ItemState.Departed);
        await there.Until(ItemKinds.Domain, domain.Id, ItemState.Arriving);

        there.Control.Set(coming with { Arrival = coming.Arrival! with { Here = true } });
        here.Control.Remove(ItemKinds.Departure, "m1");
        here.Control.Remove(ItemKinds.Domain, domain.Id);
        output.WriteLine($"taken: {(await there.Until(ItemKinds.Domain, domain.Id, ItemState.Running)).TotalMilliseconds:0} ms");
        await here.Until(ItemKinds.Domain, domain.Id, ItemState.Absent);
        Assert.False(Directory.Exists(Path.Combine(here.Options.StateDir, "disks", domain.Id)));
        there.Control.Set(domain with { Power = PowerTarget.Shutoff });
        await there.Until(ItemKinds.Domain, domain.Id, ItemState.Shutoff);
        Assert.Equal(0x4d, await ByteAt(there, domain, "root.qcow2", 4 << 20));
        Assert.Equal(0x4e, (await File.ReadAllBytesAsync(Path.Combine(there.Options.StateDir, "disks", domain.Id, "swap.raw"), Stop))[1 << 20]);
    }

    [Fact]
    public async Task A_guest_that_left_and_is_to_stay_goes_on_where_it_was()
    {
        await using RealCloud here = new(), there = new();
        var domain = await Running(here, there);
        there.Control.Set(domain with { Arrival = new ArrivalSpec("m1", key) });
        there.Start();
        await there.Until(ItemKinds.Domain, domain.Id, ItemState.Arriving);
        var departure = new DepartureSpec("m1", domain.Id, Door(there, domain), new string('b', 64));
        here.Control.Set(departure);
        await here.Until(ItemKinds.Departure, "m1", ItemState.Error);
        Assert.Contains("refused", here.Control.Observed["departure/m1"].Message, StringComparison.Ordinal);
        here.Control.Remove(ItemKinds.Departure, "m1");
        await here.Until(ItemKinds.Departure, "m1", ItemState.Absent);
        here.Control.Set(departure with { Id = "m2", Key = key });
        await here.Until(ItemKinds.Departure, "m2", ItemState.Departed);
        here.Control.Set(departure with { Id = "m2", Key = key, Stay = true });
        await here.Until(ItemKinds.Departure, "m2", ItemState.Present);
        there.Control.Remove(ItemKinds.Domain, domain.Id);
        here.Control.Remove(ItemKinds.Departure, "m2");
        await here.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        await there.Until(ItemKinds.Domain, domain.Id, ItemState.Absent);
        Assert.False(Directory.Exists(Path.Combine(there.Options.StateDir, "disks", domain.Id)));
    }

    [Fact]
    public async Task A_door_opens_to_its_key_alone_and_shows_the_certificate_that_was_told()
    {
        await using var doors = new TlsDoors(IPAddress.Loopback, TimeProvider.System);
        var (near, far) = (new MemoryStream(Encoding.ASCII.GetBytes("from inside")), new ArrivalSpec("m1", key));
        var door = await doors.Open(far, (_, _) => Task.FromResult<Stream>(near), Stop);
        Assert.Equal(door, await doors.Open(far, (_, _) => throw new InvalidOperationException("It is open."), Stop));
        Assert.Equal(door, DoorSpec.Parse(door.Text));
        await Assert.ThrowsAsync<NodeException>(() => doors.Enter(door, new string('b', 64), MoveWays.Memory, Stop));
        await Assert.ThrowsAsync<NodeException>(() => doors.Enter(door with { Certificate = new string('0', 64) }, key, MoveWays.Memory, Stop));
        await using (var way = await doors.Enter(door, key, MoveWays.Disks, Stop))
        {
            using var text = new StreamReader(way);
            Assert.Equal("from inside", await text.ReadToEndAsync(Stop));
        }

        await doors.Close("m1");
        await doors.Close("m1");
        await Assert.ThrowsAsync<NodeException>(() => doors.Enter(door, key, MoveWays.Memory, Stop));
    }

    private static DoorSpec Door(RealCloud there, DomainSpec domain) => DoorSpec.Parse(there.Control.Observed["domain/" + domain.Id].Message)!;

    /// <summary>A guest without an operating system whose disks have something on them.</summary>
    private static async Task<DomainSpec> Running(RealCloud here, RealCloud there)
    {
        var image = new byte[1024 * 1024];
        var digest = here.AddImage(image);
        there.AddImage(image);
        var domain = RealCloud.Domain(digest, "raw", image.Length, []) with
        {
            ShutdownSeconds = 0,
            Blanks = [new BlankDiskSpec("swap", 4 << 20)],
            Power = PowerTarget.Shutoff,
        };
        here.Control.Set(domain with { Power = PowerTarget.Running });
        here.Start();
        await here.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        here.Control.Set(domain);
        await here.Until(ItemKinds.Domain, domain.Id, ItemState.Shutoff);
        var disks = Path.Combine(here.Options.StateDir, "disks", domain.Id);
        await here.Runner.Must("qemu-io", ["-f", "qcow2", "-c", "write -P 77 4M 1M", Path.Combine(disks, "root.qcow2")], Stop);
        await here.Runner.Must("qemu-io", ["-f", "raw", "-c", "write -P 78 1M 1M", Path.Combine(disks, "swap.raw")], Stop);
        domain = domain with { Power = PowerTarget.Running };
        here.Control.Set(domain);
        await here.Until(ItemKinds.Domain, domain.Id, ItemState.Running);
        return domain;
    }

    private static async Task<int> ByteAt(RealCloud cloud, DomainSpec domain, string disk, int at)
    {
        var (path, raw) = (Path.Combine(cloud.Options.StateDir, "disks", domain.Id, disk), Path.Combine(cloud.Options.StateDir, "raw"));
        await cloud.Runner.Must("qemu-img", ["convert", "-f", "qcow2", "-O", "raw", path, raw], Stop);
        return (await File.ReadAllBytesAsync(raw, Stop))[at];
    }
}
