using System.Globalization;
using System.Text;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Balancers;

/// <summary>Where the files of one balancer are.</summary>
/// <param name="Directory">Its own directory, which HAProxy's user owns.</param>
/// <param name="Certificates">Directory of a listener's certificates, and file of its clients' authorities: parts of names that change with their content.</param>
internal sealed record HaproxyPaths(string Directory, Func<string, string> Certificates, Func<string, string> Authorities)
{
    public string Config => Path.Combine(Directory, "haproxy.cfg");

    public string Pid => Path.Combine(Directory, "haproxy.pid");

    public string Stats => Path.Combine(Directory, "stats.sock");

    public string Log => Path.Combine(Directory, "log.sock");

    public string State => Path.Combine(Directory, "servers.state");
}

/// <summary>HAProxy's configuration of a balancer: a pure function, so that the same spec gives the same bytes.</summary>
internal static class HaproxyConfig
{
    /// <summary>Name of the one peer: the process before a reload gives the one after it what it remembers of clients.</summary>
    public const string Peer = "own";

    /// <summary>Connections that one balancer holds at most.</summary>
    public const int ConnectionsMax = 20000;

    private const int Threads = 2;
    private const int PeerPort = 1026;

    public static string Write(BalancerSpec balancer, HaproxyPaths paths)
    {
        var text = new StringBuilder();
        Line(text, $"# Load balancer {balancer.Id}, generation {balancer.Generation}");
        Line(text, $"global");
        Line(text, $"  nbthread {Threads}");
        Line(text, $"  maxconn {ConnectionsMax}");
        // With fewer descriptors than that it serves fewer, and says so.
        Line(text, $"  no strict-limits");
        Line(text, $"  log {paths.Log} len 1024 format raw local0 notice");
        Line(text, $"  stats socket {paths.Stats} mode 600 level operator expose-fd listeners");
        Line(text, $"  server-state-file {paths.State}");
        Line(text, $"  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets");
        Line(text, $"  tune.ssl.default-dh-param 2048");
        Line(text, $"defaults");
        Line(text, $"  log global");
        Line(text, $"  retries 3");
        Line(text, $"  option redispatch");
        Line(text, $"  option socket-stats");
        Line(text, $"  load-server-state-from-file global");
        Line(text, $"  timeout connect 5000");
        Line(text, $"  timeout client 50000");
        Line(text, $"  timeout server 50000");
        if (balancer.Pools.Any(Remembers))
        {
            Line(text, $"peers {Peer}");
            Line(text, $"  peer {Peer} 127.0.0.1:{PeerPort}");
        }

        foreach (var listener in balancer.Listeners) Frontend(text, balancer, listener, paths);
        foreach (var listener in balancer.Listeners)
        {
            var named = listener.Policies.Select(policy => policy.PoolId).Prepend(listener.PoolId).OfType<string>().Distinct(StringComparer.Ordinal);
            foreach (var pool in named.Select(id => balancer.Pools.FirstOrDefault(pool => pool.Id == id)).OfType<BalancerPoolSpec>()) Backend(text, listener, pool);
        }

        return text.ToString();
    }

    private static bool Http(BalancerListenerSpec listener) => listener.Protocol is "HTTP" or "TERMINATED_HTTPS" or "PROMETHEUS";

    private static bool Remembers(BalancerPoolSpec pool) => pool.Persistence?.Type is "SOURCE_IP" or "APP_COOKIE";

    private static void Frontend(StringBuilder text, BalancerSpec balancer, BalancerListenerSpec listener, HaproxyPaths paths)
    {
        Line(text, $"frontend {listener.Id}");
        Line(text, $"  mode {(Http(listener) ? "http" : "tcp")}");
        Line(text, $"  maxconn {(listener.ConnectionsMax < 0 ? ConnectionsMax : Math.Min(listener.ConnectionsMax, ConnectionsMax))}");
        foreach (var address in balancer.Addresses) Line(text, $"  bind {Address(address, listener.Port)}{Tls(listener, paths)}");
        Line(text, $"  timeout client {listener.Timeouts.Client}");
        if (listener.AllowedCidrs.Count > 0) Line(text, $"  tcp-request connection reject unless {{ src {string.Join(' ', listener.AllowedCidrs)} }}");
        if (listener.Timeouts.Inspect > 0 && !Http(listener)) Line(text, $"  tcp-request inspect-delay {listener.Timeouts.Inspect}");
        if (listener.Protocol == "PROMETHEUS")
        {
            Line(text, $"  http-request use-service prometheus-exporter if {{ path /metrics }}");
            Line(text, $"  http-request deny status 404");
            return;
        }

        if (Http(listener)) HttpOptions(text, listener);
        foreach (var policy in listener.Policies.Where(policy => policy.Rules.Count > 0)) Rules(text, policy);
        // What refuses goes before what redirects, and both before what chooses a pool: Octavia's order.
        foreach (var policy in Of(listener, "REJECT")) Line(text, $"  http-request deny if {Condition(policy)}");
        foreach (var policy in Of(listener, "REDIRECT_TO_URL"))
            Line(text, $"  http-request redirect code {policy.Code} location {Format(policy.Target!)} if {Condition(policy)}");
        foreach (var policy in Of(listener, "REDIRECT_PREFIX"))
            Line(text, $"  http-request redirect code {policy.Code} prefix {Format(policy.Target!)} if {Condition(policy)}");
        foreach (var policy in Of(listener, "REDIRECT_TO_POOL").Where(policy => policy.PoolId is not null))
        {
            Line(text, $"  use_backend {policy.PoolId}:{listener.Id} if {Condition(policy)}");
        }

        if (listener.PoolId is not null && balancer.Pools.Any(pool => pool.Id == listener.PoolId)) Line(text, $"  default_backend {listener.PoolId}:{listener.Id}");
    }

    private static string Tls(BalancerListenerSpec listener, HaproxyPaths paths)
    {
        if (listener.Certificates.Count == 0) return "";
        var text = new StringBuilder(" ssl crt ").Append(paths.Certificates(listener.Id));
        if (listener.ClientAuthorities is not null)
        {
            text.Append(" ca-file ").Append(paths.Authorities(listener.Id)).Append(" verify ").Append(listener.ClientMust ? "required" : "optional");
        }

        if (listener.Ciphers is { } ciphers) text.Append(" ciphers ").Append(Quote(ciphers));
        if (listener.TlsVersions.Count > 0)
        {
            var sorted = listener.TlsVersions.Order(StringComparer.Ordinal).ToList();
            text.Append(" ssl-min-ver ").Append(Version(sorted[0])).Append(" ssl-max-ver ").Append(Version(sorted[^1]));
        }

        return text.Append(" alpn ").Append(listener.Alpn.Count > 0 ? string.Join(',', listener.Alpn) : "h2,http/1.1").ToString();
    }

    private static string Version(string name) => name == "TLSv1" ? "TLSv1.0" : name;

    private static void HttpOptions(StringBuilder text, BalancerListenerSpec listener)
    {
        foreach (var header in listener.InsertHeaders)
        {
            if (header == "X-Forwarded-For") Line(text, $"  option forwardfor");
            else Line(text, $"  http-request set-header {header} {Inserted(header, listener)}");
        }

        if (listener.Hsts is { } hsts) Line(text, $"  http-response set-header Strict-Transport-Security {Format(hsts)}");
    }

    private static string Inserted(string header, BalancerListenerSpec listener) => header switch
    {
        "X-Forwarded-Port" => "%[dst_port]",
        "X-Forwarded-Proto" => listener.Protocol == "TERMINATED_HTTPS" ? "https" : "http",
        "X-SSL-Client-Verify" => "%[ssl_c_verify]",
        "X-SSL-Client-Has-Cert" => "%[ssl_c_used]",
        "X-SSL-Client-DN" => "%{+Q}[ssl_c_s_dn]",
        "X-SSL-Client-CN" => "%{+Q}[ssl_c_s_dn(cn)]",
        "X-SSL-Issuer" => "%{+Q}[ssl_c_i_dn]",
        "X-SSL-Client-SHA1" => "%{+Q}[ssl_c_sha1,hex]",
        "X-SSL-Client-Not-Before" => "%{+Q}[ssl_c_notbefore]",
        "X-SSL-Client-Not-After" => "%{+Q}[ssl_c_notafter]",
        _ => throw new Machine.NodeException($"This agent can't insert the header {header}; update the node."),
    };

    private static IEnumerable<BalancerPolicySpec> Of(BalancerListenerSpec listener, string action) =>
        listener.Policies.Where(policy => policy.Action == action && policy.Rules.Count > 0);

    private static void Rules(StringBuilder text, BalancerPolicySpec policy)
    {
        for (var i = 0; i < policy.Rules.Count; i++) Line(text, $"  acl {policy.Id}.{i} {Test(policy.Rules[i])}");
    }

    private static string Condition(BalancerPolicySpec policy) =>
        string.Join(' ', policy.Rules.Select((rule, i) => string.Create(CultureInfo.InvariantCulture, $"{(rule.Invert ? "!" : "")}{policy.Id}.{i}")));

    private static string Test(BalancerRuleSpec rule)
    {
        var match = rule.Compare switch
        {
            "CONTAINS" => "sub",
            "ENDS_WITH" => "end",
            "EQUAL_TO" => "str",
            "REGEX" => "reg",
            "STARTS_WITH" => "beg",
            _ => throw new Machine.NodeException($"This agent compares by no {rule.Compare}; update the node."),
        };
        return rule.Type switch
        {
            "HOST_NAME" => $"req.hdr(host),host_only -i -m {match} -- {Quote(rule.Value)}",
            "PATH" => $"path -m {match} -- {Quote(rule.Value)}",
            "FILE_TYPE" => $"path,word(-1,.) -m {match} -- {Quote(rule.Value)}",
            "HEADER" => $"req.hdr({rule.Key}) -m {match} -- {Quote(rule.Value)}",
            "COOKIE" => $"req.cook({rule.Key}) -m {match} -- {Quote(rule.Value)}",
            "SSL_CONN_HAS_CERT" => "ssl_c_used",
            "SSL_VERIFY_RESULT" => $"ssl_c_verify {Quote(rule.Value)}",
            "SSL_DN_FIELD" => $"ssl_c_s_dn({rule.Key}) -m {match} -- {Quote(rule.Value)}",
            _ => throw new Machine.NodeException($"This agent knows no rules of type {rule.Type}; update the node."),
        };
    }

    private static void Backend(StringBuilder text, BalancerListenerSpec listener, BalancerPoolSpec pool)
    {
        Line(text, $"backend {pool.Id}:{listener.Id}");
        Line(text, $"  mode {(Http(listener) ? "http" : "tcp")}");
        Line(text, $"  balance {pool.Algorithm switch { "LEAST_CONNECTIONS" => "leastconn", "SOURCE_IP" => "source", _ => "roundrobin" }}");
        Line(text, $"  timeout connect {listener.Timeouts.Connect}");
        Line(text, $"  timeout server {listener.Timeouts.Member}");
        Persistence(text, pool.Persistence);
        if (pool.Monitor is { } monitor) Monitor(text, monitor);
        foreach (var member in pool.Members) Server(text, pool, member);
    }

    private static void Persistence(StringBuilder text, BalancerPersistence? persistence)
    {
        switch (persistence?.Type)
        {
            case "SOURCE_IP":
                Line(text, $"  stick-table type ipv6 size 10k expire {persistence.TimeoutSeconds ?? 1800}s peers {Peer}");
                Line(text, $"  stick on src");
                break;
            case "HTTP_COOKIE":
                Line(text, $"  cookie SRV insert indirect nocache");
                break;
            case "APP_COOKIE":
                Line(text, $"  stick-table type string len 64 size 10k expire 3h peers {Peer}");
                Line(text, $"  stick store-response res.cook({persistence.Cookie})");
                Line(text, $"  stick match req.cook({persistence.Cookie})");
                break;
        }
    }

    private static void Monitor(StringBuilder text, BalancerMonitorSpec monitor)
    {
        Line(text, $"  timeout check {monitor.TimeoutSeconds}s");
        if (monitor.Type == "TLS-HELLO") Line(text, $"  option ssl-hello-chk");
        if (monitor.Type is not ("HTTP" or "HTTPS")) return;
        Line(text, $"  option httpchk");
        var host = monitor.Domain is { } domain ? $" hdr Host {Format(domain)}" : "";
        Line(text, $"  http-check send meth {monitor.Method} uri {Format(monitor.Path)} ver HTTP/{monitor.Version}{host}");
        Line(text, $"  http-check expect status {monitor.Codes.Replace(" ", "", StringComparison.Ordinal)}");
    }

    private static void Server(StringBuilder text, BalancerPoolSpec pool, BalancerMemberSpec member)
    {
        var line = new StringBuilder().Append(CultureInfo.InvariantCulture, $"  server {member.Id} {Address(member.Address, member.Port)} weight {member.Weight}");
        if (pool.Monitor is { } monitor)
        {
            line.Append(CultureInfo.InvariantCulture, $" check inter {monitor.DelaySeconds}s fall {monitor.Fall} rise {monitor.Rise}");
            if (member.MonitorAddress is { } address) line.Append(" addr ").Append(address);
            if (member.MonitorPort is { } port) line.Append(CultureInfo.InvariantCulture, $" port {port}");
            if (monitor.Type == "HTTPS") line.Append(" check-ssl verify none");
        }

        if (pool.Tls) line.Append(pool.Monitor?.Type == "HTTPS" ? " ssl" : " ssl verify none");
        if (pool.Protocol == "PROXY") line.Append(" send-proxy");
        if (pool.Protocol == "PROXYV2") line.Append(" send-proxy-v2");
        if (pool.Persistence?.Type == "HTTP_COOKIE") line.Append(" cookie ").Append(member.Id);
        if (member.Backup) line.Append(" backup");
        if (member.Disabled) line.Append(" disabled");
        Line(text, $"{line}");
    }

    private static string Address(string address, int port) => string.Create(
        CultureInfo.InvariantCulture, $"{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{port}");

    /// <summary>A word of a user as one word of HAProxy's: nothing in it means anything.</summary>
    private static string Quote(string text) => "'" + Plain(text).Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>The same where HAProxy looks for variables.</summary>
    private static string Format(string text) => Quote(text.Replace("%", "%%", StringComparison.Ordinal));

    private static string Plain(string text) => string.Concat(text.Where(c => !char.IsControl(c)));

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
