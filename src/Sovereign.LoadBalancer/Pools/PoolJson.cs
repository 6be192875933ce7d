using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.HealthMonitors;
using Sovereign.LoadBalancer.Members;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Pools;

internal sealed record PoolView : PartView
{
    public string Description { get; set; } = "";

    public string Protocol { get; set; } = "";

    public string LbAlgorithm { get; set; } = "";

    public PersistenceView? SessionPersistence { get; set; }

    public IReadOnlyList<IdView> Loadbalancers { get; set; } = [];

    public IReadOnlyList<IdView> Listeners { get; set; } = [];

    public IReadOnlyList<IdView> Members { get; set; } = [];

    public string? HealthmonitorId { get; set; }

    public bool TlsEnabled { get; set; }

    public string? TlsContainerRef { get; set; }

    public string? CaTlsContainerRef { get; set; }

    public string? CrlContainerRef { get; set; }

    public string? TlsCiphers { get; set; }

    public IReadOnlyList<string>? TlsVersions { get; set; }

    public IReadOnlyList<string>? AlpnProtocols { get; set; }
}

/// <summary>Requests of one client go to one member.</summary>
internal sealed record PersistenceView
{
    public string? Type { get; init; }

    public string? CookieName { get; init; }

    public long? PersistenceTimeout { get; init; }

    public string? PersistenceGranularity { get; init; }
}

internal sealed record PoolWish : PartWish
{
    public Optional<string> LoadbalancerId { get; init; }

    public Optional<string> ListenerId { get; init; }

    public Optional<string> Protocol { get; init; }

    public Optional<string> LbAlgorithm { get; init; }

    public Optional<PersistenceView> SessionPersistence { get; init; }

    public Optional<bool?> TlsEnabled { get; init; }

    public Optional<string> TlsContainerRef { get; init; }

    public Optional<string> CaTlsContainerRef { get; init; }

    public Optional<string> CrlContainerRef { get; init; }

    public Optional<string> TlsCiphers { get; init; }

    public Optional<IReadOnlyList<string>> TlsVersions { get; init; }

    public Optional<IReadOnlyList<string>> AlpnProtocols { get; init; }

    public Optional<IReadOnlyList<MemberWish>> Members { get; init; }

    public Optional<MonitorWish> Healthmonitor { get; init; }
}
