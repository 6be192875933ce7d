using Microsoft.Extensions.Logging;
using Sovereign.Image.Content;
using Sovereign.Image.Discovery;
using Sovereign.Image.Images;
using Sovereign.Image.Imports;
using Sovereign.Image.Members;
using Sovereign.Image.Metadefs;
using Sovereign.Image.Tasks;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image;

/// <summary>Images: rows in the database, bytes by their digest in the data directory. The API is Glance's.</summary>
public sealed class ImageModule : IModule, IImages
{
    private static readonly ServiceFace own = new("image", "glance", "/image/v2", Dialect.Glance) { TrailingSlash = false };
    private readonly KernelServices kernel;
    private readonly ContentStore store;
    private readonly ImageService images;
    private readonly UploadService uploads;
    private readonly DiskImages disks;
    private readonly ImageReconciler reconciler;
    private readonly ImportOptions import;
    private readonly StageService stages;
    private readonly ImportReconciler imports;

    /// <param name="options">What the operator decided about imports; null: only public sources, no directory, no conversion.</param>
    public ImageModule(KernelServices kernel, ImportOptions? options = null)
    {
        this.kernel = kernel;
        import = options ?? ImportOptions.None;
        store = new ContentStore(kernel.Settings.DataDirectory, kernel.Sources.CrashPoints);
        images = new ImageService(kernel);
        uploads = new UploadService(kernel, store);
        disks = new DiskImages(images, uploads, kernel);
        Catalog = new ImagesForCompute(kernel, images);
        reconciler = new ImageReconciler(kernel, store);
        stages = new StageService(kernel, store);
        imports = new ImportReconciler(kernel, new ImportWork(kernel, store, import));
    }

    public string Name => "image";

    public ServiceFace? Face => own;

    public IReadOnlyList<AccessRule> Access => ImageAccess.Table;

    public IReadOnlyList<QuotaResource> Quotas => ImageBooks.Resources;

    public IReadOnlyList<IReconciler> Reconcilers => [reconciler, imports];

    public IReadOnlyList<IPeriodic> Periodics => [new ExpiredTasks(kernel)];

    public void Map(Func<ServiceFace, Routes> face)
    {
        var api = face(own);
        VersionEndpoints.Map(api);
        new ImageEndpoints(kernel, images, import).Map(api);
        new ContentEndpoints(kernel, store, uploads).Map(api);
        new MemberEndpoints(new MemberService(kernel)).Map(api);
        new ImportEndpoints(new ImportService(kernel, import), stages, import).Map(api);
        new TaskEndpoints(kernel).Map(api);
        new MetadefEndpoints(kernel, new MetadefService(kernel)).Map(api);
        new SchemaEndpoints().Map(api);
        new InfoEndpoints(kernel).Map(api);
        new AbsentEndpoints(kernel).Map(api);
    }

    /// <summary>Uploads of a dead process go back to queued, their bytes go, and what was to be removed is due again.</summary>
    public async Task Start(CancellationToken stop)
    {
        store.Prepare();
        imports.Stop = stop;
        // What another control plane has under way is not a dead process's.
        if (!kernel.Alone) return;
        await kernel.Queue.Write<Done>("image.start", Origin.System, Inherit, stop);
        var gone = store.Sweep(kernel.Database.Read(ContentRows.Known), kernel.Database.Read(StageStore.Files));
        if (gone > 0) kernel.Log("image").LogInformation("Removed {Files} files of uploads that did not finish.", gone);
    }

    public IImageCatalog Catalog { get; }

    public Outcome<ImageInfo> Find(AccessGrant access, string imageId) => images.Show(access, imageId).Map(ImagesForCompute.Info);

    public Outcome<Stream> OpenContent(string digest)
    {
        var file = kernel.Database.Read(session => ContentRows.AnyFile(session, digest));
        return file is not null && store.Exists(file) ? store.OpenStream(file) : new Fault.NotFound("Content", digest);
    }

    public void KeepFor(Func<Session, string, bool> standsOn) => reconciler.StandsOn = standsOn;

    public void Left(Tx tx, string digest)
    {
        foreach (var image in ContentRows.ImagesWithGarbage(tx, digest)) tx.Due(ImageRow.Kind, image);
    }

    public Outcome<string> Announce(Tx tx, AccessGrant access, DiskImage image) => disks.Announce(tx, access, image);

    public void Describe(Tx tx, string imageId, IReadOnlyDictionary<string, string> properties) => DiskImages.Describe(tx, imageId, properties);

    public Task<Outcome<Done>> Receive(string imageId, Stream content, CancellationToken stop) => disks.Receive(imageId, content, stop);

    public string? StatusOf(Session session, string imageId) => ImageStore.Find(session, imageId)?.Status;

    public void Remove(Tx tx, string imageId) => disks.Remove(tx, imageId);

    public IReadOnlyList<string> Having(Session session, string projectId, IReadOnlyDictionary<string, string> properties) =>
        DiskImages.Having(session, projectId, properties);

    /// <summary>Makes a public image of a file that comes with the program. The same name and content again is the same image.</summary>
    /// <param name="path">The file; it is copied.</param>
    /// <returns>The image's id.</returns>
    public Task<Outcome<string>> Register(
        string name, string path, string diskFormat, IReadOnlyDictionary<string, string> properties, int minDiskGib, int minRamMib, string ownerProjectId,
        CancellationToken stop) =>
        uploads.Register(new ImageRow
        {
            Name = name, Owner = ownerProjectId, Visibility = "public", DiskFormat = diskFormat, ContainerFormat = "bare", MinDisk = minDiskGib, MinRam = minRamMib,
        }, path, properties, stop);

    /// <summary>Recounts how many images have each content, and looks for content without its file and files without content.</summary>
    public IReadOnlyList<string> Verify() => kernel.Database.Read(session => ContentRows.Verify(session)
        .Concat(ContentRows.Contents(session).Where(file => !store.Exists(file)).Select(file => $"The file {file} is missing."))
        .Concat(store.Files().Except(ContentRows.Known(session)).Select(file => $"The file {file} belongs to no image.")).ToList());

    private Outcome<Done> Inherit(Tx tx)
    {
        ImageBooks.Inherit(kernel.Quotas, tx);
        foreach (var row in StageStore.Cut(tx)) stages.Reset(tx, row.Id, null);
        foreach (var row in tx.Query<ImageRow>("SELECT id, upload_id FROM images WHERE status = 'saving' ORDER BY id")) uploads.Reset(tx, row.Id, row.UploadId ?? "");
        foreach (var id in ContentRows.ImagesWithGarbage(tx)) tx.Due(ImageRow.Kind, id);
        foreach (var id in TaskStore.Unfinished(tx)) tx.Due(TaskRow.Kind, id);
        return Done.Value;
    }
}
