using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.HealthMonitors;

internal sealed record MonitorView : PartView
{
    public string Type { get; set; } = "";

    /// <summary>Seconds, as the timeout.</summary>
    public long Delay { get; set; }

    public long Timeout { get; set; }

    public long MaxRetries { get; set; }

    public long MaxRetriesDown { get; set; } = 3;

    public string? HttpMethod { get; set; }

    public string? UrlPath { get; set; }

    public string? ExpectedCodes { get; set; }

    public double? HttpVersion { get; set; }

    public string? DomainName { get; set; }

    public IReadOnlyList<IdView> Pools { get; set; } = [];
}

internal sealed record MonitorWish : PartWish
{
    public Optional<string> PoolId { get; init; }

    public Optional<string> Type { get; init; }

    public Optional<long?> Delay { get; init; }

    public Optional<long?> Timeout { get; init; }

    public Optional<long?> MaxRetries { get; init; }

    public Optional<long?> MaxRetriesDown { get; init; }

    public Optional<string> HttpMethod { get; init; }

    public Optional<string> UrlPath { get; init; }

    public Optional<string> ExpectedCodes { get; init; }

    public Optional<double?> HttpVersion { get; init; }

    public Optional<string> DomainName { get; init; }
}
