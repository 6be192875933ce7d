using Sovereign.Bench.Load;
using Sovereign.Bench.Servers;

namespace Sovereign.Bench.Benches;

/// <summary>What the house costs before a service does anything: the bound for every request of every service.</summary>
internal sealed class PipelineBench : IBench
{
    public string Name => "pipeline";

    public string What => "routing, token, access rule, microversion and answer around a handler that has its bytes ready, beside bare Kestrel";

    public void Run(BenchRun run)
    {
        using var server = ServerProcess.Start(ServerKinds.Pipeline, Path.Combine(run.Directory, "data"), "1024");
        Comparison.WithBare(
            run, "page of 1 KiB", server,
            LoadRequest.Of(200, "GET", "/compute/v2.1/page", null, ("X-Auth-Token", server.Value("token")), ("OpenStack-API-Version", "compute 2.96")));
    }
}
