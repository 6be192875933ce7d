using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Members;

internal sealed record MemberView : PartView
{
    public string Address { get; set; } = "";

    public long ProtocolPort { get; set; }

    public long Weight { get; set; } = 1;

    public bool Backup { get; set; }

    public string? SubnetId { get; set; }

    public string? MonitorAddress { get; set; }

    public long? MonitorPort { get; set; }

    public string VnicType { get; set; } = "normal";
}

internal sealed record MemberWish : PartWish
{
    public Optional<string> Address { get; init; }

    public Optional<long?> ProtocolPort { get; init; }

    public Optional<long?> Weight { get; init; }

    public Optional<bool?> Backup { get; init; }

    public Optional<string> SubnetId { get; init; }

    public Optional<string> MonitorAddress { get; init; }

    public Optional<long?> MonitorPort { get; init; }

    public Optional<bool?> RequestSriov { get; init; }
}
