using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Wire;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Uploads;

namespace Sovereign.ObjectStore;

/// <summary>What the operator decided about objects.</summary>
/// <param name="Domains">Host names (without a port) under which buckets are hosts of their own; null: the public URL's host.</param>
public sealed record ObjectOptions(IReadOnlyList<string>? Domains = null);

/// <summary>Objects: rows in the database, bytes in files of the data directory. The APIs are S3's and Swift's, over the same objects.</summary>
public sealed class ObjectStoreModule : IModule
{
    private readonly KernelServices kernel;
    private readonly ContentKeeper keeper;
    private readonly Gate gate;
    private readonly S3Operations operations;
    private readonly IReadOnlyList<string> domains;

    public ObjectStoreModule(KernelServices kernel, ObjectOptions? options = null)
    {
        this.kernel = kernel;
        var contents = new DirectoryContents(kernel.Settings.DataDirectory, kernel.Sources.CrashPoints);
        keeper = new ContentKeeper(kernel, contents);
        gate = new Gate(kernel);
        var books = new ObjectBooks(kernel);
        var reader = new ObjectReader(kernel, keeper);
        var copies = new ObjectCopies(kernel, books, gate);
        var buckets = new BucketOperations(kernel, new BucketService(kernel));
        var lists = new ListOperations(kernel);
        var objects = new ObjectOperations(kernel, keeper, books, reader, copies);
        var uploads = new UploadOperations(kernel, keeper, books, reader, copies);
        operations = new S3Operations(gate, [.. buckets.Table, .. lists.Table, .. objects.Table, .. uploads.Table, .. lists.Plain, .. buckets.Plain, .. objects.Plain]);
        domains = options?.Domains ?? HostsOf(kernel.Settings.PublicUrl);
    }

    public string Name => "object-store";

    public ServiceFace? Face => null;

    public IReadOnlyList<AccessRule> Access => ObjectAccess.Table;

    public IReadOnlyList<QuotaResource> Quotas => ObjectQuotas.Resources;

    public IReadOnlyList<IPeriodic> Periodics => [keeper];

    public IFront? Front(WireServices wire) => new S3Front(wire, operations, domains);

    public void Map(Func<ServiceFace, Routes> face)
    {
        // Swift's routes come with its slice.
    }

    /// <summary>What the last process left half-done is finished or removed.</summary>
    public Task Start(CancellationToken stop)
    {
        // What another control plane has under way is not a dead process's.
        if (kernel.Alone) keeper.Recover();
        return Task.CompletedTask;
    }

    public IReadOnlyList<string> Verify() => keeper.Verify();

    /// <summary>Addresses have no names below them; "localhost" has.</summary>
    private static IReadOnlyList<string> HostsOf(string publicUrl)
    {
        var host = Uri.TryCreate(publicUrl, UriKind.Absolute, out var url) ? url.Host : "";
        return url is null || url.HostNameType != UriHostNameType.Dns ? ["localhost"] : [host];
    }
}
