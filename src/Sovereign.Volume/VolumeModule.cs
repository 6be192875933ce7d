using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.Backups;
using Sovereign.Volume.Backups.Keeping;
using Sovereign.Volume.Groups;
using Sovereign.Volume.GroupSnapshots;
using Sovereign.Volume.GroupTypes;
using Sovereign.Volume.Managing;
using Sovereign.Volume.Messages;
using Sovereign.Volume.QosSpecs;
using Sovereign.Volume.Services;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Transfers;
using Sovereign.Volume.Types;
using Sovereign.Volume.Volumes;

namespace Sovereign.Volume;

/// <summary>The volume service: disks that live apart from servers, their snapshots, types, and ties to servers. The API is Cinder's.</summary>
public sealed class VolumeModule : IModule
{
    internal const string Root = "/volume";
    internal const string Prefix = "/volume/v3";
    private readonly KernelServices kernel;
    private readonly INodes nodes;
    private readonly ZoneService zones;
    private readonly VolumePlacing placing;
    private readonly VolumeService volumes;
    private readonly VolumeCreation creation;
    private readonly SnapshotService snapshots;
    private readonly AttachmentService attachments;
    private readonly TypeService types;
    private readonly VolumeUploads uploads;
    private readonly TransferService transfers;
    private readonly IBackupStore store;
    private readonly BackupContents contents;
    private readonly BackupEndpoints backups;
    private readonly ManagingService managing;
    private readonly GroupService groups;
    private readonly IReconciler[] reconcilers;

    /// <summary>Puts the service together and listens to nodes; no I/O.</summary>
    public VolumeModule(KernelServices kernel, INodes nodes, IImages images, ISecrets secrets, VolumeOptions options)
        : this(kernel, nodes, images, secrets, options, new DirectoryBackups(
            options.BackupDirectory ?? Path.Combine(kernel.Settings.DataDirectory, "backups"), make: options.BackupDirectory is null, kernel.Sources.CrashPoints))
    {
    }

    /// <param name="store">Where backups are kept, in place of a directory.</param>
    internal VolumeModule(KernelServices kernel, INodes nodes, IImages images, ISecrets secrets, VolumeOptions options, IBackupStore store)
    {
        (this.kernel, this.nodes, this.store) = (kernel, nodes, store);
        var keys = new VolumeKeys(kernel, secrets);
        var (items, books) = (new VolumeItems(keys, nodes), new VolumeBooks());
        zones = new ZoneService(options, nodes);
        placing = new VolumePlacing(nodes);
        volumes = new VolumeService(kernel, placing, items, books);
        creation = new VolumeCreation(kernel, images, zones, items, keys);
        snapshots = new SnapshotService(kernel, nodes);
        attachments = new AttachmentService(kernel, books);
        types = new TypeService(kernel);
        uploads = new VolumeUploads(volumes, nodes, images);
        transfers = new TransferService(kernel, items, books, keys);
        var shown = new VolumesForCompute(nodes, creation, placing, items, books, attachments, snapshots);
        shown.Catalog = new VolumeCatalog(kernel, volumes, creation, snapshots, shown);
        Volumes = shown;
        var backupBooks = new BackupBooks(kernel, nodes, books);
        contents = new BackupContents(kernel, store, backupBooks);
        backups = new BackupEndpoints(
            kernel, new BackupService(kernel, nodes, backupBooks, books, zones), new BackupRestoring(kernel, creation, items, books),
            new BackupRecords(kernel, store, zones));
        managing = new ManagingService(kernel, items, placing, backupBooks, zones, snapshots);
        groups = new GroupService(kernel, books, creation, zones);
        reconcilers =
        [
            new VolumeReconciler(kernel, placing, items, books, uploads, backupBooks, new UnmanagedBooks(nodes), keys), new SnapshotReconciler(kernel, nodes),
            new BackupReconciler(kernel, nodes, backupBooks, contents), new GroupReconciler(kernel), new GroupSnapshotReconciler(kernel),
        ];
        nodes.OnReport(ItemKinds.Volume, (tx, _, report) => tx.Due(VolumeRow.Kind, report.Id));
        nodes.OnReport(ItemKinds.VolumeSnapshot, (tx, _, report) =>
        {
            // Those that backups are read from are nobody's.
            if (SnapshotStore.OfPoint(tx, report.Id) is { } snapshot) tx.Due(SnapshotRow.Kind, snapshot.Id);
        });
        nodes.OnReport(ItemKinds.VolumeContent, (tx, _, report) =>
        {
            if (VolumeUploads.VolumeOf(tx, report.Id) is { } volume) tx.Due(VolumeRow.Kind, volume);
            else if (BackupRows.Find(tx, report.Id) is not null) tx.Due(BackupRow.Kind, report.Id);
        });
        nodes.OnNode((tx, _) =>
        {
            foreach (var id in VolumeStore.Unplaced(tx)) tx.Due(VolumeRow.Kind, id);
        });
        nodes.OnRemove((tx, node) => VolumeStore.OnNode(tx, node.Id).Count is > 0 and var count
            ? new Fault.Conflict($"The node {node.HostName} keeps {count} volumes.")
            : null);
    }

    public string Name => "volume";

    /// <summary>What compute sees of it.</summary>
    public IVolumes Volumes { get; }

    public ServiceFace? Face { get; } = new("volumev3", "cinderv3", Prefix, Dialect.Cinder, VolumeVersions.Table) { TrailingSlash = false };

    public IReadOnlyList<AccessRule> Access => VolumeAccess.Table;

    public IReadOnlyList<QuotaResource> Quotas => VolumeQuotas.All;

    public IReadOnlyList<IReconciler> Reconcilers => reconcilers;

    /// <summary>Whether what a node sends under this id is a backup.</summary>
    public bool KeepsContent(string id) => contents.Has(id);

    /// <summary>Keeps a backup that a node sends; gives the SHA-256 of what was kept.</summary>
    public Task<Outcome<string>> ReceiveContent(string id, Stream content, CancellationToken stop) => contents.Receive(id, content, stop);

    /// <summary>Opens a backup that is kept, for a node that makes a volume of it.</summary>
    public Outcome<Stream> OpenContent(string id) => contents.Open(id);

    public async Task Start(CancellationToken stop)
    {
        if (kernel.Alone) await store.Prepare(stop);
        await kernel.Queue.Write<Done>("volume.first", Origin.System, tx => TypeService.MakeDefault(tx, kernel.Ids.Uuid()), stop);
    }

    public void Map(Func<ServiceFace, Routes> face)
    {
        var api = face(Face!);
        var both = new BothRoutes([api], [api.Under(Prefix + BothRoutes.Project)]);
        VersionEndpoints.Map(api);
        Extensions.ExtensionEndpoints.Map(both);
        new VolumeEndpoints(
            kernel, volumes, creation, new VolumeView(nodes),
            new VolumeActions(volumes, creation, uploads, new AttachmentActions(kernel, attachments), managing)).Map(both);
        new SnapshotEndpoints(kernel, snapshots, managing).Map(both);
        new GroupTypeEndpoints(kernel, new GroupTypeService(kernel)).Map(both);
        new GroupEndpoints(kernel, groups).Map(both);
        new GroupSnapshotEndpoints(kernel, new GroupSnapshotService(kernel, snapshots)).Map(both);
        new ManagingEndpoints(kernel, managing, new VolumeView(nodes)).Map(both);
        new AttachmentEndpoints(kernel, attachments).Map(both);
        backups.Map(both);
        new TransferEndpoints(kernel, transfers).Map(both);
        new TypeEndpoints(kernel, types).Map(both);
        new DefaultTypeEndpoints(kernel).Map(api);
        new EncryptionEndpoints(types).Map(both);
        new QosEndpoints(kernel).Map(both);
        new MessageEndpoints(kernel).Map(both);
        new Limits.QuotaEndpoints(kernel).Map(both);
        new Limits.QuotaClassEndpoints(kernel).Map(both);
        new ServiceEndpoints(kernel, nodes, placing, zones).Map(both);
        new PoolEndpoints(kernel, placing).Map(both);
        FilterEndpoints.Map(both);
    }
}
