using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Tests.Balancers;

/// <summary>Specs for tests of load balancers.</summary>
internal static class BalancerSpecs
{
    public static readonly BalancerTimeouts Timeouts = new(50000, 5000, 50000, 0);

    public static BalancerListenerSpec Listener(string id, string protocol, int port, string? pool) => new(id, protocol, port, -1, pool, Timeouts, [], [], []);

    public static BalancerPoolSpec Pool(string id, string protocol, params BalancerMemberSpec[] members) => new(id, protocol, "ROUND_ROBIN", null, null, members);

    public static BalancerMemberSpec Member(string id, int port, string address = "127.0.0.1") => new(id, address, port, 1, false, false);

    public static BalancerMonitorSpec Monitor(string type) => new(type, 1, 1, 1, 1, "GET", "/up", "200-204", "1.1", "up.example");

    /// <summary>Every kind of everything.</summary>
    public static BalancerSpec Full { get; } = new(
        "lb-full", "port-1", ["10.0.0.5", "fd00::5"],
        [
            Listener("tcp", "TCP", 25, "mail") with { AllowedCidrs = ["192.0.2.0/24", "198.51.100.7/32"], ConnectionsMax = 7, Timeouts = new(1, 2, 3, 4) },
            Listener("web", "HTTP", 80, "main") with
            {
                InsertHeaders = ["X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"],
                Policies =
                [
                    new("pool", "REDIRECT_TO_POOL", "spare", null, 302, [new("PATH", "STARTS_WITH", null, "/it's %[env(HOME)] $HOME", false), new("FILE_TYPE",
                        "EQUAL_TO", null, "jpg", true)]),
                    new("no", "REJECT", null, null, 302, [new("HEADER", "REGEX", "X-Bad", "^(a|b)+$", false)]),
                    new("url", "REDIRECT_TO_URL", null, "https://example.org/a%20b?c='d'", 301, [new("HOST_NAME", "EQUAL_TO", null, "old.example", false)]),
                    new("prefix", "REDIRECT_PREFIX", null, "https://example.org", 308, [new("COOKIE", "CONTAINS", "who", "x", false), new("PATH", "ENDS_WITH", null,
                        "/", false)]),
                    new("empty", "REJECT", null, null, 302, []),
                ],
            },
            Listener("metrics", "PROMETHEUS", 9100, null),
        ],
        [
            Pool("mail", "PROXYV2", Member("m1", 25, "10.0.0.7"), Member("m2", 25, "fd00::7") with { Weight = 0, Backup = true }) with
            {
                Algorithm = "SOURCE_IP", Persistence = new("SOURCE_IP", null, 60), Monitor = Monitor("TLS-HELLO"),
            },
            Pool("main", "HTTP", Member("h1", 8080, "10.0.0.8") with { MonitorAddress = "10.0.0.9", MonitorPort = 81 }, Member("h2", 8080,
                "10.0.0.10") with { Disabled = true }) with
            {
                Algorithm = "LEAST_CONNECTIONS", Persistence = new("HTTP_COOKIE", null, null), Monitor = Monitor("HTTP"),
            },
            Pool("spare", "PROXY", Member("s1", 443, "10.0.0.11")) with { Tls = true, Persistence = new("APP_COOKIE", "JSESSIONID", null), Monitor = Monitor("HTTPS") },
        ]);

    /// <summary>A certificate with its key in PEM.</summary>
    public static string Pem(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.Parse("2020-01-01", CultureInfo.InvariantCulture), DateTimeOffset.Parse("2099-01-01", CultureInfo.InvariantCulture));
        return certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n";
    }
}
