using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Tests.Fabric;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>The real agent on a machine in memory, under one deterministic loop.</summary>
public sealed partial class AgentInSimulation : IDisposable
{
    private static readonly TimeSpan while_ = TimeSpan.FromMinutes(10);
    private readonly AgentLoop loop = new();
    private readonly SimulatedMachine world = new();
    private readonly ScriptedControlPlane control = new();
    private readonly NetworkSpec network = PacketWorld.Network(dhcp: true);
    private readonly GroupSpec group = PacketWorld.Group();
    private readonly PortSpec port;
    private readonly DomainSpec domain;
    private readonly RouterSpec router;
    private readonly BalancerSpec balancer = new("lb-1", "port-lb", ["10.0.0.9"], [], []);
    private readonly VolumeSpec volume = new("volume-1", "p", "files", 1 << 20) { Source = new VolumeSourceSpec { Image = new VolumeImageSpec("d1", "qcow2", 3) } };
    private readonly VolumeSpec clone = new("volume-2", "p", "files", 1 << 20) { Source = new VolumeSourceSpec { VolumeId = "volume-1" } };
    private readonly VolumeSnapshotSpec kept = new("snap-1", "volume-1", true);
    private readonly VolumeContentSpec content = new("content-1", null, "snap-1", null, "raw");

    public AgentInSimulation()
    {
        control.Images["d1"] = [1, 2, 3];
        port = new PortSpec("port-1", network.Id, "", "fa:16:3e:00:00:01", [new AddressSpec("s", "10.0.0.5")], true, true, [group.Id], [],
            "guest");
        domain = RealCloud.Domain("d1", "raw", 3, [new NicSpec(port.Id, port.Mac, 1450)]) with
        {
            Id = "domain-1",
            Volumes = [new VolumeDiskSpec("a", volume.Id, "/dev/vdb", "virtio", false, null)],
        };
        port = port with { DomainId = domain.Id };
        router = new RouterSpec("router-1", true, null, [new RouterInterfaceSpec("leg-1", network.Id, "fa:16:3e:00:00:02",
            ["10.0.0.1/24"])], [], []);
    }

    public void Dispose() => running.Dispose();

    [Fact]
    public void Everything_is_made_in_order_and_removed_in_reverse()
    {
        SetAll();
        Run();
        Until(AllThere);
        LiveOn();
        RemoveAll();
        Until(NothingLeft);
    }

    [Fact]
    public void A_crash_before_or_after_any_effect_is_made_good_by_the_next_run()
    {
        var points = CountEffects();
        Assert.True(points > 30, $"only {points} crash points");
        for (var point = 0; point < points; point++)
        {
            using var again = new AgentInSimulation();
            again.CrashAt(point);
        }
    }

    [Fact]
    public void One_failing_item_does_not_hold_up_others_and_is_tried_again()
    {
        SetAll();
        var failing = domain with { Id = "domain-2", Nics = [], Volumes = [] };
        control.Set(failing);
        var starts = 0;
        world.Hook = name => name == "hypervisor.start:before" && starts++ == 0
            ? throw new IOException("The disk is full; free some space.") : Task.CompletedTask;
        Run();
        Until(() => control.Observed.Values.Any(o => o.State == ItemState.Error));
        Assert.Contains("free some space", control.Observed.Values.Single(o => o.State == ItemState.Error).Message,
            StringComparison.Ordinal);
        Until(() => control.StateOf(ItemKinds.Domain, "domain-1") == ItemState.Running && control.StateOf(ItemKinds.Domain,
            "domain-2") == ItemState.Running);
    }

    [Fact]
    public void An_image_whose_control_plane_is_away_is_waited_for_and_is_no_fault_of_the_domain()
    {
        control.ImageFault = new ControlPlaneAwayException("The control plane is away.");
        SetAll();
        Run();
        loop.RunUntil(() => false, TimeSpan.FromSeconds(30));
        Assert.DoesNotContain(control.Observed.Values, report => report.State == ItemState.Error);
        control.ImageFault = null;
        Until(AllThere);
    }

    [Fact]
    public void A_root_disk_that_vanished_is_never_replaced_by_an_empty_one()
    {
        SetAll();
        Run();
        Until(AllThere);
        control.Set(domain with { Power = PowerTarget.Shutoff });
        Until(() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Shutoff);
        world.Disks.Remove(domain.Id, out var disk);
        control.Set(domain);
        Until(() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Error);
        Assert.Contains("root disk of domain-1 is gone", control.Observed["domain/" + domain.Id].Message, StringComparison.Ordinal);
        world.Disks[domain.Id] = disk!;
        Until(() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Running);
        RemoveAll();
        Until(NothingLeft);
    }

    [Fact]
    public void A_guest_that_powers_off_or_dies_is_told_at_once_and_stays_off_until_a_newer_wish()
    {
        SetAll();
        Run();
        Until(AllThere);
        var before = loop.Clock.GetUtcNow();
        loop.Start(() => { world.EndByItself(domain.Id, DomainPower.Halted); return Task.CompletedTask; });
        loop.Drain();
        Assert.Equal(ItemState.Shutoff, control.StateOf(ItemKinds.Domain, domain.Id));
        Assert.Equal(before, loop.Clock.GetUtcNow());
        loop.RunUntil(() => false, TimeSpan.FromHours(1));
        Assert.Equal(1, world.Domains[domain.Id].Starts);
        control.Set(domain);
        Until(() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Running);
        loop.Start(() => { world.EndByItself(domain.Id, DomainPower.Crashed); return Task.CompletedTask; });
        Until(() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Crashed);
    }

    [Fact]
    public void A_soft_stop_waits_and_then_cuts_the_power_while_others_are_served()
    {
        SetAll();
        world.GuestsIgnoreTheButton = true;
        Run();
        Until(AllThere);
        control.Set(domain with { Power = PowerTarget.Shutoff, ShutdownSeconds = 60 });
        var asked = loop.Clock.GetUtcNow();
        control.Set(domain with { Id = "domain-2", Nics = [], Volumes = [] });
        Until(() => control.StateOf(ItemKinds.Domain, "domain-2") == ItemState.Running);
        Assert.True(loop.Clock.GetUtcNow() - asked < TimeSpan.FromSeconds(5));
        Until(() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Shutoff);
        Assert.True(loop.Clock.GetUtcNow() - asked >= TimeSpan.FromSeconds(60));
        control.Set(domain);
        Until(() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Running);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reboot_is_done_once(bool hard)
    {
        SetAll();
        Run();
        Until(AllThere);
        control.Set(domain with { RebootCount = 1, RebootHard = hard });
        Until(() => control.Observed["domain/" + domain.Id].RebootCount == 1);
        loop.RunUntil(() => false, TimeSpan.FromMinutes(5));
        Assert.Equal(2, world.Domains[domain.Id].Starts);
    }

    [Fact]
    public void Everything_keeps_running_while_the_control_plane_is_away_and_all_is_told_when_it_is_back()
    {
        SetAll();
        Run();
        Until(AllThere);
        loop.Start(() =>
        {
            control.Away = true; control.Wake(); world.EndByItself(domain.Id,
            DomainPower.Crashed); return Task.CompletedTask;
        });
        loop.RunUntil(() => false, TimeSpan.FromMinutes(5));
        Assert.Equal(2, world.Ports.Count);
        control.Away = false;
        control.Reports.Clear();
        Until(() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Crashed && control.Reports.Any(r => r.Complete));
        Assert.Equal(8, control.Reports.Last(r => r.Complete).Items.Count);
    }

    [Fact]
    public void A_machine_that_rebooted_gets_everything_again_without_the_control_plane()
    {
        SetAll();
        Run();
        Until(AllThere);
        loop.Start(StopAgent);
        loop.Drain();
        world.Reboot();
        control.Away = true;
        Run();
        Until(() => world.Domains[domain.Id].Power == DomainPower.Running && world.Routers.Count == 1);
    }

    [Fact]
    public void A_machine_that_joined_starts_no_guest_before_the_control_plane_spoke()
    {
        SetAll();
        Run();
        Until(AllThere);
        loop.Start(StopAgent);
        loop.Drain();
        world.Reboot();
        control.Away = true;
        Run(startsAlone: false);
        Assert.False(loop.RunUntil(() => world.Domains[domain.Id].Power == DomainPower.Running, TimeSpan.FromMinutes(5)));
        Assert.Single(world.Networks);
        control.Away = false;
        Until(() => world.Domains[domain.Id].Power == DomainPower.Running);
    }

    [Fact]
    public void What_the_journal_forgot_is_removed_but_what_another_incarnation_or_nobody_named_is_set_aside()
    {
        SetAll();
        control.Set(domain with { Id = "domain-2", Nics = [], Volumes = [] });
        control.Set(domain with { Id = "domain-3", Nics = [], Volumes = [] });
        Run();
        Until(() => AllThere() && world.Domains.Count == 3);
        loop.Start(StopAgent);
        loop.Drain();
        control.Unknow(ItemKinds.Domain, "domain-2");
        world.Ports["stranger"] = port with { Id = "stranger" };
        Run();
        Until(() => !world.Domains.ContainsKey("domain-2") && control.Foreign.Contains("port/stranger"));
        Assert.True(world.Ports.ContainsKey("stranger"));
        control.Incarnation = "restored";
        control.Unknow(ItemKinds.Domain, "domain-3");
        control.Set(domain with { Name = "wakes the agent" });
        Until(() => control.Foreign.Contains("domain/domain-3"));
        Assert.Equal(DomainPower.Running, world.Domains["domain-3"].Power);
        control.Remove(ItemKinds.Domain, "domain-3");
        Until(() => !world.Domains.ContainsKey("domain-3"));
    }

    [Fact]
    public void A_console_is_answered_with_its_tail()
    {
        SetAll();
        Run();
        Until(AllThere);
        world.Domains[domain.Id].Console = "hello\nlogin: "u8.ToArray();
        control.Ask(new NodeRequest("ticket", "console", domain.Id, 7));
        Until(() => control.Answers.ContainsKey("ticket"));
        Assert.Equal("login: "u8.ToArray(), control.Answers["ticket"]);
    }

    private CancellationTokenSource running = new();

    private void Run(bool startsAlone = true)
    {
        running = new CancellationTokenSource();
        var agent = loop.Agent(world, control, startsAlone: startsAlone);
        var stop = running.Token;
        loop.Start(() => agent.Run(AgentLoop.Facts, stop));
    }

    private Task StopAgent() => running.CancelAsync();

    private void Until(Func<bool> condition) => Assert.True(loop.RunUntil(condition, while_), "It did not come to rest: "
        + string.Join("; ", control.Observed.Values.Select(o => $"{o.Kind} {o.State} {o.Message}")));

    private void SetAll()
    {
        // In the wrong order on purpose: the agent finds the right one.
        control.Set(new ManifestItem(ItemKinds.Balancer, balancer.Id, 0) { Balancer = balancer });
        control.Set(port with { Id = balancer.PortId, DomainId = "", Held = true });
        control.Set(domain);
        control.Set(volume);
        control.Set(router);
        control.Set(port);
        control.Set(group);
        control.Set(network);
    }

    private void RemoveAll()
    {
        control.Remove(ItemKinds.Network, network.Id);
        control.Remove(ItemKinds.Group, group.Id);
        control.Remove(ItemKinds.Port, port.Id);
        control.Remove(ItemKinds.Port, balancer.PortId);
        control.Remove(ItemKinds.Balancer, balancer.Id);
        control.Remove(ItemKinds.Router, router.Id);
        control.Remove(ItemKinds.Volume, volume.Id);
        control.Remove(ItemKinds.Volume, clone.Id);
        control.Remove(ItemKinds.VolumeSnapshot, kept.Id);
        control.Remove(ItemKinds.VolumeContent, content.Id);
        control.Remove(ItemKinds.Domain, domain.Id);
    }

    /// <summary>Pause, sleep without a NIC's port being lost, wake, and a reboot on a copy of the disk.</summary>
    private void LiveOn()
    {
        var copied = domain with { RebootCount = 1, RebootHard = true, Root = domain.Root! with { Generation = 1, CopyOf = 0 } };
        Reach(domain with { Power = PowerTarget.Paused }, ItemState.Paused);
        Reach(domain with { Power = PowerTarget.Suspended }, ItemState.Suspended);
        Reach(domain with { Nics = [] }, ItemState.Running);
        Assert.Equal((1, 0), (world.Domains[domain.Id].Starts, world.Domains[domain.Id].Nics.Count));
        Reach(copied, ItemState.Running);
        Assert.Equal(2, world.Generations[domain.Id].Count);
        Reach(copied with { Root = copied.Root! with { CopyOf = null } }, ItemState.Running);
        Assert.Equal([1], world.Generations[domain.Id]);
        SwapOn(copied with { Root = copied.Root! with { CopyOf = null } });
        control.Set(kept);
        control.Set(clone);
        control.Set(content);
        control.Set(volume with { SizeBytes = 2 << 20 });
        bool Made() => control.StateOf(ItemKinds.VolumeContent, content.Id) == ItemState.Present && control.StateOf(ItemKinds.Volume, clone.Id) == ItemState.Present
            && world.Volumes[volume.Id].Spec.SizeBytes == 2 << 20;
        if (!loop.RunUntil(Made, TimeSpan.FromMinutes(1))) Run();
        Until(Made);
        // What a domain writes to is what the next one would open.
        Assert.Equal(world.Volumes[volume.Id].Number, world.Domains[domain.Id].Volumes[volume.Id]);
        Assert.Equal([(volume.Id, kept.Id)], world.VolumeSnapshots.Keys);
        Assert.Equal(SmallImages.Qcow2, control.Contents[content.Id][..SmallImages.Qcow2.Length]);
        Reach(copied with { Root = copied.Root! with { CopyOf = null }, Volumes = [] }, ItemState.Running);
        Assert.Empty(world.Domains[domain.Id].Volumes);
    }

    /// <summary>As <see cref="Until"/>, with a new agent when the one before died.</summary>
    private void Rest(Func<bool> condition)
    {
        if (!loop.RunUntil(condition, TimeSpan.FromMinutes(1))) Run();
        Until(condition);
    }

    private void Reach(DomainSpec wanted, ItemState state)
    {
        control.Set(wanted);
        bool Reached() => control.Observed["domain/" + domain.Id] is { } seen && seen.State == state && seen.RebootCount == wanted.RebootCount
            && seen.Version == control.Items.Single(item => item.Id == domain.Id).Version;
        if (!loop.RunUntil(Reached, TimeSpan.FromMinutes(1))) Run();
        Until(Reached);
    }

    private bool AllThere() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Running && control.StateOf(ItemKinds.Router,
        router.Id) == ItemState.Present
        && control.StateOf(ItemKinds.Balancer, balancer.Id) == ItemState.Present && world.Balancers.Count == 1 && world.Ports.Count > 1
            && world.Domains[domain.Id].Power == DomainPower.Running;

    private bool NothingLeft() => control.Items.Count == 0
        && world.Networks.Count + world.Groups.Count + world.Ports.Count + world.Routers.Count + world.Balancers.Count
        + world.Domains.Count + world.Disks.Count + world.Volumes.Count + world.VolumeSnapshots.Count + world.Stored.Count == 0;

    private static int CountEffects()
    {
        using var counted = new AgentInSimulation();
        var effects = 0;
        counted.world.Hook = _ => { effects++; return Task.CompletedTask; };
        counted.Everything_is_made_in_order_and_removed_in_reverse();
        return effects;
    }

    private void CrashAt(int point)
    {
        var (effects, crashes) = (0, 0);
        world.Hook = _ =>
        {
            if (effects++ != point) return Task.CompletedTask;
            crashes++;
            running.Cancel();
            return Task.FromCanceled(running.Token);
        };
        SetAll();
        Run();
        if (!loop.RunUntil(AllThere, TimeSpan.FromMinutes(1))) Run();
        Until(AllThere);
        LiveOn();
        RemoveAll();
        if (!loop.RunUntil(NothingLeft, TimeSpan.FromMinutes(1))) Run();
        Until(NothingLeft);
        Assert.Equal(1, crashes);
    }
}
