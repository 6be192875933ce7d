using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;

namespace Sovereign.Testing.Simulated;

/// <summary>A machine in memory. It outlives the agent: what the drivers made is still there after a crash.</summary>
public sealed class SimulatedMachine
{
    public Dictionary<string, NetworkSpec> Networks { get; } = [];

    public Dictionary<string, GroupSpec> Groups { get; } = [];

    public Dictionary<string, PortSpec> Ports { get; } = [];

    public Dictionary<string, RouterSpec> Routers { get; } = [];

    public Dictionary<string, BalancerSpec> Balancers { get; } = [];

    /// <summary>Addresses of members that do not answer.</summary>
    public HashSet<string> DeadMembers { get; } = [];

    /// <summary>Told when a balancer changed by itself.</summary>
    public Action<string>? BalancerChanged { get; set; }

    public Dictionary<string, SimulatedDomain> Domains { get; } = [];

    public HashSet<string> Images { get; } = [];

    /// <summary>Domain to image digest.</summary>
    public Dictionary<string, string> Disks { get; } = [];

    /// <summary>Generations of root disks that are there, by domain.</summary>
    public Dictionary<string, HashSet<int>> Generations { get; } = [];

    /// <summary>Snapshots of disks that are there; true: whole.</summary>
    public Dictionary<string, bool> Snapshots { get; } = [];

    /// <summary>Sizes of the disks that they copy, bytes; 0: the image's.</summary>
    public Dictionary<string, long> CopyBytes { get; } = [];

    /// <summary>Domains whose disk came from another node.</summary>
    public HashSet<string> Carried { get; } = [];

    /// <summary>Domains that have a disk to be mended by.</summary>
    public HashSet<string> Rescues { get; } = [];

    public Dictionary<string, SimulatedVolume> Volumes { get; } = [];

    /// <summary>What volumes were when a snapshot was made.</summary>
    public Dictionary<(string Volume, string Id), byte[]> VolumeSnapshots { get; } = [];

    /// <summary>Domains whose file systems are at rest: they write nothing.</summary>
    public HashSet<string> Resting { get; } = [];

    public Dictionary<string, StoredItem> Stored { get; } = [];

    /// <summary>Called before ("name:before") and after ("name:after") every effect: may wait (latency) or throw (a crash point, a
    /// failure).</summary>
    public Func<string, Task> Hook { get; set; } = _ => Task.CompletedTask;

    /// <summary>Told when a domain changed by itself; the agent of the moment listens.</summary>
    public Action<string>? Changed { get; set; }

    /// <summary>True: guests ignore the power button.</summary>
    public bool GuestsIgnoreTheButton { get; set; }

    /// <summary>What servers that leave for another machine wait for, unless they are forced.</summary>
    public Task MovesMayEnd { get; set; } = Task.CompletedTask;

    /// <summary>True: guests let no volume go.</summary>
    public bool GuestsKeepVolumes { get; set; }

    /// <summary>The guest powers itself off, or its process dies.</summary>
    public void EndByItself(string id, DomainPower how)
    {
        Domains[id].Power = how;
        Changed?.Invoke(id);
    }

    /// <summary>The machine reboots: processes and namespaces are gone, files stay.</summary>
    public void Reboot()
    {
        Networks.Clear();
        Groups.Clear();
        Ports.Clear();
        Routers.Clear();
        Balancers.Clear();
        foreach (var domain in Domains.Values.Where(d => d.Power != DomainPower.Suspended)) domain.Power = DomainPower.Off;
    }

    internal async Task Effect(string name, Action effect)
    {
        await Hook(name + ":before");
        effect();
        await Hook(name + ":after");
    }
}

public sealed class SimulatedDomain
{
    public DomainPower Power { get; set; }

    public int Boots { get; set; }

    public int Starts { get; set; }

    /// <summary>The migration that its process was made for.</summary>
    public string? Migration { get; set; }

    /// <summary>True: all that comes from another machine is there.</summary>
    public bool Arrived { get; set; }

    /// <summary>Ports of its NICs.</summary>
    public IReadOnlyList<string> Nics { get; set; } = [];

    /// <summary>Volumes that it has open, and the place that it writes to.</summary>
    public Dictionary<string, int> Volumes { get; } = [];

    /// <summary>Volumes that are copied to others just now.</summary>
    public Dictionary<string, string> Mirrors { get; } = [];

    public byte[] Console { get; set; } = [];
}
