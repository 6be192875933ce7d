using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.LoadBalancer.HealthMonitors;
using Sovereign.LoadBalancer.L7Policies;
using Sovereign.LoadBalancer.L7Rules;
using Sovereign.LoadBalancer.Listeners;
using Sovereign.LoadBalancer.Members;
using Sovereign.LoadBalancer.Pools;
using Sovereign.LoadBalancer.Wire;
using Sovereign.Network;
using Sovereign.Node.Contract;

namespace Sovereign.LoadBalancer.Trees;

/// <summary>What a node needs of a load balancer: its parts that are to be there and are switched on.</summary>
internal sealed class BalancerPlan(IBalancerPorts ports, ICertificates? certificates)
{
    /// <returns>A fault when a certificate can't be read any more.</returns>
    public Outcome<BalancerSpec> Spec(Session session, Tree tree)
    {
        var row = tree.Balancer;
        var listeners = new List<BalancerListenerSpec>();
        foreach (var part in Live(tree, Kinds.Listener).Where(part => row.Enabled && part.Enabled))
        {
            var listener = Listener(session, tree, part);
            if (listener.Fault is { } unreadable) return unreadable;
            listeners.Add(listener.Value);
        }

        var pools = Live(tree, Kinds.Pool).Where(pool => pool.Enabled).Select(pool => Pool(tree, pool)).ToList();
        return new BalancerSpec(row.Id, row.VipPortId, ports.AddressesOf(session, row.VipPortId), listeners, row.Enabled ? pools : [])
        {
            Generation = (int)row.Generation,
        };
    }

    /// <summary>What its own security group lets in.</summary>
    public static IReadOnlyList<VipDoor> Doors(Tree tree) => Live(tree, Kinds.Listener).Where(part => tree.Balancer.Enabled && part.Enabled)
        .Select(part => new VipDoor("tcp", (int)part.Port!, Spec(part, BalancerJson.Wire.ListenerView).AllowedCidrs ?? [])).ToList();

    private static IEnumerable<PartRow> Live(Tree tree, string kind, string? parentId = null) => tree.Of(kind, parentId).Where(part => !part.Going);

    private static T Spec<T>(PartRow row, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.Deserialize(row.Spec, type)!;

    private Outcome<BalancerListenerSpec> Listener(Session session, Tree tree, PartRow row)
    {
        var view = Spec(row, BalancerJson.Wire.ListenerView);
        var pems = new List<string>();
        foreach (var reference in ListenerRoom.References(view).Append(view.ClientCaTlsContainerRef).OfType<string>())
        {
            var pem = certificates?.Reopen(session, reference) ?? Faults.Unsupported("certificates without a key manager");
            if (pem.Fault is { } gone) return gone;
            pems.Add(pem.Value);
        }

        var authorities = view.ClientCaTlsContainerRef is null ? null : pems[^1];
        var policies = Live(tree, Kinds.Policy, row.Id).Where(policy => policy.Enabled).Select(policy => Policy(tree, policy)).ToList();
        return new BalancerListenerSpec(
            row.Id, row.Type, (int)row.Port!, (int)view.ConnectionLimit, Usable(tree, row.ReferenceId),
            new BalancerTimeouts(Millis(view.TimeoutClientData), Millis(view.TimeoutMemberConnect), Millis(view.TimeoutMemberData), Millis(view.TimeoutTcpInspect)),
            view.AllowedCidrs ?? [], view.InsertHeaders.Where(h => h.Value == "true").Select(h => h.Key).Order(StringComparer.Ordinal).ToList(), policies)
        {
            Certificates = authorities is null ? pems : pems[..^1],
            ClientAuthorities = view.ClientAuthentication == "NONE" ? null : authorities,
            ClientMust = view.ClientAuthentication == "MANDATORY",
            Ciphers = view.TlsCiphers,
            TlsVersions = view.TlsVersions ?? [],
            Alpn = view.AlpnProtocols ?? [],
            Hsts = Hsts(view),
        };
    }

    private static string? Hsts(ListenerView view) => view.HstsMaxAge is not { } age ? null
        : string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"max-age={age}{(view.HstsIncludeSubdomains == true ? "; includeSubDomains" : "")}{(view.HstsPreload == true ? "; preload" : "")}");

    private static int Millis(long millis) => (int)Math.Min(millis, int.MaxValue);

    private static BalancerPolicySpec Policy(Tree tree, PartRow row)
    {
        var view = Spec(row, BalancerJson.Wire.PolicyView);
        var rules = Live(tree, Kinds.Rule, row.Id).Where(rule => rule.Enabled).Select(rule =>
        {
            var own = Spec(rule, BalancerJson.Wire.RuleView);
            return new BalancerRuleSpec(rule.Type, own.CompareType, own.Key, own.Value, own.Invert);
        }).ToList();
        return new BalancerPolicySpec(
            row.Id, row.Type, Usable(tree, row.ReferenceId), view.RedirectUrl ?? view.RedirectPrefix, (int)(view.RedirectHttpCode ?? 302), rules);
    }

    private static BalancerPoolSpec Pool(Tree tree, PartRow row)
    {
        var view = Spec(row, BalancerJson.Wire.PoolView);
        var persistence = view.SessionPersistence is { } own ? new BalancerPersistence(own.Type!, own.CookieName, (int?)own.PersistenceTimeout) : null;
        var monitor = tree.MonitorOf(row.Id) is { Going: false, Enabled: true } watch ? Monitor(watch) : null;
        var members = Live(tree, Kinds.Member, row.Id).Select(member =>
        {
            var spec = Spec(member, BalancerJson.Wire.MemberView);
            return new BalancerMemberSpec(member.Id, member.Address!, (int)member.Port!, (int)spec.Weight, spec.Backup, !member.Enabled)
            {
                MonitorAddress = spec.MonitorAddress, MonitorPort = (int?)spec.MonitorPort,
            };
        }).ToList();
        return new BalancerPoolSpec(row.Id, row.Type, view.LbAlgorithm, persistence, monitor, members) { Tls = view.TlsEnabled };
    }

    private static BalancerMonitorSpec Monitor(PartRow row)
    {
        var view = Spec(row, BalancerJson.Wire.MonitorView);
        return new BalancerMonitorSpec(
            row.Type, (int)view.Delay, (int)view.Timeout, (int)view.MaxRetries, (int)view.MaxRetriesDown, view.HttpMethod ?? "GET", view.UrlPath ?? "/",
            view.ExpectedCodes ?? "200", view.HttpVersion == 1.1 ? "1.1" : "1.0", view.DomainName);
    }

    private static string? Usable(Tree tree, string? poolId) => tree.Find(Kinds.Pool, poolId) is { Going: false, Enabled: true } ? poolId : null;
}
