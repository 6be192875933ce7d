using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Uploads;

namespace Sovereign.ObjectStore.Buckets;

/// <summary>Makes, changes and deletes buckets.</summary>
internal sealed class BucketService(KernelServices kernel)
{
    /// <summary>Longest name of a container, bytes of UTF-8 (Swift).</summary>
    public const int ContainerNameBytesMax = 256;

    /// <summary>Makes a bucket that S3 can find under its name alone.</summary>
    public Outcome<Bucket> Create(Tx tx, string projectId, string ownerId, string name, bool locked)
    {
        if (!BucketNames.IsValid(name)) return S3Faults.InvalidBucketName;
        if (BucketStore.OfProject(tx, projectId, name) is not null) return S3Faults.BucketAlreadyOwnedByYou;
        if (BucketStore.OfAll(tx, name) is not null) return S3Faults.BucketAlreadyExists;
        return Insert(tx, new Bucket
        {
            ProjectId = projectId, OwnerId = ownerId, Name = name, GlobalName = name, LockEnabled = locked, Versioning = locked
            ? VersioningState.Enabled : VersioningState.Off
        });
    }

    /// <summary>Makes a container: its name is the project's; S3 finds it from elsewhere when the name is free and one of its own.</summary>
    public Outcome<Bucket> CreateContainer(Tx tx, string projectId, string ownerId, string name) => Insert(tx, new Bucket
    {
        ProjectId = projectId, OwnerId = ownerId, Name = name, GlobalName = BucketNames.IsValid(name) && BucketStore.OfAll(tx, name) is null ? name : null,
    });

    /// <summary>Deletes an empty bucket.</summary>
    public Outcome<Done> Delete(Tx tx, long number)
    {
        if (BucketStore.Find(tx, number) is not { } bucket) return S3Faults.NoSuchBucket;
        if (!BucketStore.IsEmpty(tx, number)) return S3Faults.BucketNotEmpty;
        // Uploads under way go with it: nobody could complete them.
        foreach (var upload in ObjectRows.UploadsOf(tx, number)) UploadBooks.Drop(kernel, tx, upload, bucket);
        BucketStore.Delete(tx, number);
        kernel.Quotas.Give(tx, ObjectQuotas.Service, ObjectQuotas.Buckets, bucket.ProjectId, 1);
        Record(tx, bucket, Change.Deleted, null);
        return Done.Value;
    }

    public Outcome<Done> SetVersioning(Tx tx, long number, string versioning)
    {
        if (BucketStore.Find(tx, number) is not { } bucket) return S3Faults.NoSuchBucket;
        if (bucket.LockEnabled && versioning != VersioningState.Enabled)
        {
            return new S3Fault(409, "InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.");
        }

        BucketStore.SetVersioning(tx, number, versioning);
        Record(tx, bucket with { Versioning = versioning }, Change.Updated, "versioning");
        return Done.Value;
    }

    /// <summary>Sets one of the bucket's documents; null takes it away.</summary>
    public static Outcome<Done> Set(Tx tx, long number, string name, string? document)
    {
        if (BucketStore.Find(tx, number) is not { } bucket) return S3Faults.NoSuchBucket;
        BucketStore.Set(tx, number, name, document);
        Record(tx, bucket, Change.Updated, name);
        return Done.Value;
    }

    public static void Record(Tx tx, Bucket bucket, Change change, string? changed) => tx.Record(
        Bucket.Kind, BucketId(bucket), bucket.ProjectId, change,
        new BucketDocument(bucket.Name, bucket.ProjectId, bucket.OwnerId, bucket.Versioning, bucket.LockEnabled, changed), ObjectJson.Wire.BucketDocument);

    private static string BucketId(Bucket bucket) => bucket.Number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private Outcome<Bucket> Insert(Tx tx, Bucket wanted)
    {
        var bucket = wanted with { Number = BucketStore.NextNumber(tx), CreatedAt = tx.Now };
        if (!BucketStore.Insert(tx, bucket)) return S3Faults.BucketAlreadyOwnedByYou;
        if (kernel.Quotas.Take(tx, ObjectQuotas.Service, ObjectQuotas.Buckets, bucket.ProjectId, 1).Fault is { } over) return TooMany(over);
        Record(tx, bucket, Change.Created, null);
        return bucket;
    }

    private static Fault TooMany(Fault over) => over is Fault.OverQuota
        ? new S3Fault(400, "TooManyBuckets", "You have attempted to create more buckets than allowed") : over;
}
