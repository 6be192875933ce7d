using Sovereign.Node.Contract;

namespace Sovereign.Bench.Servers;

/// <summary>An agent without a machine: whatever its manifest wants is so at once. The control plane cannot tell it from a real one.</summary>
internal sealed class SimulatedNode(IControlPlane control, int number)
{
    private const int Cpus = 16;
    private const int MemoryMib = 64 * 1024;
    private const int DiskGib = 1000;
    private readonly NodeFacts facts = new(
        $"node-{number:D3}", $"192.0.2.{number % 250}", Cpus, MemoryMib, DiskGib, "tcg", "simulated", 7_002_022, "172.31.240.0/24");

    public async Task Run(CancellationToken stop)
    {
        var welcome = await control.Hello(facts, stop);
        var (incarnation, version) = ("", 0L);
        while (!stop.IsCancellationRequested)
        {
            if (await control.NextManifest(welcome.Node, incarnation, version, stop) is not { } manifest) continue;
            (incarnation, version) = (manifest.Incarnation, manifest.Version);
            var reports = manifest.Items.Select(Observe).ToList();
            if (reports.Count > 0) await control.Report(new NodeReport(welcome.Node, manifest.Full, reports, []), stop);
        }
    }

    private static ItemReport Observe(ManifestItem item) =>
        item.Absent ? new ItemReport(item.Kind, item.Id, item.Version, ItemState.Absent)
        : item.Domain is { } domain
            ? new ItemReport(
                item.Kind, item.Id, item.Version, domain.Power == PowerTarget.Running ? ItemState.Running : ItemState.Shutoff, RebootCount: domain.RebootCount)
            : new ItemReport(item.Kind, item.Id, item.Version, ItemState.Present);
}
