using System.Collections.Concurrent;
using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>One namespace a router: its legs, routes and NAT.</summary>
internal sealed class LinuxRouters(FabricNames names, IpTool ip, ProcessRunner runner, SwitchState state, IMetadataDoors doors,
    RouterAdvertisements advertisements, Func<string, bool> hasDhcp)
{
    private const int MtuDefaultBytes = 1500;

    private const string MetadataLink = Ipv6Rules.MetadataAddress + "/64";
    private readonly ConcurrentDictionary<string, RouterSpec> applied = new();
    private readonly RouterExtras extras = new(runner);

    public async Task Ensure(RouterSpec router, CancellationToken stop)
    {
        var netns = names.Router(router.Id);
        var known = applied.GetValueOrDefault(router.Id);
        var fresh = !Netns.Exists(netns);
        if (fresh)
        {
            known = null;
            await ip.AddNetns(netns, stop);
            Netns.WriteSysctl(netns, new Dictionary<string, string>
            {
                ["net/ipv4/ip_forward"] = "1",
                ["net/ipv4/conf/all/send_redirects"] = "0", ["net/ipv4/conf/default/send_redirects"] = "0"
            });
        }
        var legs = Legs(router);
        var existing = Existing(await ip.Json(netns, ["addr", "show"], stop));
        await MakeLegs(router, netns, legs, existing, stop);
        // NAT stands before the legs carry traffic: no packet leaves with a private source.
        await runner.Must("nsenter", ["--net=" + Netns.PathOf(netns), "nft", "-f", "-"], stop, RouterRules.Script(router));
        var mtus = (await ip.Json(names.Switch, ["link", "show", "type", "bridge"], stop)).EnumerateArray()
            .ToDictionary(l => l.GetProperty("ifname").GetString()!, l => l.GetProperty("mtu").GetInt32());
        await SetLegs(router, netns, legs, existing, mtus, stop);
        await SetRoutes(router, netns, false, stop);
        await SetRoutes(router, netns, true, stop);
        await ForgetFlows(known, router, netns, stop);
        if (router.AdminUp) Announce(router, netns, known);
        doors.Open(netns, [.. router.Interfaces.Select(i => i.NetworkId).Distinct()]);
        foreach (var leg in router.AdminUp ? legs : [])
        {
            if (leg.Addresses.Contains(MetadataLink)) doors.OpenLink(netns, leg.Name, leg.NetworkId);
            else doors.CloseLink(netns, leg.Name);
        }
        var announced = router.AdminUp ? router.Interfaces.Where(i => i.Advertised is { Count: > 0 }).Select(i => (FabricNames.RouterLeg(i.PortId),
            mtus.GetValueOrDefault(FabricNames.Bridge(i.NetworkId), MtuDefaultBytes), i.Advertised!)).ToList() : [];
        await advertisements.Ensure(router.Id, announced, legs.Any(l => !existing.ContainsKey(l.Name)), stop);
        // Last, since a kernel may lack a helper: everything else of the router stands then.
        await extras.Ensure(router, fresh ? router with { Meters = null, Helpers = null } : known, netns, stop);
        applied[router.Id] = router;
    }

    public async Task Remove(string id, CancellationToken stop)
    {
        var netns = names.Router(id);
        doors.Close(netns);
        await advertisements.Remove(id, stop);
        if (Netns.Exists(netns))
        {
            var legs = Existing(await ip.Json(netns, ["addr", "show"], stop)).Keys.ToList();
            await ip.Batch(netns, [.. legs.Select(l => $"link del {l}")], stop);
            foreach (var leg in legs) state.RemoveLink("tap" + leg[3..]);
            await ip.DeleteNetns(netns, stop);
        }
        applied.TryRemove(id, out _);
    }

    private async Task MakeLegs(
        RouterSpec router, string netns, IReadOnlyList<Leg> legs, Dictionary<string, HashSet<string>> existing, CancellationToken stop)
    {
        var obsolete = existing.Keys.Where(l => legs.All(leg => leg.Name != l)).ToList();
        await ip.Batch(netns, [.. obsolete.Select(l => $"link del {l}")], stop);
        foreach (var link in obsolete) state.RemoveLink("tap" + link[3..]);
        var commands = new List<string>();
        foreach (var leg in legs)
        {
            if (!existing.ContainsKey(leg.Name))
                commands.Add($"link add {leg.Outer} type veth peer name {leg.Name} address {SwitchRules.Mac(leg.Mac)} netns {netns}");
            // Also those that are there: an earlier try may have ended before this.
            commands.Add($"link set {leg.Outer} alias {names.Alias("router-port", leg.PortId)} master {FabricNames.Bridge(leg.NetworkId)} up");
        }
        await ip.Batch(names.Switch, commands, stop);
        foreach (var leg in legs) state.AddLink(leg.Outer, names.Alias("router-port", leg.PortId));
    }

    private async Task SetLegs(RouterSpec router, string netns, IReadOnlyList<Leg> legs, Dictionary<string, HashSet<string>> existing,
        Dictionary<string, int> mtus, CancellationToken stop)
    {
        List<string> commands = ["addr replace 169.254.169.254/32 dev lo"];
        if (legs.Any(l => l.Ipv6)) Netns.WriteSysctl(netns, new Dictionary<string, string> { ["net/ipv6/conf/all/forwarding"] = "1" });
        foreach (var leg in legs)
        {
            var have = existing.GetValueOrDefault(leg.Name) ?? [];
            if (leg.Ipv6) Ipv6Links.Enable(netns, leg.Name);
            else Ipv6Links.Disable(netns, leg.Name);
            var gone = have.Except(leg.Addresses).Where(a => leg.Ipv6 || !a.Contains(':'));
            commands.AddRange(gone.Select(a => $"addr del {a} dev {leg.Name}"));
            commands.AddRange(leg.Addresses.Except(have).Select(a => $"addr replace {a} dev {leg.Name}{(a.Contains(':') ? " nodad" : "")}"));
            var mtu = mtus.GetValueOrDefault(FabricNames.Bridge(leg.NetworkId), MtuDefaultBytes);
            commands.Add($"link set {leg.Name} mtu {mtu} {(router.AdminUp ? "up" : "down")}");
        }
        await ip.Batch(netns, commands, stop);
    }

    private async Task SetRoutes(RouterSpec router, string netns, bool six, CancellationToken stop)
    {
        if (!router.AdminUp) return;
        var everywhere = six ? "::/0" : "0.0.0.0/0";
        var wanted = router.Routes.Where(r => r.Destination.Contains(':') == six)
            .ToDictionary(r => SwitchRules.Cidr(r.Destination), r => SwitchRules.Address(r.NextHop));
        if ((six ? router.Gateway?.NextHop6 : router.Gateway?.NextHop) is { } next)
        {
            // A link-local next hop says nothing without its link.
            var link = six ? " dev " + FabricNames.GatewayLeg(router.Gateway!.PortId) : "";
            wanted.TryAdd(everywhere, SwitchRules.Address(next) + link);
        }
        var have = (await ip.Json(netns, [six ? "-6" : "-4", "route", "show", "proto", "static"], stop)).EnumerateArray()
            .Select(r => r.GetProperty("dst").GetString()!)
            .Select(d => d == "default" ? everywhere : d.Contains('/') ? SwitchRules.Cidr(d) : $"{SwitchRules.Address(d)}/{(six ? 128 : 32)}").ToList();
        await ip.Batch(netns, [.. have.Where(d => !wanted.ContainsKey(d)).Select(d => $"route del {d} proto static")], stop);
        foreach (var (destination, hop) in wanted)
        {
            // A next hop that no leg reaches yet is no reason to fail the router: the rest must work.
            try { await ip.Batch(netns, [$"route replace {destination} via {hop} proto static"], stop); }
            catch (NodeException failure)
                when (failure.Message.Contains("invalid gateway", StringComparison.OrdinalIgnoreCase)
                    || failure.Message.Contains("No route to host", StringComparison.OrdinalIgnoreCase))
            { /* becomes reachable with its leg */ }
        }
    }

    // Flows through a floating IP that was taken away end with it.
    private async Task ForgetFlows(RouterSpec? before, RouterSpec now, string netns, CancellationToken stop)
    {
        var gone = before?.FloatingIps.Where(f => !now.FloatingIps.Any(n => n.Address == f.Address
            && n.FixedAddress == f.FixedAddress)) ?? [];
        foreach (var floating in gone)
        {
            await Conntrack(netns, "--orig-dst", floating.Address, stop);
            await Conntrack(netns, "--reply-dst", floating.Address, stop);
        }
        // Flows of ports that are still forwarded find their way again by the next packet.
        foreach (var address in (before?.Forwardings ?? []).Except(now.Forwardings ?? []).Select(f => f.Address).Distinct())
            await Conntrack(netns, "--orig-dst", address, stop);
    }

    private async Task Conntrack(string netns, string side, string address, CancellationToken stop) =>
        await runner.Run("nsenter", ["--net=" + Netns.PathOf(netns), "conntrack", "-D", side, SwitchRules.Address(address)], stop);

    private static void Announce(RouterSpec router, string netns, RouterSpec? known)
    {
        if (router.Gateway is not { } gateway) return;
        var mac = PhysicalAddress.Parse(gateway.Mac);
        var before = known is { AdminUp: true } ? External(known).ToHashSet() : [];
        foreach (var address in External(router).Where(a => !a.Contains(':') && !before.Contains(a)))
            Netns.AnnounceArp(netns, FabricNames.GatewayLeg(gateway.PortId), mac, IPAddress.Parse(address));
    }

    private static IEnumerable<string> External(RouterSpec router) =>
        (router.Gateway?.Addresses.Select(a => a.Split('/')[0]) ?? []).Concat(router.FloatingIps.Select(f => f.Address))
            .Concat(Forwarded(router));

    private static IEnumerable<string> Forwarded(RouterSpec router) => (router.Forwardings ?? []).Select(f => f.Address).Distinct();

    private List<Leg> Legs(RouterSpec router)
    {
        // Where a network has a DHCP server, the metadata service is heard there.
        var legs = router.Interfaces
            .Select(i => new Leg(FabricNames.RouterLeg(i.PortId), FabricNames.Tap(i.PortId), i.PortId, i.NetworkId, i.Mac,
                [.. i.Addresses.Select(SwitchRules.Cidr), .. i.Addresses.Any(a => a.Contains(':')) && !hasDhcp(i.NetworkId) ? [MetadataLink]
                    : Array.Empty<string>()])).ToList();
        if (router.Gateway is { } gateway)
        {
            legs.Add(new Leg(FabricNames.GatewayLeg(gateway.PortId), FabricNames.Tap(gateway.PortId), gateway.PortId, gateway.NetworkId,
                gateway.Mac,
                [.. gateway.Addresses.Select(SwitchRules.Cidr), .. router.FloatingIps.Select(f => f.Address)
                    .Concat(Forwarded(router)).Select(a => SwitchRules.Address(a) + "/32")]));
        }
        return legs;
    }

    private static Dictionary<string, HashSet<string>> Existing(JsonElement links) => links.EnumerateArray()
        .Where(l => l.TryGetProperty("ifname", out var name) && name.GetString() is { } text
            && (text.StartsWith("qr-", StringComparison.Ordinal) || text.StartsWith("qg-", StringComparison.Ordinal)))
        .ToDictionary(l => l.GetProperty("ifname").GetString()!, l => l.GetProperty("addr_info").EnumerateArray()
            .Select(a => SwitchRules.Cidr($"{a.GetProperty("local").GetString()}/{a.GetProperty("prefixlen").GetInt32()}"))
            .Where(a => a == MetadataLink || !a.StartsWith("fe80:", StringComparison.Ordinal)).ToHashSet());

    private sealed record Leg(string Name, string Outer, string PortId, string NetworkId, string Mac, IReadOnlyList<string> Addresses)
    {
        public bool Ipv6 => Addresses.Any(a => a.Contains(':'));
    }
}
