namespace Sovereign.Compute;

/// <summary>What the operator can set for the compute service.</summary>
public sealed record ComputeOptions
{
    /// <summary>The one availability zone that servers are placed in.</summary>
    public string Zone { get; init; } = "nova";

    /// <summary>Host name of the machine that the control plane runs on.</summary>
    public string HostName { get; init; } = Environment.MachineName;

    /// <summary>Where the operating system's package keeps noVNC's scripts; the console's page uses them where they are.</summary>
    public string NoVncDirectory { get; init; } = "/usr/share/novnc";

    /// <summary>How long a soft shutdown may take before the power is cut, seconds.</summary>
    public int ShutdownSeconds { get; init; } = 60;

    /// <summary>Virtual CPUs that may be promised for each CPU of a node.</summary>
    public double CpuAllocationRatio { get; init; } = 16.0;

    /// <summary>MiB of memory that may be promised for each MiB of a node.</summary>
    public double RamAllocationRatio { get; init; } = 1.5;

    /// <summary>Memory of each node that is kept for the node itself, MiB.</summary>
    public int ReservedMemoryMib { get; init; } = 512;
}
