using System.Text.Json;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.L7Policies;
using Sovereign.LoadBalancer.Pools;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Listeners;

internal sealed record ListenerView : PartView
{
    public string Description { get; set; } = "";

    public string Protocol { get; set; } = "";

    public long ProtocolPort { get; set; }

    public long ConnectionLimit { get; set; } = -1;

    public string? DefaultPoolId { get; set; }

    public string? DefaultTlsContainerRef { get; set; }

    public IReadOnlyList<string> SniContainerRefs { get; set; } = [];

    public IReadOnlyDictionary<string, string> InsertHeaders { get; set; } = new Dictionary<string, string>();

    public IReadOnlyList<IdView> Loadbalancers { get; set; } = [];

    public IReadOnlyList<IdView> L7policies { get; set; } = [];

    /// <summary>Milliseconds, as the other times.</summary>
    public long TimeoutClientData { get; set; } = 50000;

    public long TimeoutMemberConnect { get; set; } = 5000;

    public long TimeoutMemberData { get; set; } = 50000;

    public long TimeoutTcpInspect { get; set; }

    public IReadOnlyList<string>? AllowedCidrs { get; set; }

    public string? TlsCiphers { get; set; }

    public IReadOnlyList<string>? TlsVersions { get; set; }

    public IReadOnlyList<string>? AlpnProtocols { get; set; }

    public string? ClientCaTlsContainerRef { get; set; }

    public string ClientAuthentication { get; set; } = "NONE";

    public string? ClientCrlContainerRef { get; set; }

    public long? HstsMaxAge { get; set; }

    public bool? HstsIncludeSubdomains { get; set; }

    public bool? HstsPreload { get; set; }
}

internal sealed record ListenerWish : PartWish
{
    public Optional<string> LoadbalancerId { get; init; }

    public Optional<string> Protocol { get; init; }

    public Optional<long?> ProtocolPort { get; init; }

    public Optional<long?> ConnectionLimit { get; init; }

    public Optional<string> DefaultPoolId { get; init; }

    public Optional<PoolWish> DefaultPool { get; init; }

    public Optional<string> DefaultTlsContainerRef { get; init; }

    public Optional<IReadOnlyList<string>> SniContainerRefs { get; init; }

    public Optional<IReadOnlyDictionary<string, JsonElement>> InsertHeaders { get; init; }

    public Optional<IReadOnlyList<PolicyWish>> L7policies { get; init; }

    public Optional<long?> TimeoutClientData { get; init; }

    public Optional<long?> TimeoutMemberConnect { get; init; }

    public Optional<long?> TimeoutMemberData { get; init; }

    public Optional<long?> TimeoutTcpInspect { get; init; }

    public Optional<IReadOnlyList<string>> AllowedCidrs { get; init; }

    public Optional<string> TlsCiphers { get; init; }

    public Optional<IReadOnlyList<string>> TlsVersions { get; init; }

    public Optional<IReadOnlyList<string>> AlpnProtocols { get; init; }

    public Optional<string> ClientCaTlsContainerRef { get; init; }

    public Optional<string> ClientAuthentication { get; init; }

    public Optional<string> ClientCrlContainerRef { get; init; }

    public Optional<long?> HstsMaxAge { get; init; }

    public Optional<bool?> HstsIncludeSubdomains { get; init; }

    public Optional<bool?> HstsPreload { get; init; }
}
