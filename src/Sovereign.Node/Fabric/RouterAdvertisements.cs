using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>Router advertisements: one dnsmasq in the namespace of a router that has IPv6 legs to announce, for all of them. radvd would be two
/// processes a router (one keeps root's rights) and one more package; DHCP has dnsmasq already. It answers neither DHCPv6, which a rule of the
/// router drops, nor names.</summary>
internal sealed class RouterAdvertisements(FabricNames names, ProcessRunner runner, string root)
{
    private const int PrefixSeconds = 86400;
    private const int IntervalSeconds = 60;
    private const int RouterSeconds = 1800;

    /// <param name="legs">The announcing legs with their MTU in bytes; none: nothing is announced.</param>
    /// <param name="anew">True: a leg was made anew, which a running process would not hear.</param>
    public async Task Ensure(string routerId, IReadOnlyList<(string Link, int Mtu, IReadOnlyList<AdvertisedPrefixSpec> Prefixes)> legs, bool anew,
        CancellationToken stop)
    {
        if (legs.Count == 0)
        {
            await Remove(routerId, stop);
            return;
        }
        PassableDirectory.Ensure(root);
        var directory = Path.Combine(root, routerId);
        PassableDirectory.Ensure(directory);
        var pidFile = Path.Combine(directory, "dnsmasq.pid");
        var file = Path.Combine(directory, "arguments");
        var arguments = Arguments(pidFile, legs);
        var text = string.Join('\n', arguments);
        var same = File.Exists(file) && await File.ReadAllTextAsync(file, stop) == text;
        await File.WriteAllTextAsync(file, text, stop);
        await Dnsmasq.Start(runner, Netns.PathOf(names.Router(routerId)), pidFile, arguments, anew || !same, stop);
    }

    public async Task Remove(string routerId, CancellationToken stop)
    {
        var directory = Path.Combine(root, routerId);
        if (!Directory.Exists(directory)) return;
        await DhcpServers.StopAll(runner, names.Router(routerId), stop);
        Directory.Delete(directory, recursive: true);
    }

    private static List<string> Arguments(string pidFile, IReadOnlyList<(string Link, int Mtu, IReadOnlyList<AdvertisedPrefixSpec> Prefixes)> legs)
    {
        List<string> arguments =
        [
            "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--port=0", "--bind-interfaces", "--except-interface=lo", "--enable-ra",
            "--leasefile-ro", "--pid-file=" + pidFile, "--user=" + Dnsmasq.User(),
        ];
        foreach (var (link, mtu, prefixes) in legs)
        {
            arguments.Add("--interface=" + link);
            arguments.Add($"--ra-param={link},mtu:{mtu},{IntervalSeconds},{RouterSeconds}");
            foreach (var prefix in prefixes)
            {
                var range = System.Net.IPNetwork.Parse(prefix.Cidr);
                var mode = prefix.Mode switch { "slaac" => "ra-only", "dhcpv6-stateless" => "ra-stateless", _ => "static" };
                arguments.Add($"--dhcp-range=set:{link},{range.BaseAddress},{mode},{range.PrefixLength},{PrefixSeconds}");
            }
            var servers = prefixes.SelectMany(p => p.DnsServers).Distinct().Select(s => $"[{SwitchRules.Address(s)}]").ToList();
            if (servers.Count > 0) arguments.Add($"--dhcp-option=tag:{link},option6:dns-server,{string.Join(',', servers)}");
        }
        return arguments;
    }
}

/// <summary>What all our dnsmasq processes have in common.</summary>
internal static class Dnsmasq
{
    private static readonly TimeSpan endLimit = TimeSpan.FromSeconds(2);

    /// <summary>Starts one in a namespace, unless the one of this pid file lives and may stay.</summary>
    public static async Task Start(ProcessRunner runner, string netnsPath, string pidFile, IReadOnlyList<string> arguments, bool anew,
        CancellationToken stop)
    {
        if (Running(pidFile) is { } pid)
        {
            if (!anew) return;
            Native.Kill(pid);
            // Until it is gone it holds the addresses that the next one wants.
            await ProcessEnd.Wait(pid, endLimit, runner.Clock, stop);
        }
        await runner.Must("nsenter", ["--net=" + netnsPath, "dnsmasq", .. arguments], stop);
    }

    /// <summary>The process that wrote this file, if it lives.</summary>
    public static int? Running(string pidFile)
    {
        try
        {
            return int.TryParse(File.ReadAllText(pidFile).Trim(), out var pid)
                && File.ReadAllText($"/proc/{pid}/cmdline").Contains(pidFile, StringComparison.Ordinal) ? pid : null;
        }
        catch (IOException) { return null; }
    }

    /// <summary>The unprivileged user that the distribution made for it reads the files: they say nothing secret.</summary>
    public static string User() => File.ReadLines("/etc/passwd").Any(l => l.StartsWith("dnsmasq:", StringComparison.Ordinal)) ? "dnsmasq" : "nobody";
}
