using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;

namespace Sovereign.Bench.Benches;

internal sealed class BootBench : IBench
{
    private const double OverMsMax = 300;

    public string Name => "boot";

    public string What => "POST /servers until ACTIVE with a cached image, beside starting QEMU by hand with the same arguments";

    public void Run(BenchRun run)
    {
        BenchRun.Say("a cloud's first start");
        using var real = new RealCloud(run);
        using var tenant = new RealTenant(real);
        tenant.DeleteServer(tenant.Server().Id);   // The first one fetches the image to the node.
        var (ours, theirs, over) = (new List<double>(), new List<double>(), new List<double>());
        for (var pair = 0; pair < run.Pairs; pair++)
        {
            BenchRun.Say($"pair {pair + 1} of {run.Pairs}");
            var (id, milliseconds) = tenant.Server();
            using var hand = new HandStartedVm(id, Path.Combine(run.Directory, $"hand-{pair}"));
            // Its twin goes first, so that both start on a machine without the other.
            tenant.DeleteServer(id);
            var alone = hand.Start();
            ours.Add(milliseconds);
            theirs.Add(alone);
            over.Add(milliseconds - alone);
        }

        run.Figures.Add(new Figure("POST to ACTIVE over QEMU by hand", "ms", Sample.Of(over), null, Limit.AtMost(OverMsMax)));
        run.Figures.Add(new Figure("POST to ACTIVE", "ms", Sample.Of(ours), Sample.Of(theirs)));
        run.Notes.Add("By hand: the arguments of the cloud's own VM with other paths and a tap of its own, until its monitor says that it runs; its disk is made before.");
    }
}
