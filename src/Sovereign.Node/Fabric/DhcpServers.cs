using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>One dnsmasq a network, in the network's own namespace: leases and local names come from files, re-read on SIGHUP.</summary>
internal sealed class DhcpServers(FabricNames names, IpTool ip, ProcessRunner runner, string root, IReadOnlyList<string> forwarders)
{
    private readonly ConcurrentDictionary<string, DhcpNetwork> networks = new();

    public async Task Ensure(NetworkSpec spec, CancellationToken stop)
    {
        var network = Network(spec.Id);
        var inner = FabricNames.DhcpInner(spec.Id);
        var served = spec.Subnets.Where(s => s.DhcpAddress is not null).ToList();
        var commands = new List<string> { $"link set {inner} mtu {spec.MtuBytes} up", $"addr flush dev {inner} scope global" };
        foreach (var subnet in served)
            commands.Add($"addr replace {SwitchRules.Address(subnet.DhcpAddress!)}/{subnet.Cidr[(subnet.Cidr.IndexOf('/') + 1)..]} dev "
                + $"{inner}{(subnet.Cidr.Contains(':') ? " nodad" : "")}");
        commands.Add("addr replace 169.254.169.254/32 dev lo");
        if (served.Exists(s => s.Cidr.Contains(':'))) commands.Add($"addr replace {Ipv6Rules.MetadataAddress}/64 dev {inner} nodad");
        foreach (var family in served.Where(s => s.Gateway is not null).GroupBy(s => s.Gateway!.Contains(':')))
            commands.Add($"route replace default via {SwitchRules.Address(family.First().Gateway!)} dev {inner}");
        var plan = string.Join('\n', commands);
        if (network.AddressPlan != plan)
        {
            if (served.Exists(s => s.Cidr.Contains(':'))) Ipv6Links.Enable(names.Dhcp(spec.Id), inner);
            await ip.Batch(names.Dhcp(spec.Id), commands, stop);
        }
        network.AddressPlan = plan;
        network.Spec = spec;
        var changed = await network.Configure(spec, forwarders, stop);
        await network.Start(runner, Netns.PathOf(names.Dhcp(spec.Id)), changed, stop);
    }

    public async Task SetPort(PortSpec port, CancellationToken stop)
    {
        foreach (var other in networks.Values)
            if (other.Id != port.NetworkId && other.Drop(port.Id)) await other.Publish(stop);
        var network = Network(port.NetworkId);
        if (network.Set(port)) await network.Publish(stop);
        // Options are bound to the port's MAC by arguments, which only a new process reads.
        if (network.SetOptions(port) && network.Spec is { } spec && spec.Subnets.Any(s => s.DhcpAddress is not null))
            await network.Start(runner, Netns.PathOf(names.Dhcp(spec.Id)), await network.Configure(spec, forwarders, stop), stop);
    }

    public async Task RemovePort(string id, CancellationToken stop)
    {
        foreach (var directory in Directory.Exists(root) ? Directory.EnumerateDirectories(root) : []) Network(Path.GetFileName(directory));
        foreach (var network in networks.Values)
            if (network.Drop(id)) await network.Publish(stop);
    }

    public async Task Remove(string networkId, CancellationToken stop)
    {
        networks.TryRemove(networkId, out _);
        await StopAll(runner, names.Dhcp(networkId), stop);
        var directory = Path.Combine(root, networkId);
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
    }

    /// <summary>Ends every process that lives in a namespace: only ours are there.</summary>
    public static async Task StopAll(ProcessRunner runner, string netns, CancellationToken stop)
    {
        if (!Netns.Exists(netns)) return;
        var pids = await runner.Must("ip", ["netns", "pids", netns], stop);
        foreach (var pid in pids.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (int.TryParse(pid, out var number) && IsDnsmasq(number)) Native.Kill(number);
    }

    // The agent's own metadata threads may be seen in the namespace for a moment: only dnsmasq is ended.
    private static bool IsDnsmasq(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/comm").Trim() == "dnsmasq"; } catch (IOException) { return false; }
    }

    private DhcpNetwork Network(string id) => networks.GetOrAdd(id, key => new DhcpNetwork(key, Path.Combine(root, key)));
}

/// <summary>Files and process of one network's dnsmasq. The hosts file is the state: a restarted agent reads it back.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle, so there is nothing to dispose.")]
internal sealed class DhcpNetwork
{
    private const string PortMark = "# ";
    private const int LeaseSeconds = 86400;
    private readonly string directory;
    private readonly ConcurrentDictionary<string, IReadOnlyList<Lease>> ports = new();
    private readonly ConcurrentDictionary<string, PortOptions> options = new();
    private readonly SemaphoreSlim writing = new(1, 1);
    private string domain = "";

    public DhcpNetwork(string id, string directory)
    {
        Id = id;
        this.directory = directory;
        PassableDirectory.Ensure(Path.GetDirectoryName(directory)!);
        PassableDirectory.Ensure(directory);
        if (File.Exists(HostsFile)) Read(File.ReadAllLines(HostsFile));
    }

    public string Id { get; }

    public string? AddressPlan { get; set; }

    /// <summary>What the server was made for last.</summary>
    public NetworkSpec? Spec { get; set; }

    private string HostsFile => Path.Combine(directory, "hosts");

    private string NamesFile => Path.Combine(directory, "names");

    private string OptionsFile => Path.Combine(directory, "options");

    private string PidFile => Path.Combine(directory, "dnsmasq.pid");

    public bool Set(PortSpec port)
    {
        var leases = port.Addresses.GroupBy(a => a.SubnetId)
            .Select(g => new Lease(SwitchRules.Mac(port.Mac), HostName(port), SwitchRules.Address(g.First().Address))).ToList();
        if (ports.TryGetValue(port.Id, out var before) && before.SequenceEqual(leases)) return false;
        ports[port.Id] = leases;
        return true;
    }

    /// <summary>True when the port's own options are others than before.</summary>
    public bool SetOptions(PortSpec port)
    {
        if (port.DhcpOptions is not { Count: > 0 } wished) return options.TryRemove(port.Id, out _);
        var now = new PortOptions(SwitchRules.Mac(port.Mac), wished);
        if (options.TryGetValue(port.Id, out var before) && before.Mac == now.Mac && before.Options.SequenceEqual(wished)) return false;
        options[port.Id] = now;
        return true;
    }

    public bool Drop(string portId)
    {
        options.TryRemove(portId, out _);
        return ports.TryRemove(portId, out _);
    }

    /// <summary>Writes the options; true when the server must start anew because its own arguments changed.</summary>
    public async Task<bool> Configure(NetworkSpec spec, IReadOnlyList<string> forwarders, CancellationToken stop)
    {
        domain = string.Concat(spec.DnsDomain.TrimEnd('.').Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-'));
        var options = new StringBuilder();
        foreach (var subnet in spec.Subnets.Where(s => s.DhcpAddress is not null)) Options(options, subnet, spec.MtuBytes);
        foreach (var (port, own) in this.options.ToArray().OrderBy(p => p.Key, StringComparer.Ordinal)) Own(options, port, own);
        await Write(OptionsFile, options.ToString(), stop);
        await Publish(stop);
        var arguments = Arguments(spec, forwarders);
        var file = Path.Combine(directory, "arguments");
        var text = string.Join('\n', arguments);
        if (File.Exists(file) && await File.ReadAllTextAsync(file, stop) == text) return false;
        await Write(file, text, stop);
        return true;
    }

    public async Task Start(ProcessRunner runner, string netnsPath, bool anew, CancellationToken stop)
    {
        var arguments = await File.ReadAllLinesAsync(Path.Combine(directory, "arguments"), stop);
        await Dnsmasq.Start(runner, netnsPath, PidFile, arguments, anew, stop);
    }

    public async Task Publish(CancellationToken stop)
    {
        await writing.WaitAsync(stop);
        try
        {
            var (hosts, names) = (new StringBuilder(), new StringBuilder());
            // An own copy first: sorting one that others fill at the same moment can fail.
            foreach (var (port, leases) in ports.ToArray().OrderBy(p => p.Key, StringComparer.Ordinal))
            {
                foreach (var lease in leases)
                {
                    // The port's id stands in a comment: dnsmasq 2.90 crashes on SIGHUP after it used a host line with a tag.
                    var address = lease.Address.Contains(':') ? $"[{lease.Address}]" : lease.Address;
                    hosts.Append(null, $"{lease.Mac},{lease.HostName},{address} {PortMark}{port}\n");
                    names.Append(null, $"{lease.Address} {(domain.Length > 0 ? $"{lease.HostName}.{domain} " : "")}{lease.HostName}\n");
                }
            }
            await Write(NamesFile, names.ToString(), stop);
            await Write(HostsFile, hosts.ToString(), stop);
            if (Running() is { } pid) Native.HangUp(pid);
        }
        finally { writing.Release(); }
    }

    private void Read(IEnumerable<string> lines)
    {
        foreach (var group in lines.Select(l => l.Split([",", " " + PortMark], StringSplitOptions.None)).Where(p => p.Length == 4)
            .GroupBy(p => p[3]))
            ports[group.Key] = [.. group.Select(p => new Lease(p[0], p[1], p[2].Trim('[', ']')))];
    }

    private List<string> Arguments(NetworkSpec spec, IReadOnlyList<string> forwarders)
    {
        List<string> arguments =
        [
            "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--bind-interfaces", "--except-interface=lo", "--no-ping",
                "--dhcp-authoritative",
            "--leasefile-ro", "--dhcp-lease-max=65536", "--interface=" + FabricNames.DhcpInner(spec.Id), "--pid-file=" + PidFile,
                "--dhcp-hostsfile=" + HostsFile,
            "--addn-hosts=" + NamesFile, "--dhcp-optsfile=" + OptionsFile, "--user=" + Dnsmasq.User(),
        ];
        if (domain.Length > 0) arguments.AddRange(["--domain=" + domain, "--local=/" + domain + "/"]);
        arguments.AddRange(forwarders.Select(f => "--server=" + SwitchRules.Address(f)));
        arguments.AddRange(options.ToArray().OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"--dhcp-mac=set:{PortTag(p.Key)},{p.Value.Mac}"));
        foreach (var subnet in spec.Subnets.Where(s => s is { DhcpAddress: not null, WithoutDhcp: false }))
        {
            var network = System.Net.IPNetwork.Parse(subnet.Cidr);
            if (subnet.Cidr.Contains(':'))
            {
                arguments.Add($"--dhcp-range=set:{SubnetTag(subnet)},{network.BaseAddress},static,{network.PrefixLength},{LeaseSeconds}");
                continue;
            }
            var mask = new System.Net.IPAddress(System.Net.IPAddress.HostToNetworkOrder(network.PrefixLength == 0 ? 0
                : -1 << (32 - network.PrefixLength)) & 0xffffffffL);
            arguments.Add($"--dhcp-range=set:{SubnetTag(subnet)},{network.BaseAddress},static,{mask},{LeaseSeconds}s");
        }
        return arguments;
    }

    private static void Options(StringBuilder options, SubnetSpec subnet, int mtu)
    {
        var tag = "tag:" + SubnetTag(subnet);
        var six = subnet.Cidr.Contains(':');
        var servers = subnet.DnsServers.Where(s => s.Contains(':') == six).Select(SwitchRules.Address)
            .DefaultIfEmpty(SwitchRules.Address(subnet.DhcpAddress!));
        if (six)
        {
            options.Append(null, $"{tag},option6:dns-server,{string.Join(',', servers.Select(s => $"[{s}]"))}\n");
            return;
        }
        var routes = subnet.HostRoutes.Where(r => !r.Destination.Contains(':'))
            .Select(r => $"{SwitchRules.Cidr(r.Destination)},{SwitchRules.Address(r.NextHop)}").ToList();
        routes.Insert(0, "169.254.169.254/32," + SwitchRules.Address(subnet.DhcpAddress!));
        // A client that gets classless routes ignores the router option (RFC 3442), so the default route is among them.
        if (subnet.Gateway is not null) routes.Add("0.0.0.0/0," + SwitchRules.Address(subnet.Gateway));
        options.Append(null, $"{tag},option:dns-server,{string.Join(',', servers)}\n");
        options.Append(null, $"{tag},option:classless-static-route,{string.Join(',', routes)}\n");
        options.Append(null, $"{tag},option:mtu,{mtu}\n");
        options.Append(subnet.Gateway is null ? $"{tag},option:router\n" : $"{tag},option:router,{SwitchRules.Address(subnet.Gateway)}\n");
    }

    private static void Own(StringBuilder lines, string port, PortOptions own)
    {
        foreach (var option in own.Options)
        {
            // Names and values are words of users: only what can stand in one line of the file gets there.
            var name = string.Concat(option.Name.Where(c => char.IsAsciiLetterOrDigit(c) || c == '-'));
            var value = string.Concat(option.Value.Where(c => !char.IsControl(c)));
            lines.Append(null, $"tag:{PortTag(port)},{OptionName(name, option.Ipv6)},{value}\n");
        }
    }

    private static string OptionName(string name, bool six) => (six ? "option6:" : name.All(char.IsAsciiDigit) ? "" : "option:") + name;

    private int? Running() => Dnsmasq.Running(PidFile);

    private static string PortTag(string portId) => "port-" + portId;

    private static string SubnetTag(SubnetSpec subnet) => "subnet-" + subnet.Id;

    private static string HostName(PortSpec port)
    {
        var name = string.Concat(port.HostName.ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c == '-')).Trim('-');
        return name.Length > 0 ? name[..Math.Min(name.Length, 63)] : "host-" + port.Addresses[0].Address.Replace('.', '-').Replace(':', '-');
    }

    private static async Task Write(string path, string text, CancellationToken stop)
    {
        await File.WriteAllTextAsync(path + ".new", text, stop);
        File.SetUnixFileMode(path + ".new", (UnixFileMode)0x1A4);   // 0644
        File.Move(path + ".new", path, overwrite: true);
    }

    private sealed record Lease(string Mac, string HostName, string Address);

    private sealed record PortOptions(string Mac, IReadOnlyList<DhcpOptionSpec> Options);
}
