using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.L7Policies;
using Sovereign.LoadBalancer.Pools;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Listeners;

/// <summary>Listeners: what is heard on one port of a load balancer.</summary>
internal sealed class ListenerRoom(PoolRoom pools, PolicyRoom policies, ICertificates? certificates) : Room<ListenerWish, ListenerView>(
    Kinds.Listener, "listeners", "/lbaas/listeners",
    TreeStore.Parts("protocol", new("protocol_port", "p.port", Sovereign.Kernel.Lists.ColumnKind.Number, Nullable: true),
        new("default_pool_id", "p.reference_id", Nullable: true)),
    BalancerJson.Wire.ListenerWish, BalancerJson.Wire.ListenerView)
{
    public const string Http = "HTTP";
    public const string Https = "HTTPS";
    public const string Tcp = "TCP";
    public const string Terminated = "TERMINATED_HTTPS";
    public const string Prometheus = "PROMETHEUS";
    private const long TimeoutMillisMax = 365L * 24 * 3600 * 1000;
    private const int CidrsMax = 256;
    private const int RefCharsMax = 255;
    private const int SniMax = 64;

    private static readonly string[] headers =
    [
        "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "X-SSL-Client-Verify", "X-SSL-Client-Has-Cert", "X-SSL-Client-DN", "X-SSL-Client-CN",
        "X-SSL-Issuer", "X-SSL-Client-SHA1", "X-SSL-Client-Not-Before", "X-SSL-Client-Not-After",
    ];

    public override Outcome<(string Kind, string Id)> Above(ListenerWish wish, string? parentId) =>
        wish.LoadbalancerId.Value is { } id ? (Kinds.Balancer, id) : Faults.Required("loadbalancer_id");

    public override Outcome<PartRow> Make(TreeWork work, string aboveId, ListenerWish wish)
    {
        if (Checks.First(Checks.Given("protocol", wish.Protocol.Value is not null), Checks.Given("protocol_port", wish.ProtocolPort.Value is not null)) is { } lacking)
        {
            return lacking;
        }

        if (Protocol(wish.Protocol.Value!) is { } unknown) return unknown;
        if (Checks.Port("protocol_port", wish.ProtocolPort) is { } port) return port;
        if (work.Tree.Of(Kinds.Listener).Any(other => other.Port == wish.ProtocolPort.Value))
        {
            return Faults.Exists(string.Create(CultureInfo.InvariantCulture,
                $"Another Listener on this Load Balancer is already using protocol {wish.Protocol.Value} and protocol_port {wish.ProtocolPort.Value}"));
        }

        var row = new PartRow { Kind = Kind, Type = wish.Protocol.Value!, Port = wish.ProtocolPort.Value };
        var filled = Fill(work, row, new ListenerView(), wish);
        if (filled.Fault is { } wrong) return wrong;
        var added = work.Add(filled.Value);
        if (added.Fault is not null) return added;
        if (wish.DefaultPool.Value is { } pool)
        {
            var made = pools.Named(work, pool) is { } known ? known : pools.Make(work, work.Tree.Balancer.Id, pool);
            if (made.Fault is { } noPool) return noPool;
            added = Leading(work, added.Value, made.Value);
            if (added.Fault is not null) return added;
        }

        foreach (var policy in wish.L7policies.Value ?? [])
        {
            var made = policies.Make(work, added.Value.Id, policy);
            if (made.Fault is { } noPolicy) return noPolicy;
        }

        return added;
    }

    public override Outcome<PartRow> Change(TreeWork work, PartRow old, ListenerWish wish)
    {
        foreach (var (name, given) in new[]
        {
            ("loadbalancer_id", wish.LoadbalancerId.Given), ("protocol", wish.Protocol.Given), ("protocol_port", wish.ProtocolPort.Given),
            ("default_pool", wish.DefaultPool.Given), ("l7policies", wish.L7policies.Given),
        })
        {
            if (given) return Faults.Unchangeable(name);
        }

        return Fill(work, old, Spec(old), wish).Map(work.Save);
    }

    /// <summary>The listener leads to this pool by default.</summary>
    public static Outcome<PartRow> Leading(TreeWork work, PartRow listener, PartRow pool) =>
        Fits(listener.Type, pool) is { } misfit ? misfit : work.Save(listener with { ReferenceId = pool.Id });

    /// <summary>Can requests of such a listener go to the pool?</summary>
    public static Fault? Fits(string protocol, PartRow pool)
    {
        var fits = protocol switch
        {
            Http or Terminated => pool.Type is Http or PoolRoom.Proxy or PoolRoom.ProxyV2,
            Https => pool.Type is Https or Tcp or PoolRoom.Proxy or PoolRoom.ProxyV2,
            Tcp => pool.Type is Tcp or Http or Https or PoolRoom.Proxy or PoolRoom.ProxyV2,
            _ => false,
        };
        return fits ? null : Faults.Validation($"The pool protocol '{pool.Type}' is invalid while the listener protocol is '{protocol}'.");
    }

    /// <summary>References to certificates that the listener stands on.</summary>
    public static IReadOnlyList<string> References(ListenerView spec) =>
        [.. new[] { spec.DefaultTlsContainerRef }.OfType<string>(), .. spec.SniContainerRefs];

    protected override void Relate(ListenerView view, Tree tree, PartRow row)
    {
        (view.Description, view.Protocol, view.ProtocolPort, view.DefaultPoolId) = (row.Description, row.Type, row.Port ?? 0, row.ReferenceId);
        view.Loadbalancers = [new IdView(row.BalancerId)];
        view.L7policies = tree.Of(Kinds.Policy, row.Id).Select(policy => new IdView(policy.Id)).ToList();
    }

    private static Fault? Protocol(string protocol) => protocol switch
    {
        Http or Https or Tcp or Terminated or Prometheus => null,
        "UDP" or "SCTP" => Faults.Unsupported($"{protocol} listeners: HAProxy carries TCP alone."),
        _ => Checks.OneOf("protocol", protocol, Http, Https, "SCTP", Prometheus, Tcp, Terminated, "UDP"),
    };

    private Outcome<PartRow> Fill(TreeWork work, PartRow row, ListenerView spec, ListenerWish wish)
    {
        if (wish.Check() is { } common) return common;
        if (Numbers(wish) is { } number) return number;
        if (Headers(wish, spec, row.Type) is { } header) return header;
        if (Cidrs(work, wish, spec) is { } cidr) return cidr;
        spec.ConnectionLimit = wish.ConnectionLimit.Or(spec.ConnectionLimit) ?? -1;
        spec.TimeoutClientData = wish.TimeoutClientData.Or(spec.TimeoutClientData) ?? 50000;
        spec.TimeoutMemberConnect = wish.TimeoutMemberConnect.Or(spec.TimeoutMemberConnect) ?? 5000;
        spec.TimeoutMemberData = wish.TimeoutMemberData.Or(spec.TimeoutMemberData) ?? 50000;
        spec.TimeoutTcpInspect = wish.TimeoutTcpInspect.Or(spec.TimeoutTcpInspect) ?? 0;
        if (Tls(work, wish, spec, row.Type) is { } tls) return tls;
        row = With(wish.Onto(row), spec);
        if (!wish.DefaultPoolId.Given) return row;
        if (wish.DefaultPoolId.Value is not { } poolId) return row with { ReferenceId = null };
        if (work.Tree.Find(Kinds.Pool, poolId) is not { Going: false } pool) return Faults.Missing(Kinds.Pool, poolId);
        return Fits(row.Type, pool) is { } misfit ? misfit : row with { ReferenceId = poolId };
    }

    private static Fault? Numbers(ListenerWish wish) => Checks.First(
        Checks.Number("connection_limit", wish.ConnectionLimit, -1, int.MaxValue),
        Checks.Number("timeout_client_data", wish.TimeoutClientData, 0, TimeoutMillisMax),
        Checks.Number("timeout_member_connect", wish.TimeoutMemberConnect, 0, TimeoutMillisMax),
        Checks.Number("timeout_member_data", wish.TimeoutMemberData, 0, TimeoutMillisMax),
        Checks.Number("timeout_tcp_inspect", wish.TimeoutTcpInspect, 0, TimeoutMillisMax),
        Checks.Number("hsts_max_age", wish.HstsMaxAge, 0, int.MaxValue),
        Checks.OneOf("client_authentication", wish.ClientAuthentication.Value, "NONE", "OPTIONAL", "MANDATORY"));

    private static Fault? Headers(ListenerWish wish, ListenerView spec, string protocol)
    {
        if (!wish.InsertHeaders.Given) return null;
        var inserted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in wish.InsertHeaders.Value ?? new Dictionary<string, JsonElement>())
        {
            var text = value.ValueKind switch
            {
                JsonValueKind.True => "true",
                JsonValueKind.False => "false",
                JsonValueKind.String => value.GetString()!.ToLowerInvariant(),
                _ => "",
            };
            if (!headers.Contains(name) || text is not ("true" or "false"))
            {
                return Faults.Validation($"'{name}' is not a valid option for insert_headers, or its value is not a valid boolean");
            }

            if (protocol is not (Http or Terminated) || (name.StartsWith("X-SSL-", StringComparison.Ordinal) && protocol != Terminated))
            {
                return Faults.Validation($"'{name}' in insert_headers is not supported by the listener protocol {protocol}");
            }

            inserted[name] = text;
        }

        spec.InsertHeaders = inserted;
        return null;
    }

    private static Fault? Cidrs(TreeWork work, ListenerWish wish, ListenerView spec)
    {
        if (!wish.AllowedCidrs.Given) return null;
        var cidrs = wish.AllowedCidrs.Value ?? [];
        if (cidrs.Count > CidrsMax) return Faults.Attribute("allowed_cidrs", cidrs.Count, $"At most {CidrsMax} ranges are kept.");
        var normal = new List<string>();
        foreach (var text in cidrs)
        {
            if (!Cidr(text, out var range)) return Faults.Attribute("allowed_cidrs", text, "Value should be IPv4 or IPv6 CIDR format");
            if (text.Contains(':', StringComparison.Ordinal) != work.Tree.Balancer.VipAddress.Contains(':', StringComparison.Ordinal))
            {
                return Faults.Validation($"CIDR {text} and VIP {work.Tree.Balancer.VipAddress} are of different IP versions.");
            }

            normal.Add(range);
        }

        spec.AllowedCidrs = normal.Count == 0 ? null : normal.Distinct(StringComparer.Ordinal).ToList();
        return null;
    }

    private static bool Cidr(string? text, out string range)
    {
        range = "";
        if (text is null) return false;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!System.Net.IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address) || text.Contains('%', StringComparison.Ordinal)) return false;
        var bits = address.GetAddressBytes().Length * 8;
        var length = bits;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > bits)) return false;
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff << (8 - kept));
        }

        range = string.Create(CultureInfo.InvariantCulture, $"{new System.Net.IPAddress(bytes)}/{length}");
        return true;
    }

    private Fault? Tls(TreeWork work, ListenerWish wish, ListenerView spec, string protocol)
    {
        spec.DefaultTlsContainerRef = wish.DefaultTlsContainerRef.Or(spec.DefaultTlsContainerRef);
        spec.SniContainerRefs = wish.SniContainerRefs.Or(spec.SniContainerRefs) ?? [];
        spec.ClientCaTlsContainerRef = wish.ClientCaTlsContainerRef.Or(spec.ClientCaTlsContainerRef);
        spec.ClientCrlContainerRef = wish.ClientCrlContainerRef.Or(spec.ClientCrlContainerRef);
        spec.ClientAuthentication = wish.ClientAuthentication.Or(spec.ClientAuthentication) ?? "NONE";
        spec.TlsCiphers = wish.TlsCiphers.Or(spec.TlsCiphers);
        spec.TlsVersions = wish.TlsVersions.Or(spec.TlsVersions);
        spec.AlpnProtocols = wish.AlpnProtocols.Or(spec.AlpnProtocols);
        spec.HstsMaxAge = wish.HstsMaxAge.Or(spec.HstsMaxAge);
        spec.HstsIncludeSubdomains = wish.HstsIncludeSubdomains.Or(spec.HstsIncludeSubdomains);
        spec.HstsPreload = wish.HstsPreload.Or(spec.HstsPreload);
        if (spec.ClientCrlContainerRef is not null) return Faults.Unsupported("client_crl_container_ref");
        if (protocol != Terminated)
        {
            return References(spec).Count > 0 || spec.ClientCaTlsContainerRef is not null || spec.ClientAuthentication != "NONE" || spec.HstsMaxAge is not null
                || spec.TlsCiphers is not null || spec.TlsVersions is { Count: > 0 } || spec.AlpnProtocols is { Count: > 0 }
                ? Faults.Validation($"Certificates and TLS options are for listeners of protocol {Terminated}.") : null;
        }

        if (References(spec).Count == 0) return Faults.Validation($"An SNI or default container reference must be provided with {Terminated}");
        if (spec.ClientAuthentication != "NONE" && spec.ClientCaTlsContainerRef is null)
        {
            return Faults.Validation("Client authentication needs client_ca_tls_container_ref.");
        }

        return Checks.First(
            References(spec).Count > SniMax ? Faults.Attribute("sni_container_refs", spec.SniContainerRefs.Count, $"At most {SniMax} certificates are kept.") : null,
            Words("tls_versions", spec.TlsVersions, "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
            Words("alpn_protocols", spec.AlpnProtocols, "h2", "http/1.1", "http/1.0"),
            Ciphers(spec.TlsCiphers), Held(work, spec));
    }

    /// <summary>Every certificate is there, and the caller may read it.</summary>
    private Fault? Held(TreeWork work, ListenerView spec)
    {
        foreach (var reference in References(spec).Append(spec.ClientCaTlsContainerRef).OfType<string>())
        {
            if (reference.Length > RefCharsMax) return Faults.Attribute("default_tls_container_ref", reference[..32], "The reference is too long.");
            if (certificates is null) return Faults.Unsupported($"{Terminated}: this cloud has no key manager to take certificates from.");
            if (certificates.Read(work.Tx, work.Access, reference).Fault is { } unreadable) return unreadable;
        }

        return null;
    }

    private static Fault? Words(string name, IReadOnlyList<string>? words, params ReadOnlySpan<string> allowed)
    {
        foreach (var word in words ?? [])
        {
            if (!allowed.Contains(word)) return Faults.Attribute(name, word, $"Value should be one of: {string.Join(", ", allowed!)}");
        }

        return null;
    }

    private static Fault? Ciphers(string? ciphers) =>
        ciphers is null || (ciphers.Length <= 2048 && ciphers.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or ':' or '+' or '!' or '@' or '='))
            ? null : Faults.Attribute("tls_ciphers", "…", "Names of ciphers joined by colons are expected.");
}
