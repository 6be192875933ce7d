namespace Sovereign.Node.Contract;

/// <summary>What a running domain uses, measured now.</summary>
/// <param name="State">"running" or "paused".</param>
/// <param name="UptimeSeconds">Age of its process.</param>
/// <param name="MemoryUsedMib">Resident memory of its process.</param>
public sealed record DomainDiagnostics(
    string State, long UptimeSeconds, long MemoryUsedMib, IReadOnlyList<CpuUse> Cpus, IReadOnlyList<NicUse> Nics, IReadOnlyList<DiskUse> Disks);

/// <summary>Time that one virtual CPU ran, in nanoseconds since the start.</summary>
public sealed record CpuUse(int Id, long TimeNanoseconds);

/// <summary>Traffic of one NIC, seen from the guest.</summary>
public sealed record NicUse(
    string Mac, long RxBytes, long RxPackets, long RxErrors, long RxDrops, long TxBytes, long TxPackets, long TxErrors, long TxDrops);

/// <summary>Work of one disk.</summary>
public sealed record DiskUse(long ReadBytes, long ReadRequests, long WriteBytes, long WriteRequests, long Errors);
