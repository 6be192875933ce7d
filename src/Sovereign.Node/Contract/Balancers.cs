namespace Sovereign.Node.Contract;

/// <summary>A load balancer: listeners on the addresses of a port that the node itself holds, and the pools behind them.</summary>
/// <param name="PortId">Its port, whose item is on the same node with <see cref="PortSpec.Held"/>.</param>
/// <param name="Addresses">What it listens on.</param>
public sealed record BalancerSpec(
    string Id, string PortId, IReadOnlyList<string> Addresses, IReadOnlyList<BalancerListenerSpec> Listeners, IReadOnlyList<BalancerPoolSpec> Pools)
{
    /// <summary>Rises when the process is to be made anew (a failover).</summary>
    public int Generation { get; init; }
}

/// <summary>One TCP port on which it listens.</summary>
/// <param name="Protocol">"HTTP", "HTTPS" (passed through), "TCP", "TERMINATED_HTTPS" or "PROMETHEUS".</param>
/// <param name="ConnectionsMax">-1: as many as there can be.</param>
/// <param name="Policies">In the order of their positions.</param>
public sealed record BalancerListenerSpec(
    string Id, string Protocol, int Port, int ConnectionsMax, string? PoolId, BalancerTimeouts Timeouts, IReadOnlyList<string> AllowedCidrs,
    IReadOnlyList<string> InsertHeaders, IReadOnlyList<BalancerPolicySpec> Policies)
{
    /// <summary>Certificates with their keys in PEM, the default one first; for TERMINATED_HTTPS.</summary>
    public IReadOnlyList<string> Certificates { get; init; } = [];

    /// <summary>Authorities of clients' certificates in PEM; null: clients are asked for none.</summary>
    public string? ClientAuthorities { get; init; }

    /// <summary>True: a client without a certificate is refused.</summary>
    public bool ClientMust { get; init; }

    /// <summary>OpenSSL's names, joined by colons; null: the default ones.</summary>
    public string? Ciphers { get; init; }

    /// <summary>"TLSv1.2", "TLSv1.3".</summary>
    public IReadOnlyList<string> TlsVersions { get; init; } = [];

    public IReadOnlyList<string> Alpn { get; init; } = [];

    /// <summary>Value of Strict-Transport-Security; null: none is sent.</summary>
    public string? Hsts { get; init; }
}

/// <summary>Milliseconds.</summary>
public sealed record BalancerTimeouts(int Client, int Connect, int Member, int Inspect);

/// <summary>What happens to requests that fulfil all rules; without rules to none.</summary>
/// <param name="Action">"REJECT", "REDIRECT_TO_URL", "REDIRECT_PREFIX" or "REDIRECT_TO_POOL".</param>
public sealed record BalancerPolicySpec(string Id, string Action, string? PoolId, string? Target, int Code, IReadOnlyList<BalancerRuleSpec> Rules);

/// <summary>One condition on a request, in the words of Octavia's API.</summary>
public sealed record BalancerRuleSpec(string Type, string Compare, string? Key, string Value, bool Invert);

/// <summary>Servers that share the work.</summary>
/// <param name="Algorithm">"ROUND_ROBIN", "LEAST_CONNECTIONS" or "SOURCE_IP".</param>
public sealed record BalancerPoolSpec(
    string Id, string Protocol, string Algorithm, BalancerPersistence? Persistence, BalancerMonitorSpec? Monitor, IReadOnlyList<BalancerMemberSpec> Members)
{
    /// <summary>True: members are spoken to over TLS.</summary>
    public bool Tls { get; init; }

    /// <summary>Authorities of members' certificates in PEM; null: they are not looked at.</summary>
    public string? Authorities { get; init; }
}

/// <summary>Requests of one client go to one member.</summary>
/// <param name="Type">"SOURCE_IP", "HTTP_COOKIE" or "APP_COOKIE".</param>
public sealed record BalancerPersistence(string Type, string? Cookie, int? TimeoutSeconds);

/// <summary>How members are looked at.</summary>
/// <param name="Type">"HTTP", "HTTPS", "TCP" or "TLS-HELLO".</param>
/// <param name="Rise">Good looks until a member is up.</param>
/// <param name="Fall">Bad looks until a member is down.</param>
public sealed record BalancerMonitorSpec(
    string Type, int DelaySeconds, int TimeoutSeconds, int Rise, int Fall, string Method, string Path, string Codes, string Version, string? Domain);

/// <summary>A server of a pool.</summary>
/// <param name="Disabled">True: nothing goes there.</param>
public sealed record BalancerMemberSpec(string Id, string Address, int Port, int Weight, bool Backup, bool Disabled)
{
    public string? MonitorAddress { get; init; }

    public int? MonitorPort { get; init; }
}

/// <summary>What a node sees of a balancer's members. Travels as the message of its report.</summary>
/// <param name="Down">Ids of members whose monitor found them down, sorted.</param>
public sealed record BalancerSight(IReadOnlyList<string> Down)
{
    private const string Mark = "down:";

    public string? Message => Down.Count == 0 ? null : Mark + string.Join(',', Down);

    public static BalancerSight Read(string? message) => message?.StartsWith(Mark, StringComparison.Ordinal) == true
        ? new(message[Mark.Length..].Split(',')) : new([]);
}

/// <summary>What went over the listeners since the balancer was made.</summary>
public sealed record BalancerCounters(IReadOnlyList<ListenerCounters> Listeners);

/// <summary>What went over one listener, in bytes and connections.</summary>
/// <param name="Active">Connections that are open now.</param>
public sealed record ListenerCounters(string Id, long BytesIn, long BytesOut, long Active, long Total, long RequestErrors);
