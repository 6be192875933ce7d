using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Wire;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Forms;
using Sovereign.ObjectStore.Lifecycle;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Sealing;
using Sovereign.ObjectStore.Settings;
using Sovereign.ObjectStore.Swift;
using Sovereign.ObjectStore.Uploads;
using Sovereign.ObjectStore.Websites;

namespace Sovereign.ObjectStore;

/// <summary>What the operator decided about objects.</summary>
/// <param name="Domains">Host names (without a port) under which buckets are hosts of their own; null: the public URL's host.</param>
public sealed record ObjectOptions(IReadOnlyList<string>? Domains = null);

/// <summary>Objects: rows in the database, bytes in files of the data directory. The APIs are S3's and Swift's, over the same objects.</summary>
public sealed class ObjectStoreModule : IModule
{
    private static readonly ServiceFace own = new("object-store", "swift", "/object-store", Dialect.Swift)
    {
        RequestTimeMax = TimeSpan.FromHours(24),

        // A list of 10,000 names, or a manifest of 1,000 segments.
        BodyBytesMax = 8 * 1024 * 1024,
    };

    /// <summary>Clients look for what a store can do at the root.</summary>
    private static readonly ServiceFace info = own with { Prefix = "/info" };

    private readonly KernelServices kernel;
    private readonly ContentKeeper keeper;
    private readonly Gate gate;
    private readonly ObjectBooks books;
    private readonly ObjectReader reader;
    private readonly ObjectSealing sealing;
    private readonly ObjectOperations objects;
    private readonly IReadOnlyList<string> domains;

    public ObjectStoreModule(KernelServices kernel, ObjectOptions? options = null)
    {
        this.kernel = kernel;
        keeper = new ContentKeeper(kernel, new DirectoryContents(kernel.Settings.DataDirectory, kernel.Sources.CrashPoints));
        gate = new Gate(kernel);
        books = new ObjectBooks(kernel);
        reader = new ObjectReader(kernel, keeper);
        sealing = new ObjectSealing(kernel, keeper);
        objects = new ObjectOperations(kernel, keeper, books, reader, Copies(), sealing, gate);
        domains = options?.Domains ?? HostsOf(kernel.Settings.PublicUrl);
    }

    public string Name => "object-store";

    public ServiceFace? Face => own;

    public IReadOnlyList<AccessRule> Access => ObjectAccess.Table;

    public IReadOnlyList<QuotaResource> Quotas => ObjectQuotas.Resources;

    public IReadOnlyList<IPeriodic> Periodics => [keeper, new LifecycleWork(kernel, books), new ExpiryWork(kernel, books)];

    public IFront? Front(WireServices wire)
    {
        var cors = new CorsOperations(kernel);
        var buckets = new BucketOperations(kernel, new BucketService(kernel));
        var lists = new ListOperations(kernel);
        var uploads = new UploadOperations(kernel, keeper, books, reader, Copies(), sealing);
        var forms = new FormOperations(kernel, wire.Callers, keeper, books, sealing, gate);
        S3Operation[] table =
        [
            .. buckets.Table, .. new SettingOperations(kernel).Table, .. lists.Table, .. new DetailOperations(kernel, reader).Table, .. objects.Table, .. uploads.Table,
            // What a request is when no parameter names an operation.
            .. lists.Plain, .. buckets.Plain, .. objects.Plain, .. cors.Plain, .. forms.Plain,
        ];
        return new S3Front(wire, new S3Operations(gate, cors, table), new WebsiteAnswers(kernel, gate, objects), domains);
    }

    public void Map(Func<ServiceFace, Routes> face)
    {
        var api = face(own);
        var (swiftGate, swiftBooks, buckets) = (new SwiftGate(kernel), new SwiftBooks(books), new BucketService(kernel));
        var large = new LargeObjects(kernel, swiftGate, reader, sealing, swiftBooks);
        var bulk = new BulkWork(kernel, buckets, keeper, swiftBooks, large);
        InfoEndpoints.Map(api, face(info));
        new AccountEndpoints(kernel, swiftGate, bulk).Map(api);
        new ContainerEndpoints(kernel, swiftGate, buckets, bulk).Map(api);
        new ObjectEndpoints(kernel, swiftGate, keeper, swiftBooks, large, new TempUrls(kernel)).Map(api);
    }

    /// <summary>What the last process left half-done is finished or removed.</summary>
    public Task Start(CancellationToken stop)
    {
        // What another control plane has under way is not a dead process's.
        if (kernel.Alone) keeper.Recover();
        return Task.CompletedTask;
    }

    public IReadOnlyList<string> Verify() => keeper.Verify();

    private ObjectCopies Copies() => new(kernel, keeper, books, reader, sealing, gate);

    /// <summary>Addresses have no names below them; "localhost" has.</summary>
    private static IReadOnlyList<string> HostsOf(string publicUrl)
    {
        var isName = Uri.TryCreate(publicUrl, UriKind.Absolute, out var url) && url.HostNameType == UriHostNameType.Dns;
        return isName && url!.Host != "localhost" ? [url.Host, "localhost"] : ["localhost"];
    }
}
