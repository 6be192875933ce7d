using System.Collections.Concurrent;
using System.Globalization;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>Limits of ports by tc: what goes to a guest waits at its tap, what comes from it takes a way round over a link of its own, since
/// a queue is kept only where packets leave.</summary>
internal sealed class PortRates(FabricNames names, IpTool ip, ProcessRunner runner, SwitchState state)
{
    private const long LatencyMs = 50;
    private const long BurstBytesMin = 10 * 1024;
    private readonly ConcurrentDictionary<string, PortRatesSpec> applied = new();

    public async Task Ensure(PortSpec port, CancellationToken stop)
    {
        var (tap, shaper) = (FabricNames.Tap(port.Id), FabricNames.Shaper(port.Id));
        if (applied.TryGetValue(port.Id, out var known) ? known == port.Rates : port.Rates is null && !state.HasLink(shaper)) return;
        await Clear(tap, stop);
        if (port.Rates?.Ingress is { } ingress) await Tc(Shape(tap, ingress), stop);
        if (port.Rates?.Egress is { } egress)
        {
            var alias = names.Alias(ItemKinds.Port, port.Id);
            if (!state.HasLink(shaper) && !Netns.HasLink(names.Switch, shaper)) await ip.Batch(names.Switch, [$"link add {shaper} type ifb"], stop);
            await ip.Batch(names.Switch, [$"link set {shaper} alias {alias} up"], stop);
            state.AddLink(shaper, alias);
            await Tc(Shape(shaper, egress), stop);
            await Tc($"qdisc add dev {tap} ingress", stop);
            await Tc($"filter add dev {tap} parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev {shaper}", stop);
        }
        else await RemoveShaper(shaper, stop);
        if (port.Rates is { } rates) applied[port.Id] = rates;
        else applied.TryRemove(port.Id, out _);
    }

    public async Task Remove(string portId, CancellationToken stop)
    {
        applied.TryRemove(portId, out _);
        await RemoveShaper(FabricNames.Shaper(portId), stop);
    }

    private async Task RemoveShaper(string shaper, CancellationToken stop)
    {
        if (state.HasLink(shaper)) await ip.Batch(names.Switch, [$"link del {shaper}"], stop);
        state.RemoveLink(shaper);
    }

    // A tap that was never limited has no queue of ours to take away: tc says so and that is well.
    private async Task Clear(string tap, CancellationToken stop)
    {
        await runner.Run("tc", ["-n", names.Switch, "qdisc", "del", "dev", tap, "root"], stop);
        await runner.Run("tc", ["-n", names.Switch, "qdisc", "del", "dev", tap, "ingress"], stop);
    }

    private async Task Tc(string command, CancellationToken stop) => await runner.Must("tc", ["-n", names.Switch, .. command.Split(' ')], stop);

    private static string Shape(string link, RateSpec rate)
    {
        var burst = Math.Max(BurstBytesMin, (rate.BurstKilobits > 0 ? rate.BurstKilobits : rate.Kbps * 4 / 5) * 1000 / 8);
        return string.Create(CultureInfo.InvariantCulture, $"qdisc replace dev {link} root tbf rate {rate.Kbps}kbit burst {burst}b latency {LatencyMs}ms");
    }
}
