using Sovereign.Kernel.Outcomes;
using Sovereign.LoadBalancer.HealthMonitors;
using Sovereign.LoadBalancer.Listeners;
using Sovereign.LoadBalancer.Members;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Pools;

/// <summary>Pools: members that share the work of listeners.</summary>
internal sealed class PoolRoom(MemberRoom members, MonitorRoom monitors) : Room<PoolWish, PoolView>(
    Kinds.Pool, "pools", "/lbaas/pools", TreeStore.Parts("protocol"), BalancerJson.Wire.PoolWish, BalancerJson.Wire.PoolView)
{
    public const string Proxy = "PROXY";
    public const string ProxyV2 = "PROXYV2";
    private const int CookieCharsMax = 255;

    /// <summary>Under its load balancer or its listener: exactly one is named.</summary>
    public override Outcome<(string Kind, string Id)> Above(PoolWish wish, string? parentId) => (wish.ListenerId.Value, wish.LoadbalancerId.Value) switch
    {
        ({ } listener, _) => (Kinds.Listener, listener),
        (_, { } balancer) => (Kinds.Balancer, balancer),
        _ => Faults.Validation("Must provide at least one of loadbalancer_id or listener_id"),
    };

    public override Outcome<PartRow> Make(TreeWork work, string aboveId, PoolWish wish)
    {
        if (Checks.First(Checks.Given("protocol", wish.Protocol.Value is not null), Checks.Given("lb_algorithm", wish.LbAlgorithm.Value is not null)) is { } lacking)
        {
            return lacking;
        }

        if (wish.Protocol.Value is "UDP" or "SCTP") return Faults.Unsupported($"{wish.Protocol.Value} pools: HAProxy carries TCP alone.");
        if (Checks.OneOf("protocol", wish.Protocol.Value, ListenerRoom.Http, ListenerRoom.Https, Proxy, ProxyV2, "SCTP", ListenerRoom.Tcp, "UDP") is { } unknown)
        {
            return unknown;
        }

        var listener = work.Tree.Find(Kinds.Listener, aboveId);
        if (listener is not null && wish.LoadbalancerId.Value is { } named && named != work.Tree.Balancer.Id) return Faults.Missing(Kinds.Balancer, named);
        if (listener?.ReferenceId is not null) return Faults.Exists($"Listener {listener.Id} already has a default pool");
        var filled = Fill(new PartRow { Kind = Kind, Type = wish.Protocol.Value! }, new PoolView(), wish);
        if (filled.Fault is { } wrong) return wrong;
        if (listener is not null && ListenerRoom.Fits(listener.Type, filled.Value) is { } misfit) return misfit;
        var added = work.Add(filled.Value);
        if (added.Fault is not null) return added;
        if (listener is not null && ListenerRoom.Leading(work, work.Tree.Find(Kinds.Listener, listener.Id)!, added.Value).Fault is { } unfit) return unfit;
        foreach (var member in wish.Members.Value ?? [])
        {
            if (members.Make(work, added.Value.Id, member).Fault is { } noMember) return noMember;
        }

        if (wish.Healthmonitor.Value is { } monitor && monitors.Make(work, added.Value.Id, monitor).Fault is { } noMonitor) return noMonitor;
        return added;
    }

    public override Outcome<PartRow> Change(TreeWork work, PartRow old, PoolWish wish)
    {
        foreach (var (name, given) in new[]
        {
            ("loadbalancer_id", wish.LoadbalancerId.Given), ("listener_id", wish.ListenerId.Given), ("protocol", wish.Protocol.Given),
            ("members", wish.Members.Given), ("healthmonitor", wish.Healthmonitor.Given),
        })
        {
            if (given) return Faults.Unchangeable(name);
        }

        return Fill(old, Spec(old), wish).Map(work.Save);
    }

    public override Fault? Stays(Tree tree, PartRow row) => tree.Of(Kinds.Policy).FirstOrDefault(policy => policy.ReferenceId == row.Id) is { } policy
        ? new Fault.Conflict($"Pool {row.Id} is in use by L7 policy {policy.Id}") : null;

    /// <summary>A pool that a body names and does not describe: one of the same body.</summary>
    public Outcome<PartRow>? Named(TreeWork work, PoolWish wish)
    {
        if (wish.Protocol.Given || wish.Name.Value is not { } name) return null;
        var found = work.Tree.Of(Kind).Where(pool => pool.Name == name).ToList();
        return found.Count == 1 ? found[0] : Faults.Validation($"Pool {name} is named and {(found.Count == 0 ? "not described" : "not the only one of its name")}.");
    }

    protected override void Relate(PoolView view, Tree tree, PartRow row)
    {
        (view.Description, view.Protocol) = (row.Description, row.Type);
        view.Loadbalancers = [new IdView(row.BalancerId)];
        view.Listeners = tree.ListenersOf(row.Id).Select(listener => new IdView(listener.Id)).ToList();
        view.Members = tree.Of(Kinds.Member, row.Id).Select(member => new IdView(member.Id)).ToList();
        view.HealthmonitorId = tree.MonitorOf(row.Id)?.Id;
    }

    private Outcome<PartRow> Fill(PartRow row, PoolView spec, PoolWish wish)
    {
        if (wish.Check() is { } common) return common;
        if (wish.LbAlgorithm.Given && wish.LbAlgorithm.Value is null) return Faults.Required("lb_algorithm");
        if (wish.LbAlgorithm.Value == "SOURCE_IP_PORT") return Faults.Unsupported("SOURCE_IP_PORT algorithm");
        if (Checks.OneOf("lb_algorithm", wish.LbAlgorithm.Value, "LEAST_CONNECTIONS", "ROUND_ROBIN", "SOURCE_IP", "SOURCE_IP_PORT") is { } algorithm) return algorithm;
        spec.LbAlgorithm = wish.LbAlgorithm.Or(spec.LbAlgorithm)!;
        if (wish.SessionPersistence.Given)
        {
            if (Persistence(wish.SessionPersistence.Value, row.Type) is { } persistence) return persistence;
            spec.SessionPersistence = wish.SessionPersistence.Value;
        }

        spec.TlsEnabled = wish.TlsEnabled.Or(spec.TlsEnabled) ?? false;
        foreach (var (name, given) in new[]
        {
            ("tls_container_ref", wish.TlsContainerRef.Value is not null), ("ca_tls_container_ref", wish.CaTlsContainerRef.Value is not null),
            ("crl_container_ref", wish.CrlContainerRef.Value is not null), ("tls_ciphers", wish.TlsCiphers.Value is not null),
            ("tls_versions", wish.TlsVersions.Value is { Count: > 0 }), ("alpn_protocols", wish.AlpnProtocols.Value is { Count: > 0 }),
        })
        {
            if (given) return Faults.Unsupported(name + " of pools");
        }

        return With(wish.Onto(row), spec);
    }

    private static Fault? Persistence(PersistenceView? wish, string protocol)
    {
        if (wish is null) return null;
        if (wish.Type is null) return Faults.Required("session_persistence.type");
        if (Checks.OneOf("session_persistence.type", wish.Type, "SOURCE_IP", "HTTP_COOKIE", "APP_COOKIE") is { } unknown) return unknown;
        if (wish.PersistenceGranularity is not null) return Faults.Validation("persistence_granularity is for UDP and SCTP pools.");
        if (wish.PersistenceTimeout is < 1 or > 365 * 24 * 3600) return Faults.Validation("persistence_timeout is 1 second to a year.");
        if (wish.PersistenceTimeout is not null && wish.Type != "SOURCE_IP") return Faults.Validation("persistence_timeout is for SOURCE_IP.");
        if (wish.Type == "SOURCE_IP") return wish.CookieName is null ? null : Faults.Validation("cookie_name is for APP_COOKIE session persistence.");
        if (protocol is ListenerRoom.Tcp or ListenerRoom.Https) return Faults.Validation($"{wish.Type} session persistence needs a pool that reads HTTP.");
        if (wish.Type == "HTTP_COOKIE") return wish.CookieName is null ? null : Faults.Validation("cookie_name is for APP_COOKIE session persistence.");
        if (wish.CookieName is not { Length: > 0 } name) return Faults.Validation("Cookie name must be specified for APP_COOKIE session persistence.");
        return name.Length <= CookieCharsMax && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))
            ? null : Faults.Attribute("cookie_name", "…", "A cookie's name is a token of HTTP.");
    }
}
