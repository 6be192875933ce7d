using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Node.Balancers;
using Sovereign.Node.Contract;
using Sovereign.Node.Disks;
using Sovereign.Node.Fabric;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;
using Sovereign.Node.Metadata;
using Sovereign.Node.Moving;
using Sovereign.Node.Volumes;

namespace Sovereign.Node.Agent;

/// <summary>What the agent of one machine is told at its start.</summary>
/// <param name="DataDir">The cloud's directory; the agent's own is DataDir/node.</param>
/// <param name="ControlSocketPath">Unix socket of the control plane.</param>
/// <param name="ExternalCidr">External range; null: chosen free at first start.</param>
/// <param name="QemuUser">User that QEMU runs as, when it exists.</param>
public sealed record AgentOptions(string DataDir, string ControlSocketPath, string HostName, string? ExternalCidr = null,
    string? QemuUser = "sovereign-qemu")
{
    /// <summary>Name servers that guests' resolvers forward to.</summary>
    public IReadOnlyList<string> DnsForwarders { get; init; } = [];

    /// <summary>The control plane on another machine; null: by the socket.</summary>
    public RemoteControl? Remote { get; init; }

    /// <summary>This machine's address for other nodes; loopback: it has none.</summary>
    public string Underlay { get; init; } = "127.0.0.1";

    /// <summary>False: the external network is not joined to this host, so no router lives here.</summary>
    public bool Gateway { get; init; } = true;

    /// <summary>A place of volumes in a Ceph cluster; null: there is none.</summary>
    public RbdOptions? Ceph { get; init; }

    public AgentLimits Limits { get; init; } = new();

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;

    public string StateDir => Path.Combine(DataDir, "node");
}

/// <summary>The agent as a process: real drivers, wired.</summary>
public static class AgentHost
{
    private const int HelloTriesPerLine = 40;
    private static readonly TimeSpan helloAgain = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs until cancelled; guests and networks stay.</summary>
    public static async Task Run(AgentOptions options, CancellationToken stop)
    {
        using var control = options.Remote is { } remote ? new ControlPlaneClient(remote) : new ControlPlaneClient(options.ControlSocketPath);
        await Run(options, control, stop);
    }

    /// <summary>The same with another way to the control plane.</summary>
    public static async Task Run(AgentOptions options, IControlPlane control, CancellationToken stop)
    {
        Directory.CreateDirectory(options.StateDir);
        var guests = new GuestDirectory();
        using var metadata = new MetadataServer(guests, control, options.Clock, options.Logging.CreateLogger("Sovereign.Node.Metadata"));
        try { await new SerialContext().Run(() => RunSerially(options, control, guests, metadata, stop)); }
        catch (OperationCanceledException) when (stop.IsCancellationRequested) { /* told to stop */ }
    }

    /// <summary>Removes everything of this data directory's cloud and node from this machine: guests, namespaces, links and files. Needs no
    /// control plane.</summary>
    public static async Task Destroy(AgentOptions options, CancellationToken stop)
    {
        if (await ReadWelcome(options, stop) is { } self)
        {
            var runner = new ProcessRunner(options.Clock);
            using var hypervisor = new QemuHypervisor(Qemu(options, self), runner, options.Clock);
            await hypervisor.Destroy(stop);
            using var balancers = new HaproxyBalancers(Haproxy(options, self), runner);
            await balancers.Destroy(stop);
            using var fabric = new LinuxFabric(Linux(options, self), runner, new NoDoors());
            await fabric.Destroy(stop);
        }
        if (Directory.Exists(options.StateDir)) Directory.Delete(options.StateDir, recursive: true);
    }

    private static async Task RunSerially(AgentOptions options, IControlPlane control, GuestDirectory guests, MetadataServer metadata,
        CancellationToken stop)
    {
        // Others may pass through (QEMU's and dnsmasq's users reach their own files) but not look around.
        File.SetUnixFileMode(options.StateDir,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var log = options.Logging.CreateLogger("Sovereign.Node");
        var runner = new ProcessRunner(options.Clock);
        var range = options.Gateway ? await ExternalRange.Choose(options.StateDir, options.ExternalCidr, new IpTool(runner), stop) : "";
        using var prober = new QemuHypervisor(Qemu(options, new NodeWelcome("", "")), runner, options.Clock);
        var probed = await prober.Probe(stop);
        using var files = new QcowVolumes(options.StateDir, runner);
        var volumes = new Dictionary<string, IVolumeBackend> { [QcowVolumes.BackendName] = files };
        using var ceph = options.Ceph is { } pool ? new RbdVolumes(pool, options.StateDir, options.HostName, runner) : null;
        if (ceph is not null) volumes[options.Ceph!.Name] = ceph;
        var facts = HostFacts.Read(options, probed, range) with { Receives = true, Backends = await Places(volumes, log, stop) };
        var self = await ReadWelcome(options, stop) ?? await Register(options, control, facts, log, stop);
        using var hypervisor = new QemuHypervisor(Qemu(options, self), runner, options.Clock);
        await hypervisor.Probe(stop);
        using var fabric = new LinuxFabric(Linux(options, self), runner, metadata);
        await using var doors = new TlsDoors(System.Net.IPAddress.TryParse(options.Underlay, out var underlay) ? underlay : System.Net.IPAddress.Loopback, options.Clock);
        using var balancers = new HaproxyBalancers(Haproxy(options, self), runner);
        var drivers = new NodeDrivers(hypervisor, fabric, new Qcow2Disks(options.StateDir, runner)) { Volumes = volumes, Doors = doors, Balancers = balancers };
        var agent = new NodeAgent(control, drivers, new FileAgentStore(options.StateDir), self, guests,
            options.Limits with { StartsAlone = options.Remote is null }, options.Clock, log);
        await agent.Run(facts, stop);
    }

    // A cluster that is away keeps no guest of this machine from its start.
    private static async Task<IReadOnlyList<BackendFacts>> Places(Dictionary<string, IVolumeBackend> backends, ILogger log, CancellationToken stop)
    {
        var places = new List<BackendFacts>();
        foreach (var (name, backend) in backends)
        {
            try { places.Add(await backend.Facts(stop)); }
            catch (NodeException failure) when (backend.Shared)
            {
                log.LogWarning(4511, "The volumes' place {Name} can't be reached, so that no volume is made there before the agent starts again: {Reason}",
                    name, failure.Message);
            }
        }
        return places;
    }

    private static async Task<NodeWelcome> Register(AgentOptions options, IControlPlane control, NodeFacts facts, ILogger log,
        CancellationToken stop)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                var welcome = await control.Hello(facts, stop);
                await FileAgentStore.WritePrivate(WelcomePath(options), JsonSerializer.SerializeToUtf8Bytes(welcome,
                    AgentJson.Default.NodeWelcome), stop);
                return welcome;
            }
            catch (Exception failure) when (!stop.IsCancellationRequested)
            {
                if (tries % HelloTriesPerLine == 0)
                {
                    log.LogInformation(4510, "Waiting for the control plane at {Address}: {Reason}",
                        options.Remote?.Url.ToString() ?? options.ControlSocketPath, failure.Message);
                }

                await Task.Delay(helloAgain, options.Clock, stop);
            }
        }
    }

    private static async Task<NodeWelcome?> ReadWelcome(AgentOptions options, CancellationToken stop) =>
        File.Exists(WelcomePath(options)) ? JsonSerializer.Deserialize(await File.ReadAllBytesAsync(WelcomePath(options), stop),
            AgentJson.Default.NodeWelcome) : null;

    private static string WelcomePath(AgentOptions options) => Path.Combine(options.StateDir, "welcome.json");

    private static QemuOptions Qemu(AgentOptions options, NodeWelcome self) =>
        new(self.Cloud, self.Node, options.StateDir, new FabricNames(self.Cloud, self.Node).Switch, options.QemuUser)
        {
            OwnNetwork = options.Ceph is not null,
        };

    private static HaproxyOptions Haproxy(AgentOptions options, NodeWelcome self) =>
        new(Path.Combine(options.StateDir, "balancers"), new FabricNames(self.Cloud, self.Node).Held);

    private static LinuxFabricOptions Linux(AgentOptions options, NodeWelcome self) =>
        new(self.Cloud, self.Node, options.StateDir, options.ExternalCidr, options.DnsForwarders) { Gateway = options.Gateway, Clock = options.Clock };

    private sealed class NoDoors : IMetadataDoors
    {
        public void Open(string netns, IReadOnlyList<string> networkIds) { }

        public void OpenLink(string netns, string link, string networkId) { }

        public void CloseLink(string netns, string link) { }

        public void Close(string netns) { }
    }
}

/// <summary>Reads what a machine is.</summary>
internal static class HostFacts
{
    private const long BytesPerGib = 1024L * 1024 * 1024;

    public static NodeFacts Read(AgentOptions options, HypervisorFacts hypervisor, string externalCidr)
    {
        var memoryKib = long.Parse(File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemTotal:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1]
            .Trim() ?? "unknown";
        var disk = new DriveInfo(options.StateDir);
        return new NodeFacts(options.HostName, options.Underlay, Environment.ProcessorCount, (int)(memoryKib / 1024),
            (int)(disk.TotalSize / BytesPerGib),
            hypervisor.Accelerator, model, hypervisor.Version, externalCidr);
    }
}
