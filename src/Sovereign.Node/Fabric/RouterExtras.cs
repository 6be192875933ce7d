using System.Globalization;
using System.Text;
using System.Text.Json;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>Conntrack helpers and meters of a router, in tables of their own: what its kernel lacks of them does not take its NAT away, and counters
/// outlive every other change of the router.</summary>
internal sealed class RouterExtras(ProcessRunner runner)
{
    private const string Labels = "label_";
    private const string NoMeters = "add table inet sov_meter\ndelete table inet sov_meter\n";

    /// <param name="known">What was made before; null: unknown.</param>
    public async Task Ensure(RouterSpec router, RouterSpec? known, string netns, CancellationToken stop)
    {
        // What was wanted before and is not now must go; what never was costs nothing.
        if (router.Meters is not null) await Apply(netns, Meters(router, await Counters(netns, stop)), stop);
        if (router.Helpers is not null) await Apply(netns, Helpers(router.Helpers), stop);
        var gone = (router.Meters is null && (known is null || known.Meters is not null) ? NoMeters : "")
            + (router.Helpers is null && (known is null || known.Helpers is not null) ? Helpers([]) : "");
        if (gone.Length > 0) await Apply(netns, gone, stop);
    }

    /// <summary>Every label has a chain and a counter of its name; what a label leaves out is asked first, and nothing is counted twice.</summary>
    /// <param name="before">Counters that are there.</param>
    internal static string Meters(RouterSpec router, IReadOnlyCollection<string> before)
    {
        var text = new StringBuilder("add table inet sov_meter\n"
            + "add chain inet sov_meter through { type filter hook forward priority 10; policy accept; }\nflush chain inet sov_meter through\n");
        var leg = router.Gateway is { } gateway ? FabricNames.GatewayLeg(gateway.PortId) : null;
        foreach (var meter in router.Meters!)
        {
            var label = Labels + FabricNames.Group(meter.Id);
            text.Append(null, $"add counter inet sov_meter {label}\nadd chain inet sov_meter {label}\nflush chain inet sov_meter {label}\n");
            if (leg is null) continue;
            foreach (var rule in meter.Rules.OrderByDescending(rule => rule.Excluded))
                text.Append(null, $"add rule inet sov_meter {label} {Match(rule, leg)} {(rule.Excluded ? "" : $"counter name {label} ")}return\n");
            text.Append(null, $"add rule inet sov_meter through jump {label}\n");
        }
        foreach (var gone in before.Except(router.Meters.Select(meter => Labels + FabricNames.Group(meter.Id))))
            text.Append(null, $"flush chain inet sov_meter {gone}\ndelete chain inet sov_meter {gone}\ndelete counter inet sov_meter {gone}\n");
        return text.ToString();
    }

    internal static string Helpers(IReadOnlyList<HelperSpec> helpers) => HelperTable("ip", helpers) + HelperTable("ip6", helpers.Where(h => h.Ipv6));

    private static string HelperTable(string family, IEnumerable<HelperSpec> wanted)
    {
        var helpers = wanted.Select(Checked).ToList();
        var clean = $"add table {family} sov_help\ndelete table {family} sov_help\n";
        if (helpers.Count == 0) return clean;
        var objects = helpers.Select(h => (h.Name, h.Protocol)).Distinct()
            .Select(h => $"  ct helper {Word(h.Name, h.Protocol)} {{ type \"{h.Name}\" protocol {h.Protocol}; l3proto {family}; }}\n");
        // After conntrack has seen the packet, and before NAT: its expectations are about what the guests say.
        var rules = helpers.Select(h => string.Create(
            CultureInfo.InvariantCulture, $"    {h.Protocol} dport {h.Port} ct helper set \"{Word(h.Name, h.Protocol)}\"\n"));
        return $"{clean}table {family} sov_help {{\n{string.Concat(objects)}  chain enter {{\n"
            + $"    type filter hook prerouting priority mangle; policy accept;\n{string.Concat(rules)}  }}\n}}\n";
    }

    private static string Word(string name, string protocol) => $"{name.Replace('-', '_')}_{protocol}";

    private static HelperSpec Checked(HelperSpec helper) => HelperSpec.Protocols(helper.Name).Contains(helper.Protocol)
        ? helper : throw new NodeException($"'{helper.Name}' is no conntrack helper of {helper.Protocol}.");

    private static string Match(MeterRuleSpec rule, string leg)
    {
        var ranges = new[] { (Side: "saddr", Range: rule.Source), (Side: "daddr", Range: rule.Destination) }
            .Where(r => r.Range is not null).Select(r => $"{(r.Range!.Contains(':') ? "ip6" : "ip")} {r.Side} {SwitchRules.Cidr(r.Range!)}");
        return string.Join(' ', ranges.Prepend($"{(rule.Ingress ? "iifname" : "oifname")} \"{leg}\""));
    }

    private async Task<List<string>> Counters(string netns, CancellationToken stop)
    {
        // Before the first label there is no table.
        var listed = await runner.Run("nsenter", ["--net=" + Netns.PathOf(netns), "nft", "-j", "list", "counters", "table", "inet", "sov_meter"], stop);
        if (listed.ExitCode != 0) return [];
        return JsonDocument.Parse(listed.Output).RootElement.GetProperty("nftables").EnumerateArray()
            .Where(entry => entry.TryGetProperty("counter", out _)).Select(entry => entry.GetProperty("counter").GetProperty("name").GetString()!).ToList();
    }

    private Task Apply(string netns, string script, CancellationToken stop) =>
        runner.Must("nsenter", ["--net=" + Netns.PathOf(netns), "nft", "-f", "-"], stop, script);
}
