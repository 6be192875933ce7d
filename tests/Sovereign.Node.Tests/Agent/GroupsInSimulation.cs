using Sovereign.Node.Contract;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>Snapshots of several volumes at one moment, on the agent's simulated machine.</summary>
public sealed partial class AgentInSimulation
{
    private const int GroupWaysMin = 8;

    [Fact]
    public void Snapshots_of_a_group_are_of_one_moment_wherever_their_taking_fails()
    {
        var effects = 0;
        using (var counting = new AgentInSimulation()) effects = counting.TakeGroup(-1);
        Assert.True(effects >= GroupWaysMin, $"only {effects} effects");
        for (var failing = 0; failing < effects; failing++)
        {
            using var again = new AgentInSimulation();
            again.TakeGroup(failing);
        }
    }

    /// <summary>The guest writes a number, one higher each time, to both volumes whenever anything happens while it is not at rest.</summary>
    /// <param name="failing">Which of the effects fails; -1: none.</param>
    /// <returns>How many effects there were.</returns>
    private int TakeGroup(int failing)
    {
        var other = volume with { Id = "volume-other" };
        SetAll();
        control.Set(other);
        control.Set(domain with { Volumes = [.. domain.Volumes, new VolumeDiskSpec("b", other.Id, "/dev/vdc", "virtio", false, null)] });
        Run();
        Until(() => control.StateOf(ItemKinds.Domain, domain.Id) == ItemState.Running && world.Domains[domain.Id].Volumes.Count == 2);
        var (effects, written) = (0, (byte)0);
        world.Hook = name =>
        {
            if (world.Resting.Count == 0)
            {
                written++;
                foreach (var id in new[] { volume.Id, other.Id }) world.Volumes[id].Bytes[0] = written;
            }
            return effects++ == failing ? throw new IOException("It failed: " + name) : Task.CompletedTask;
        };
        var together = new Dictionary<string, string> { ["group-a"] = volume.Id, ["group-b"] = other.Id };
        foreach (var (id, of) in together) control.Set(new VolumeSnapshotSpec(id, of, true) { Together = together });
        Until(() => together.Keys.All(id => control.StateOf(ItemKinds.VolumeSnapshot, id) == ItemState.Present));
        var (first, second) = (world.VolumeSnapshots[(volume.Id, "group-a")], world.VolumeSnapshots[(other.Id, "group-b")]);
        Assert.True(first[0] == second[0], $"failing at {failing}: one is of the moment {first[0]}, the other of {second[0]}");
        Assert.Equal(world.Volumes[volume.Id].Number, world.Domains[domain.Id].Volumes[volume.Id]);
        Assert.Equal(world.Volumes[other.Id].Number, world.Domains[domain.Id].Volumes[other.Id]);
        var taken = effects;
        world.Hook = _ => Task.CompletedTask;
        foreach (var id in together.Keys) control.Remove(ItemKinds.VolumeSnapshot, id);
        Until(() => !world.VolumeSnapshots.Keys.Any(key => together.ContainsKey(key.Id)));
        return taken;
    }
}
