using Sovereign.Node.Contract;
using Sovereign.Node.Volumes;

namespace Sovereign.Node.Hypervisor;

/// <summary>The virtual machines of one node. Every call is one idempotent effect: a crash may come before or after it, and it may be made
/// again.</summary>
public interface IHypervisor
{
    /// <summary>Told the id of a domain that changed by itself: look again.</summary>
    Action<string>? Changed { get; set; }

    Task<HypervisorFacts> Probe(CancellationToken stop);

    /// <summary>Finds the running domains of this cloud and node again and watches them.</summary>
    Task<IReadOnlyList<DomainSight>> List(CancellationToken stop);

    Task<DomainSight> Look(string id, CancellationToken stop);

    /// <summary>Starts a domain that does not run; its disk and its ports are there. A suspended one goes on where it was, unless a newer
    /// reboot is wanted.</summary>
    Task Start(DomainSpec domain, DomainDisks disks, CancellationToken stop);

    /// <summary>Presses the power button; the guest may take its time or ignore it.</summary>
    Task PowerDown(string id, CancellationToken stop);

    /// <summary>Sends the guest a non-maskable interrupt, which a kernel can be set to dump its memory at; false when the domain does not run.</summary>
    Task<bool> Interrupt(string id, CancellationToken stop);

    /// <summary>Stops the virtual CPUs; memory stays where it is.</summary>
    Task Pause(string id, CancellationToken stop);

    /// <summary>Lets the virtual CPUs run again.</summary>
    Task Unpause(string id, CancellationToken stop);

    /// <summary>Writes the memory to a file and ends the process; the next start goes on from there.</summary>
    Task Suspend(string id, CancellationToken stop);

    /// <summary>Makes the NICs and volumes of a running domain those of its spec. A NIC that goes is cut off at once, and the guest is asked to let it go; a volume
    /// goes when the guest lets it go.</summary>
    /// <returns>Ids of volumes that should go and that the guest still has.</returns>
    Task<IReadOnlyList<string>> Fit(DomainSpec domain, Func<string, Task<VolumePlace>> open, CancellationToken stop);

    /// <summary>Ids of the volumes that a running domain has; none when it does not run.</summary>
    Task<IReadOnlyList<string>> VolumesOf(string id, CancellationToken stop);

    /// <summary>Makes a running domain write volumes where their places say, all from one moment on.</summary>
    Task Follow(string id, IReadOnlyList<VolumePlace> places, CancellationToken stop);

    /// <summary>Grows a volume that a running domain has; the guest sees it.</summary>
    Task Grow(string id, VolumePlace place, long sizeBytes, CancellationToken stop);

    /// <summary>Copies a volume of a running domain to another one; called again until it says true: both have the same bytes then, and stay so, also when the
    /// domain dies. <see cref="Changed"/> tells when there is news.</summary>
    Task<bool> Mirror(string id, VolumeDiskSpec disk, VolumePlace to, CancellationToken stop);

    /// <summary>The running domain goes on with the copy; one that goes on with it already, or does not run, is fine.</summary>
    Task Pivot(string id, string volumeId, VolumePlace to, CancellationToken stop);

    /// <summary>Ends the copying to a volume, where it is under way; the domain goes on with what it has.</summary>
    Task EndMirror(string id, string volumeId, CancellationToken stop);

    /// <summary>Does short work while the guest's file systems are at rest, when its agent answers; they go on afterwards in any case.</summary>
    Task AtRest(string id, Func<Task> work, CancellationToken stop);

    /// <summary>Copies the root disk of a running (or paused) domain, as it is at one moment, into an empty qcow2 file; returns when it is whole.</summary>
    Task CopyDisk(string id, string target, CancellationToken stop);

    /// <summary>What a running domain uses; null when it does not run.</summary>
    Task<DomainDiagnostics?> Diagnose(string id, CancellationToken stop);

    /// <summary>Cuts the power and drops what was suspended; returns when the domain is gone.</summary>
    Task Kill(string id, CancellationToken stop);

    /// <summary>Forgets a domain that does not run, with its console log.</summary>
    Task Remove(string id, CancellationToken stop);

    /// <summary>Makes a process that waits for a domain that comes (<see cref="DomainSpec.Arrival"/>), once a migration. It never runs by itself; one that ended is
    /// not made again.</summary>
    Task Receive(DomainSpec domain, DomainDisks disks, CancellationToken stop);

    /// <summary>Opens the way into a process that waits; whoever opened it closes it.</summary>
    /// <param name="way">One of <see cref="MoveWays"/>.</param>
    Task<Stream> OpenArrival(string id, string way, CancellationToken stop);

    /// <summary>What arrived is this node's own: it goes on, or stands still when its spec says so.</summary>
    Task Take(DomainSpec domain, CancellationToken stop);

    /// <summary>Brings a running domain to another node. Returns when it has left: then it is there as a whole, and runs here no more. It goes on here when this
    /// fails or is given up.</summary>
    Task Leave(DomainSpec domain, MoveOrder order, CancellationToken giveUp);

    /// <summary>Ends what an earlier try to leave left behind. One that has left goes on here, or stands still when its spec says so.</summary>
    Task Stay(DomainSpec domain, CancellationToken stop);

    /// <summary>How far a domain is that leaves; null when it does not.</summary>
    Task<MoveProgress?> Progress(string id, CancellationToken stop);

    /// <summary>The last bytes that the guest wrote to its serial console.</summary>
    Task<byte[]> ConsoleTail(string id, int bytesMax, CancellationToken stop);

    /// <summary>Opens a console of a running domain; whoever opened it closes it.</summary>
    /// <param name="kind">One of <see cref="ConsoleKinds"/>.</param>
    Task<Stream> OpenConsole(string id, string kind, CancellationToken stop);

    /// <summary>Bounds what grows (console logs).</summary>
    Task Trim(CancellationToken stop);
}

/// <summary>What a domain's disks are to the hypervisor: the paths that <see cref="Disks.IDisks"/> returned.</summary>
/// <param name="Root">Null: it boots from a volume.</param>
/// <param name="Blanks">In the order of the spec.</param>
public sealed record DomainDisks(string? Root, string? Rescue, IReadOnlyList<string> Blanks)
{
    /// <summary>In the order of the spec.</summary>
    public IReadOnlyList<VolumePlace> Volumes { get; init; } = [];

    /// <summary>All files that QEMU's user opens.</summary>
    public IEnumerable<string> All =>
        [.. Root is null ? (IEnumerable<string>)[] : [Root], .. Blanks, .. Rescue is null ? (IEnumerable<string>)[] : [Rescue], .. Volumes.SelectMany(v => v.Files)];
}

/// <summary>The ways on which a domain comes to another node.</summary>
public static class MoveWays
{
    /// <summary>Memory and devices.</summary>
    public const string Memory = "memory";

    /// <summary>Disks; several at once.</summary>
    public const string Disks = "disks";
}

/// <summary>How a domain leaves.</summary>
/// <param name="Enter">Opens a way into the process that waits for it.</param>
/// <param name="Forced">Completes when the guest may stand still for as long as the rest takes.</param>
public sealed record MoveOrder(Func<string, CancellationToken, Task<Stream>> Enter, Task Forced);

/// <summary>Off: never started since the machine booted. Halted: the guest powered itself off. Crashed: the process died. Arriving: its process waits for
/// what comes from another node, or has it. Departed: it went to another node.</summary>
public enum DomainPower { Absent, Off, Running, Halted, Crashed, Paused, Suspended, Arriving, Departed }

/// <summary>What the hypervisor sees of one domain.</summary>
/// <param name="Boots">The reboot count that the running (or last) process was started for.</param>
public sealed record DomainSight(string Id, DomainPower Power, int Boots)
{
    /// <summary>The migration that its process was made for; null: none.</summary>
    public string? Migration { get; init; }
}

/// <summary>What the hypervisor is and can.</summary>
/// <param name="Accelerator">"kvm" or "tcg".</param>
/// <param name="Version">7.2.22 is 7002022.</param>
public sealed record HypervisorFacts(string Accelerator, long Version);
