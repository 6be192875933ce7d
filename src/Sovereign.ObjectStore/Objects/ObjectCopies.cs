using System.Globalization;
using System.Text;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Objects;

/// <summary>CopyObject and UploadPartCopy. A copy of a whole object shares its content, so that it takes the time of a row; only a range is copied as bytes.</summary>
internal sealed class ObjectCopies(KernelServices kernel, ObjectBooks books, Gate gate)
{
    public async Task<Outcome<S3Answer>> Copy(S3Call call)
    {
        var source = Source(call);
        if (source.Fault is { } missing) return missing;
        var from = source.Value;
        var replace = (call.Header("x-amz-metadata-directive") ?? "COPY").ToUpperInvariant();
        if (replace is not ("COPY" or "REPLACE")) return S3Faults.InvalidArgument("Unknown metadata directive.");
        var wish = ObjectWish.Of(call);
        if (wish.Fault is { } wrong) return wrong;
        var sameObject = from.Bucket == call.Bucket.Number && from.Name == call.Key && from.Latest;
        if (sameObject && replace == "COPY" && !wish.Value.Headers.ContainsKey(KeptHeaders.StorageClass) && !call.Bucket.Versioned)
        {
            return S3Faults.InvalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.");
        }

        var keepsTags = !string.Equals(call.Header("x-amz-tagging-directive"), "REPLACE", StringComparison.OrdinalIgnoreCase);
        var made = await kernel.Queue.Write<ObjectRow>(
            "object.copy",
            call.Origin,
            tx =>
            {
                // Between the look and now it may have gone, and its content with it.
                if (ObjectRows.Find(tx, from.Bucket, from.Name, from.VersionId) is not { } still || still.Version != from.Version) return S3Faults.NoSuchKey;
                var row = still with
                {
                    Bucket = call.Bucket.Number, Name = call.Key, OwnerId = call.OwnerId, Headers = replace == "COPY" ? still.Headers : KeptHeaders.ToJson(wish.Value.Headers),
                    Tags = keepsTags ? still.Tags : wish.Value.Tags, LockMode = wish.Value.Lock.Mode, RetainUntil = wish.Value.Lock.RetainUntil, LegalHold = wish.Value.Lock.Hold,
                    Acl = wish.Value.Acl,
                };
                return books.Place(tx, row, wish.Value.Conditions);
            },
            call.Stop);
        return made.Map(row => S3Answer.Xml(200, S3Xml.Document("CopyObjectResult", xml =>
        {
            xml.Text("LastModified", S3Xml.Time(row.ModifiedAt));
            xml.Text("ETag", $"\"{row.Etag}\"");
            if (row.Sum is { } sum) xml.Text("Checksum" + row.Checksum.ToWire(), sum);
        })).Version(row).With("x-amz-copy-source-version-id", from.VersionId == ObjectRow.NullVersion ? null : from.VersionId));
    }

    /// <summary>The object that the header names, when the caller may read it and its conditions hold.</summary>
    public Outcome<ObjectRow> Source(S3Call call)
    {
        var text = call.Header("x-amz-copy-source") ?? "";
        string? version = null;
        var mark = text.IndexOf("?versionId=", StringComparison.Ordinal);
        if (mark >= 0) (text, version) = (text[..mark], text[(mark + "?versionId=".Length)..]);
        if (S3Request.Decode(text) is not { } path) return Wrong();
        path = path.TrimStart('/');
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == path.Length - 1) return Wrong();
        var (bucketName, key) = (path[..slash], path[(slash + 1)..]);
        return kernel.Database.Read<Outcome<ObjectRow>>(session =>
        {
            if (Gate.Find(session, call.Caller, bucketName) is not { } bucket) return S3Faults.NoSuchBucket;
            if (!gate.Allows(session, call, bucket, version is null ? "s3:GetObject" : "s3:GetObjectVersion", key)) return S3Faults.AccessDenied;
            var row = version is null ? ObjectRows.Latest(session, bucket.Number, key) : ObjectRows.Find(session, bucket.Number, key, version);
            if (row is null || row.Marker) return version is null ? S3Faults.NoSuchKey : S3Faults.NoSuchVersion;
            return ReadConditions.Refusal(call.Header, "x-amz-copy-source-", row) is { } refused ? refused : row;
        });

        static S3Fault Wrong() => S3Faults.InvalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
    }
}
