using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>Volumes of the agent's simulated machine.</summary>
public sealed partial class AgentInSimulation
{
    [Fact]
    public void A_volume_that_a_guest_keeps_is_asked_for_again_and_said_to_be_kept_and_is_not_removed_under_it()
    {
        SetAll();
        Run();
        Until(AllThere);
        world.GuestsKeepVolumes = true;
        control.Set(domain with { Volumes = [] });
        control.Remove(ItemKinds.Volume, volume.Id);
        Until(() => control.Observed["domain/" + domain.Id].Message is not null);
        var seen = control.Observed["domain/" + domain.Id];
        Assert.Equal(ItemState.Running, seen.State);
        Assert.True(seen.Version < control.Items.Single(item => item.Id == domain.Id).Version);
        Assert.Contains("has not let the volume volume-1 go", seen.Message, StringComparison.Ordinal);
        Assert.True(world.Volumes.ContainsKey(volume.Id));
        world.GuestsKeepVolumes = false;
        Until(() => !world.Volumes.ContainsKey(volume.Id) && control.Observed["domain/" + domain.Id].Message is null);
    }

    [Fact]
    public void A_volume_of_a_guest_that_is_off_is_not_swapped_and_not_tried_again()
    {
        SetAll();
        Run();
        Until(AllThere);
        control.Set(volume with { Id = "volume-other" });
        world.EndByItself(domain.Id, DomainPower.Halted);
        var swap = new VolumeSwapSpec("swap", domain.Id, volume.Id, "volume-other");
        control.Set(swap);
        Until(() => control.StateOf(ItemKinds.VolumeSwap, swap.Id) == ItemState.Error);
        control.Set(domain with { Power = PowerTarget.Running, RebootCount = 1 });
        Until(() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Running && world.Domains[domain.Id].Boots == 1);
        Assert.Equal([volume.Id], world.Domains[domain.Id].Volumes.Keys);
        Assert.Equal(ItemState.Error, control.StateOf(ItemKinds.VolumeSwap, swap.Id));
        control.Remove(ItemKinds.VolumeSwap, swap.Id);
        Until(() => control.Items.All(item => item.Kind != ItemKinds.VolumeSwap));
    }

    [Fact]
    public void A_volume_that_another_node_keeps_is_neither_made_nor_removed_here()
    {
        var kept = volume with { KeptElsewhere = true, Source = null };
        control.Set(kept);
        control.Set(volume with { Id = "volume-other", Source = null });
        Run();
        Until(() => control.StateOf(ItemKinds.Volume, "volume-other") == ItemState.Present);
        Assert.False(world.Volumes.ContainsKey(kept.Id));
        world.Volumes[kept.Id] = new SimulatedVolume(kept, 1, []);
        Until(() => control.StateOf(ItemKinds.Volume, kept.Id) == ItemState.Present);
        control.Remove(ItemKinds.Volume, kept.Id);
        control.Remove(ItemKinds.Volume, "volume-other");
        Until(() => control.Items.All(item => item.Kind != ItemKinds.Volume));
        Assert.Equal([kept.Id], world.Volumes.Keys);
    }

    /// <summary>The domain goes on with another volume, and back.</summary>
    private void SwapOn(DomainSpec wanted)
    {
        var other = volume with { Id = "volume-other" };
        control.Set(other);
        foreach (var (from, to) in new[] { (volume.Id, other.Id), (other.Id, volume.Id) })
        {
            var swap = new VolumeSwapSpec("swap-to-" + to, domain.Id, from, to);
            control.Set(swap);
            Rest(() => control.StateOf(ItemKinds.VolumeSwap, swap.Id) == ItemState.Present);
            // The control plane may take its time to say so: the domain has the new one meanwhile.
            Assert.Equal([to], world.Domains[domain.Id].Volumes.Keys);
            control.Remove(ItemKinds.VolumeSwap, swap.Id);
            Reach(wanted with { Volumes = [.. wanted.Volumes.Select(disk => disk with { VolumeId = to })] }, ItemState.Running);
            Rest(() => control.Items.All(item => item.Kind != ItemKinds.VolumeSwap));
            Assert.Equal([to], world.Domains[domain.Id].Volumes.Keys);
        }

        control.Remove(ItemKinds.Volume, other.Id);
        Rest(() => !world.Volumes.ContainsKey(other.Id));
    }
}
