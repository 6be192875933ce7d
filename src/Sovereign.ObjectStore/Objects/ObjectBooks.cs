using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Objects;

/// <summary>What a write must find; null members: anything.</summary>
/// <param name="IfMatch">Entity tag of the current object, or "*" for any object.</param>
/// <param name="IfNoneMatch">"*": there must be none.</param>
internal sealed record WriteConditions(string? IfMatch = null, string? IfNoneMatch = null)
{
    public static readonly WriteConditions None = new();

    public Fault? Refusal(ObjectRow? latest)
    {
        var current = latest is { Marker: false } ? latest : null;
        if (IfNoneMatch is not null && current is not null && (IfNoneMatch == "*" || IfNoneMatch.Trim('"') == current.Etag)) return S3Faults.PreconditionFailed;
        if (IfMatch is null) return null;
        if (current is null) return S3Faults.NoSuchKey;
        return IfMatch == "*" || IfMatch.Trim('"') == current.Etag ? null : S3Faults.PreconditionFailed;
    }
}

/// <summary>What a deletion did.</summary>
/// <param name="VersionId">Of the marker that was made, or of what was deleted; null: versions were never on.</param>
/// <param name="Marker">A marker was made, or deleted.</param>
internal sealed record Deletion(string? VersionId, bool Marker);

/// <summary>The transactions' part of writing and deleting objects: which version is the current one, what is counted, and whose content becomes garbage.</summary>
internal sealed class ObjectBooks(KernelServices kernel)
{
    /// <summary>Puts a version in its place: it is the current one afterwards.</summary>
    public Outcome<ObjectRow> Place(Tx tx, ObjectRow row, WriteConditions conditions)
    {
        if (BucketStore.Find(tx, row.Bucket) is not { } bucket) return S3Faults.NoSuchBucket;
        var latest = ObjectRows.Latest(tx, row.Bucket, row.Name);
        if (conditions.Refusal(latest) is { } refused) return refused;
        var placed = row with
        {
            Version = (latest?.Version ?? 0) + 1,
            ModifiedAt = tx.Now,
            Latest = true,
            VersionId = bucket.Versioned ? kernel.Ids.Hex()
            : ObjectRow.NullVersion
        };
        Displace(tx, bucket, latest);
        if (!placed.Marker)
        {
            if (kernel.Quotas.Take(tx, ObjectQuotas.Service, ObjectQuotas.Objects, bucket.ProjectId, 1).Fault is { } many) return many;
            if (kernel.Quotas.Take(tx, ObjectQuotas.Service, ObjectQuotas.Bytes, bucket.ProjectId, placed.Size).Fault is { } much) return much;
            BucketStore.Count(tx, bucket.Number, 1, placed.Size);
        }

        ObjectRows.Insert(tx, placed);
        return placed;
    }

    /// <summary>Deletes as a client without a version id does: for good, or by a marker.</summary>
    public Outcome<Deletion> Delete(Tx tx, long bucketNumber, string name, string ownerId)
    {
        if (BucketStore.Find(tx, bucketNumber) is not { } bucket) return S3Faults.NoSuchBucket;
        if (bucket.Versioning != VersioningState.Off)
        {
            var marker = Place(tx, new ObjectRow { Bucket = bucketNumber, Name = name, Marker = true, OwnerId = ownerId }, WriteConditions.None);
            return marker.Map(made => new Deletion(made.VersionId, true));
        }

        if (ObjectRows.Latest(tx, bucketNumber, name) is { } row) Remove(tx, bucket, row);
        return new Deletion(null, false);
    }

    /// <summary>Deletes one version for good; what was before it becomes the current one.</summary>
    /// <param name="isKept">Why this version must not go; null: it may.</param>
    public Outcome<Deletion> DeleteVersion(Tx tx, long bucketNumber, string name, string versionId, Func<ObjectRow, Fault?> isKept)
    {
        if (BucketStore.Find(tx, bucketNumber) is not { } bucket) return S3Faults.NoSuchBucket;
        if (ObjectRows.Find(tx, bucketNumber, name, versionId) is not { } row) return new Deletion(versionId, false);
        if (isKept(row) is { } kept) return kept;
        Remove(tx, bucket, row);
        return new Deletion(versionId, row.Marker);
    }

    /// <summary>Deletes a marker that hides nothing any more.</summary>
    public Outcome<Deletion> DeleteLonelyMarker(Tx tx, long bucketNumber, string name, string versionId)
    {
        if (ObjectRows.Latest(tx, bucketNumber, name) is not { Marker: true } marker || marker.VersionId != versionId || ObjectRows.Versions(tx, bucketNumber, name) > 1)
        {
            return new Fault.Conflict("The marker hides a version.");
        }

        return DeleteVersion(tx, bucketNumber, name, versionId, _ => null);
    }

    /// <summary>Takes a version away, with its content and its count.</summary>
    public void Remove(Tx tx, Bucket bucket, ObjectRow row)
    {
        ObjectRows.Delete(tx, row);
        if (row.Latest && !row.Marker) BucketStore.Count(tx, bucket.Number, -1, -row.Size);
        if (!row.Marker)
        {
            kernel.Quotas.Give(tx, ObjectQuotas.Service, ObjectQuotas.Objects, bucket.ProjectId, 1);
            kernel.Quotas.Give(tx, ObjectQuotas.Service, ObjectQuotas.Bytes, bucket.ProjectId, row.Size);
        }

        DiscardContent(tx, row);
        if (!row.Latest || ObjectRows.Latest(tx, bucket.Number, row.Name) is not { } before) return;
        ObjectRows.SetLatest(tx, before, true);
        if (!before.Marker) BucketStore.Count(tx, bucket.Number, 1, before.Size);
    }

    /// <summary>What was current is so no longer; where versions are not kept it goes.</summary>
    private void Displace(Tx tx, Bucket bucket, ObjectRow? latest)
    {
        if (latest is null) return;
        if (bucket.Versioned)
        {
            Retire(tx, bucket, latest);
            return;
        }

        var unversioned = latest.VersionId == ObjectRow.NullVersion ? latest : ObjectRows.Find(tx, bucket.Number, latest.Name, ObjectRow.NullVersion);
        if (unversioned != latest) Retire(tx, bucket, latest);
        // It is no longer the latest in either case, so that nothing before it becomes current.
        if (unversioned is null) return;
        if (unversioned.Latest && !unversioned.Marker) BucketStore.Count(tx, bucket.Number, -1, -unversioned.Size);
        Remove(tx, bucket, unversioned with { Latest = false });
    }

    private static void Retire(Tx tx, Bucket bucket, ObjectRow row)
    {
        ObjectRows.SetLatest(tx, row, false);
        if (!row.Marker) BucketStore.Count(tx, bucket.Number, -1, -row.Size);
    }

    /// <summary>Copies share contents: only the last that has one throws it away.</summary>
    private static void DiscardContent(Tx tx, ObjectRow row)
    {
        if (row.Content is not null && !ObjectRows.HasContent(tx, row.Content)) ObjectRows.Discard(tx, row.Content);
        if (row.UploadId is not null && !ObjectRows.HasParts(tx, row.UploadId)) DiscardParts(tx, row.UploadId);
    }

    public static void DiscardParts(Tx tx, string uploadId)
    {
        foreach (var part in ObjectRows.Parts(tx, uploadId))
        {
            ObjectRows.DeletePart(tx, part);
            ObjectRows.Discard(tx, part.Content);
        }
    }
}
