using Sovereign.Compute.Aggregates;
using Sovereign.Compute.Consoles;
using Sovereign.Compute.Flavors;
using Sovereign.Compute.Groups;
using Sovereign.Compute.Hosts;
using Sovereign.Compute.Keypairs;
using Sovereign.Compute.Limits;
using Sovereign.Compute.Migrating;
using Sovereign.Compute.Proxies;
using Sovereign.Compute.Servers;
using Sovereign.Compute.Servers.Copies;
using Sovereign.Compute.Servers.Moving;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Placement;
using Sovereign.Volume;

namespace Sovereign.Compute;

/// <summary>The compute service: flavors, key pairs, servers and their life, hypervisors.</summary>
public sealed class ComputeModule : IModule
{
    internal const string Root = "/compute";
    internal const string Prefix = "/compute/v2.1";
    internal const string PrefixV2 = "/compute/v2";

    private readonly KernelServices kernel;
    private readonly IImages images;
    private readonly INetworks networks;
    private readonly IVolumes volumes;
    private readonly IPlacement placement;
    private readonly ComputeOptions options;
    private readonly HostService hosts;
    private readonly ServerService servers;
    private readonly ServerCreation creation;
    private readonly ServerMoves moves;
    private readonly MoveService between;
    private readonly LiveService live;
    private readonly InterfaceService interfaces;
    private readonly SnapshotService copies;
    private readonly RescueService rescue;
    private readonly ConsoleService consoles;
    private readonly GuestPasswords passwords;
    private readonly GroupService groups;
    private readonly INodes nodes;
    private readonly VolumeAttachmentService attachments;
    private readonly VolumeSwaps swaps;
    private readonly ServerReconciler reconciler;

    /// <summary>Puts the service together and listens to nodes and ports; no I/O.</summary>
    public ComputeModule(KernelServices kernel, INodes nodes, IImages images, IPlacement placement, INetworks networks, IVolumes volumes, ComputeOptions options)
    {
        (this.kernel, this.nodes, this.images, this.networks, this.placement) = (kernel, nodes, images, networks, placement);
        (this.volumes, this.options) = (volumes, options);
        var domains = new Domains(kernel, nodes, networks, volumes, options);
        var snapshots = new Snapshots(nodes, images);
        groups = new GroupService(kernel);
        var boots = new BootVolumes(volumes, images);
        hosts = new HostService(kernel, nodes, placement, options);
        servers = new ServerService(kernel, nodes, networks, domains, snapshots);
        creation = new ServerCreation(kernel, images, networks, hosts, groups, boots, options);
        between = new MoveService(kernel, servers, nodes, networks, images, placement, hosts, snapshots, boots);
        servers.Moves = between;
        live = new LiveService(kernel, servers, placement, hosts, between, boots);
        var rebuilds = new VolumeRebuilds(kernel, nodes, volumes, domains, boots);
        moves = new ServerMoves(kernel, servers, creation, images, placement, hosts, nodes, between, rebuilds);
        copies = new SnapshotService(kernel, servers, snapshots, new VolumeCopies(volumes, images), images, hosts);
        consoles = new ConsoleService(kernel, servers, nodes);
        passwords = new GuestPasswords(kernel, servers);
        rescue = new RescueService(kernel, servers, creation, images);
        interfaces = new InterfaceService(kernel, servers, networks, options);
        attachments = new VolumeAttachmentService(servers, volumes, nodes, boots);
        swaps = new VolumeSwaps(kernel, servers, volumes, nodes, domains);
        reconciler = new ServerReconciler(kernel, nodes, networks, placement, hosts, domains, images, snapshots, between, attachments, boots, rebuilds, swaps);
        images.KeepFor(ServerStore.StandsOn);
        nodes.OnNode(hosts.Register);
        nodes.OnRemove(hosts.Unregister);
        nodes.OnReport(ItemKinds.Domain, (tx, _, report) => tx.Due("server", report.Id));
        nodes.OnFence((tx, node) =>
        {
            foreach (var row in ServerStore.OnNode(tx, node.Id).Where(row => row.Deleting || row.TaskState is not null)) tx.Due("server", row.Id);
            foreach (var server in MigrationStore.ComingTo(tx, node.Id)) tx.Due("server", server);
        });
        nodes.OnReport(ItemKinds.Departure, (tx, _, report) =>
        {
            if (MigrationStore.ServerOf(tx, report.Id) is { } server) tx.Due("server", server);
        });
        nodes.OnReport(ItemKinds.Carry, (tx, _, report) =>
        {
            if (MigrationStore.ServerOf(tx, report.Id) is { } server) tx.Due("server", server);
        });
        nodes.OnReport(ItemKinds.Snapshot, (tx, _, report) =>
        {
            if (SnapshotStore.Find(tx, report.Id) is { } snapshot) tx.Due("server", snapshot.ServerId);
        });
        nodes.OnReport(ItemKinds.VolumeSwap, (tx, _, report) =>
        {
            if (volumes.FindAttachment(tx, report.Id)?.ServerId is { } server) tx.Due("server", server);
        });
        volumes.OnChange((tx, change) => VolumeAttachmentService.Changed(tx, change, "req-" + kernel.Ids.Uuid()));
        networks.OnPortChange(PortsChanged);
    }

    public string Name => "compute";

    public ServiceFace? Face { get; } = new("compute", "nova", Prefix, Dialect.Nova, ComputeVersions.Table) { TrailingSlash = false };

    public IReadOnlyList<AccessRule> Access => ComputeAccess.Table;

    public IReadOnlyList<QuotaResource> Quotas => ComputeQuotas.All;

    public IReadOnlyList<IReconciler> Reconcilers => [reconciler];

    public IReadOnlyList<IPeriodic> Periodics => [new ActionSweep(kernel)];

    public async Task Start(CancellationToken stop)
    {
        consoles.Stop = stop;
        await kernel.Queue.Write<Done>("compute.first", Origin.System, tx => StandardFlavors.Make(tx, kernel.Ids), stop);
        hosts.Load();
    }

    public Task<string?> CatchUp(CancellationToken stop)
    {
        hosts.Load();
        return Task.FromResult<string?>(null);
    }

    public void Map(Func<ServiceFace, Routes> face)
    {
        var api = face(Face!);
        var second = api.Under(PrefixV2, microversions: false);
        var both = new BothRoutes([api, second], [api.Under(Prefix + BothRoutes.Project), api.Under(PrefixV2 + BothRoutes.Project, microversions: false)]);
        var view = new ServerView(hosts, groups, options);
        var remote = new ConsoleEndpoints(consoles, hosts, options);
        VersionEndpoints.Map(api);
        Extensions.ExtensionEndpoints.Map(both);
        new FlavorEndpoints(kernel, new FlavorService(kernel)).Map(both);
        new KeypairEndpoints(new KeypairService(kernel)).Map(both);
        new ServerEndpoints(kernel, servers, creation, new ServerList(kernel, networks, view, hosts), view, networks, passwords).Map(both);
        new ActionEndpoints(
            servers, new MoveActions(kernel, moves, interfaces, view, networks), new DiskActions(copies, rescue, hosts),
            new HostActions(hosts, servers, between, live), new AddressActions(kernel, servers, networks), remote).Map(both);
        remote.Map(api, both);
        new InterfaceEndpoints(kernel, servers, interfaces, networks).Map(both);
        new VolumeAttachmentEndpoints(servers, attachments, swaps).Map(both);
        new DiagnosticsEndpoints(servers, nodes, hosts).Map(both);
        new GroupEndpoints(groups).Map(both);
        new MetadataEndpoints(servers).Map(both);
        new MigrationEndpoints(kernel, servers, nodes, live).Map(both);
        new HistoryEndpoints(kernel, servers, hosts).Map(both);
        new QuotaEndpoints(kernel).Map(both);
        new QuotaClassEndpoints(kernel).Map(both);
        new UsageEndpoints(kernel).Map(both);
        new HostEndpoints(kernel, hosts, options).Map(both);
        new AggregateEndpoints(new AggregateService(kernel, hosts, placement), hosts).Map(both);
        new ExternalEventEndpoints(kernel).Map(both);
        new HypervisorEndpoints(kernel, hosts, placement, nodes).Map(both);
        new SecurityGroupEndpoints(kernel, networks).Map(both);
        new NetworkEndpoints(kernel, networks).Map(both);
        new ImageEndpoints(kernel, images).Map(both);
        new Proxies.VolumeEndpoints(volumes.Catalog).Map(both);
        new OldHostEndpoints(kernel, hosts, placement).Map(both);
        GoneEndpoints.Map(both);
    }

    /// <summary>Keeps what a guest leaves for its owner as its password. Faults: NotFound, Conflict when there is one.</summary>
    public Task<Outcome<Done>> LeavePassword(string serverId, string password, CancellationToken stop) => passwords.Leave(serverId, password, stop);

    private void PortsChanged(Tx tx, string serverId)
    {
        var ports = networks.PortsOf(tx, [serverId]).GetValueOrDefault(serverId) ?? [];
        ServerStore.SetAddresses(tx, serverId, ServerAddresses.Text(ports));
    }
}
