using System.Globalization;
using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;

namespace Sovereign.Bench.Benches;

internal sealed class StartBench : IBench
{
    private const double SecondsMax = 2;
    private const double MegabytesMax = 250;
    private static readonly TimeSpan idle = TimeSpan.FromSeconds(20);

    public string Name => "start";

    public string What => "up on an initialised data directory until the API answers, and memory of both processes when idle";

    public void Run(BenchRun run)
    {
        BenchRun.Say("a cloud's first start");
        using var cloud = new RealCloud(run);
        var (starts, nothings) = (new List<double>(), new List<double>());
        for (var pair = 0; pair < run.Pairs; pair++)
        {
            cloud.Down();
            nothings.Add(cloud.SecondsOfNothing());
            starts.Add(cloud.SecondsToApi());
        }

        run.Figures.Add(new Figure("up until the API answers", "s", Sample.Of(starts), Sample.Of(nothings), Limit.AtMost(SecondsMax)));
        cloud.WaitReady();
        using var rest = new ManualResetEventSlim();
        rest.Wait(idle);
        var processes = cloud.Processes();
        run.Figures.Add(Figure.Once("resident memory, both processes", "MB", processes.Sum(id => Megabytes(id, "Rss:")), Limit.AtMost(MegabytesMax)));
        run.Figures.Add(Figure.Once("  of it the control plane's", "MB", Megabytes(processes[0], "Rss:")));
        run.Figures.Add(Figure.Once("  of it the node agent's", "MB", Megabytes(processes[1], "Rss:")));
        run.Figures.Add(Figure.Once("with shared pages counted once", "MB", processes.Sum(id => Megabytes(id, "Pss:"))));
        run.Notes.Add("Baseline of up: the same program saying its version. TLS is on. Memory is read 20 s after the cloud was ready, without a server in it.");
    }

    private static double Megabytes(int process, string field)
    {
        var line = File.ReadLines($"/proc/{process}/smaps_rollup").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 / 1e6;
    }
}
