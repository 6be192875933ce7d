using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Sealing;

namespace Sovereign.ObjectStore.Objects;

/// <summary>CopyObject, and the source of UploadPartCopy. A copy of a whole object shares its content, so that it takes the time of a row; only what is encrypted in
/// another way,
/// and a range, is copied as bytes.</summary>
internal sealed class ObjectCopies(KernelServices kernel, ContentKeeper keeper, ObjectBooks books, ObjectReader reader, ObjectSealing sealing, Gate gate)
{
    public async Task<Outcome<S3Answer>> Copy(S3Call call)
    {
        var source = Source(call);
        if (source.Fault is { } missing) return missing;
        var asked = CopyWish.Of(call, source.Value);
        if (asked.Fault is { } wrong) return wrong;
        var encrypted = sealing.Wish(call);
        if (encrypted.Fault is { } bad) return bad;
        var segments = reader.Segments(source.Value);
        var opener = sealing.Opener(call, segments, asSource: true);
        if (opener.Fault is { } closed) return closed;
        var made = Shares(segments, encrypted.Value, source.Value, call)
            ? await kernel.Queue.Write<ObjectRow>("object.copy", call.Origin, tx => Share(tx, call, source.Value, asked.Value), call.Stop)
            : await Bytes(call, source.Value, segments, opener.Value, encrypted.Value, asked.Value);
        return made.Map(row => ObjectSealing.Tell(
            S3Answer.Xml(200, S3Xml.Document("CopyObjectResult", xml =>
            {
                xml.Text("LastModified", S3Xml.Time(row.ModifiedAt));
                xml.Text("ETag", $"\"{row.Etag}\"");
                if (row.Sum is { } sum) xml.Text("Checksum" + row.Checksum.ToWire(), sum);
            })).Version(row).With("x-amz-copy-source-version-id", source.Value.VersionId == ObjectRow.NullVersion ? null : source.Value.VersionId),
            row.Sealing));
    }

    /// <summary>The object that the header names, when the caller may read it and its conditions hold.</summary>
    public Outcome<ObjectRow> Source(S3Call call)
    {
        const string Mark = "?versionId=";
        var text = call.Header("x-amz-copy-source") ?? "";
        string? version = null;
        var mark = text.IndexOf(Mark, StringComparison.Ordinal);
        if (mark >= 0) (text, version) = (text[..mark], text[(mark + Mark.Length)..]);
        if (S3Request.Decode(text) is not { } path) return Wrong();
        path = path.Length > 0 && path[0] == '/' ? path[1..] : path;
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

    /// <summary>Whether the copy can have the very content of its source.</summary>
    private static bool Shares(List<Segment> segments, SealWish? wish, ObjectRow from, S3Call call) => segments.TrueForAll(segment => segment.Sealing is null)
        ? wish is null
        : wish is { CustomerKey: null } && segments.TrueForAll(segment => segment.Sealing is not null && !ObjectSealing.IsCustomers(segment.Sealing))
            && (from.UploadId is null || from.Bucket == call.Bucket.Number);

    private Outcome<ObjectRow> Share(Tx tx, S3Call call, ObjectRow from, CopyWish asked)
    {
        // Between the look and now it may have gone, and its content with it.
        if (ObjectRows.Find(tx, from.Bucket, from.Name, from.VersionId) is not { } still || still.Version != from.Version) return S3Faults.NoSuchKey;
        var kept = still.Sealing is null ? null : sealing.Resealed(tx, still.Sealing, call.Bucket.ProjectId);
        if (still.Sealing is not null && kept is null) return S3Faults.NoSuchKey;
        return books.Place(tx, asked.Made(tx, call, still) with { Sealing = kept }, asked.Wish.Conditions);
    }

    private async Task<Outcome<ObjectRow>> Bytes(
        S3Call call, ObjectRow source, List<Segment> segments, Func<Segment, long, long, Stream> open, SealWish? encrypted, CopyWish asked)
    {
        var key = sealing.NewKey(encrypted);
        await using var body = reader.Read(segments, 0, source.Size, open);
        return await keeper.Receive<ObjectRow>(
            body,
            new ExpectedContent(source.Size, long.MaxValue),
            sealing.Seal(encrypted, key),
            "object.copy",
            call.Origin,
            (tx, content) =>
            {
                var fresh = asked.Wish.Row(tx, call, content);
                var row = source with { Etag = fresh.Etag, Content = content.Name, Crc = content.Crc, UploadId = null, SumKind = 0, Sum = null };
                return books.Place(tx, asked.Made(tx, call, row) with { Sealing = sealing.Kept(tx, encrypted, key, call.Bucket.ProjectId, content.Name) },
                    asked.Wish.Conditions);
            },
            call.Stop);
    }
}

/// <summary>What a copy takes of its source, and what it is given.</summary>
internal sealed record CopyWish(ObjectWish Wish, bool KeepsHeaders, bool KeepsTags)
{
    private const string Replace = "REPLACE";

    public static Outcome<CopyWish> Of(S3Call call, ObjectRow from)
    {
        var directive = (call.Header("x-amz-metadata-directive") ?? "COPY").ToUpperInvariant();
        if (directive is not ("COPY" or Replace)) return S3Faults.InvalidArgument("Unknown metadata directive.");
        var wish = ObjectWish.Of(call);
        if (wish.Fault is { } wrong) return wrong;
        var changes = directive == Replace || wish.Value.Headers.ContainsKey(KeptHeaders.StorageClass) || call.Header("x-amz-server-side-encryption") is not null
            || call.Header("x-amz-server-side-encryption-customer-algorithm") is not null || call.Bucket.Versioned;
        if (!changes && from.Bucket == call.Bucket.Number && from.Name == call.Key && from.Latest)
        {
            return S3Faults.InvalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, "
                + "storage class, website redirect location or encryption attributes.");
        }

        var keepsTags = !string.Equals(call.Header("x-amz-tagging-directive"), Replace, StringComparison.OrdinalIgnoreCase);
        return new CopyWish(wish.Value, directive == "COPY", keepsTags);
    }

    /// <summary>The copy of this content.</summary>
    public ObjectRow Made(Tx tx, S3Call call, ObjectRow content)
    {
        var locked = Wish.LockIn(tx, call.Bucket);
        return content with
        {
            Bucket = call.Bucket.Number,
            Name = call.Key,
            OwnerId = call.OwnerId,
            Headers = KeepsHeaders ? content.Headers : KeptHeaders.ToJson(Wish.Headers),
            Tags = KeepsTags ? content.Tags : Wish.Tags,
            LockMode = locked.Mode,
            RetainUntil = locked.RetainUntil,
            LegalHold = locked.Hold,
            Acl = Wish.Access,
        };
    }
}
