using System.Diagnostics;
using System.Globalization;
using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;
using Sovereign.Bench.Load;

namespace Sovereign.Bench.Benches;

/// <summary>One rule of a security group changes on a node: how long until the kernel has it, and what happens to packets meanwhile.</summary>
internal sealed class GroupsBench : IBench
{
    private const int Few = 10;
    private const int Many = 1_000;
    private const int Changes = 10;
    private const double MillisecondsMax = 100;

    public string Name => "groups";

    public string What => "a rule of a security group changed on a node with 1,000 ports, beside one with 10; two flows of packets watch";

    public void Run(BenchRun run)
    {
        if (!Environment.IsPrivilegedProcess) throw new BenchFailedException("Namespaces and nftables need root.");
        Measure(run).GetAwaiter().GetResult();
    }

    private static async Task Measure(BenchRun run)
    {
        await using var few = await Start(run, Few);
        await using var many = await Start(run, Many);
        using var flowsFew = Flows(few);
        using var flowsMany = Flows(many);
        var (ours, theirs) = (new List<Turn>(), new List<Turn>());
        Change(few, flowsFew);
        Change(many, flowsMany);
        for (var pair = 0; pair < run.Pairs; pair++)
        {
            if (pair % 2 == 0) ours.Add(Change(many, flowsMany));
            theirs.Add(Change(few, flowsFew));
            if (pair % 2 == 1) ours.Add(Change(many, flowsMany));
        }

        run.Figures.Add(new Figure($"a rule changed among {Many} ports: CPU of nft", "ms", Sample.Of(ours.Select(t => t.CpuMs)), Sample.Of(theirs.Select(t => t.CpuMs))));
        run.Figures.Add(new Figure(
            $"a rule changed among {Many} ports: slowest of {Changes}", "ms", Sample.Of(ours.Select(t => t.SlowestMs)), Sample.Of(theirs.Select(t => t.SlowestMs)),
            Limit.AtMost(MillisecondsMax)));
        run.Figures.Add(new Figure(
            $"a rule changed among {Many} ports: median", "ms", Sample.Of(ours.Select(t => t.MedianMs)), Sample.Of(theirs.Select(t => t.MedianMs)),
            Limit.AtMost(MillisecondsMax)));
        var all = ours.Concat(theirs).ToList();
        run.Figures.Add(Figure.Once("packets lost of the flow that must pass", "packets", all.Sum(t => t.Flow.Lost), Limit.AtMost(0)));
        run.Figures.Add(Figure.Once("packets of the flow that must be dropped", "packets", all.Sum(t => t.Flow.Leaked), Limit.AtMost(0)));
        run.Notes.Add($"{all.Sum(t => t.Flow.Sent)} packets of each flow were sent during {all.Count * Changes} changes; all ports are in the group, its members are "
            + $"{Many} addresses. The baseline is the same on a node with {Few} ports.");
    }

    private static async Task<NodeFabric> Start(BenchRun run, int ports)
    {
        BenchRun.Say($"a node with {ports} ports");
        var directory = Path.Combine(run.Directory, ports.ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(directory);
        return await NodeFabric.Start(directory, ports);
    }

    private static PacketFlows Flows(NodeFabric node) =>
        new(node.Sender, node.Receiver, NodeFabric.AddressOf(1), NodeFabric.PassingPort, NodeFabric.DroppedPort);

    private static Turn Change(NodeFabric node, PacketFlows flows)
    {
        var times = new List<double>();
        var before = ChildrenCpuMs();
        var flow = flows.During(() =>
        {
            for (var i = 0; i < Changes; i++)
            {
                var begun = Stopwatch.GetTimestamp();
                node.Change(more: i % 2 == 0).GetAwaiter().GetResult();
                times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }
        });
        return new Turn((ChildrenCpuMs() - before) / Changes, times.Max(), Sample.Of(times).Median, flow);
    }

    /// <summary>User and system time of the programs that ended, in ticks of 10 ms.</summary>
    private static double ChildrenCpuMs()
    {
        var fields = File.ReadAllText("/proc/self/stat").Split(") ")[1].Split(' ');
        return 10.0 * (long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture));
    }

    private sealed record Turn(double CpuMs, double SlowestMs, double MedianMs, FlowCount Flow);
}
