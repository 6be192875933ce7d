using Sovereign.Bench.Clouds;
using Sovereign.Bench.Load;

namespace Sovereign.Bench.Benches;

internal sealed class TokenBench : IBench
{
    private const string Secret = "a secret of the benchmark, long enough";

    public string Name => "tokens";

    public string What => "token validation, and token issue by application credential, beside bare Kestrel with the same bytes";

    public void Run(BenchRun run)
    {
        using var cloud = BenchCloud.Start(Path.Combine(run.Directory, "data"), nodes: 0);
        Comparison.WithBare(
            run, "validate", cloud.Server,
            LoadRequest.Of(200, "GET", "/identity/v3/auth/tokens", null, ("X-Auth-Token", cloud.AdminToken), ("X-Subject-Token", cloud.Token)));
        var credential = cloud.AddApplicationCredential(Secret);
        Comparison.WithBare(run, "issue", cloud.Server, LoadRequest.Of(
            201, "POST", "/identity/v3/auth/tokens",
            $$$"""
            {"auth": {"identity": {"methods": ["application_credential"],
                                   "application_credential": {"id": "{{{credential}}}", "secret": "{{{Secret}}}" } } } }
            """));
    }
}
