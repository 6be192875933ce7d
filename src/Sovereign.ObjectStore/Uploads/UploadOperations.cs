using System.Globalization;
using System.Security.Cryptography;
using System.Xml.Linq;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Sealing;
using Sovereign.ObjectStore.Settings;

namespace Sovereign.ObjectStore.Uploads;

/// <summary>Multipart uploads (Amazon S3 API Reference: CreateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload, AbortMultipartUpload, ListParts,
/// ListMultipartUploads). Completing is one transaction over rows: the parts stay as they are and become the object's content.</summary>
internal sealed class UploadOperations(KernelServices kernel, ContentKeeper keeper, ObjectBooks books, ObjectReader reader, ObjectCopies copies, ObjectSealing sealing)
{
    private const int NumberMax = 10_000;
    private const int ListedMax = 1000;

    /// <summary>Every part but the last has at least as many bytes.</summary>
    private const long PartBytesMin = 5L * 1024 * 1024;

    public IEnumerable<S3Operation> Table =>
    [
        new("POST", S3Level.Object, ["uploads"], "s3:PutObject", Begin),
        new("POST", S3Level.Object, ["uploadId"], "s3:PutObject", Complete),
        new("PUT", S3Level.Object, ["partNumber", "uploadId"], "s3:PutObject", PutPart),
        new("GET", S3Level.Object, ["uploadId"], "s3:ListMultipartUploadParts", ListParts),
        new("DELETE", S3Level.Object, ["uploadId"], "s3:AbortMultipartUpload", Abort),
        new("GET", S3Level.Bucket, ["uploads"], "s3:ListBucketMultipartUploads", List),
    ];

    private async Task<Outcome<S3Answer>> Begin(S3Call call)
    {
        var wish = ObjectWish.Of(call);
        if (wish.Fault is { } wrong) return wrong;
        var algorithm = call.Header("x-amz-checksum-algorithm");
        var kind = ChecksumKinds.OfWire(algorithm);
        if (algorithm is not null && kind == ChecksumKind.None) return S3Faults.InvalidRequest($"Checksum algorithm provided is unsupported: {algorithm}");
        var encrypted = sealing.Wish(call);
        if (encrypted.Fault is { } bad) return bad;
        var begun = await kernel.Queue.Write<UploadRow>(
            "object.upload-begin",
            call.Origin,
            tx =>
            {
                if (BucketStore.Find(tx, call.Bucket.Number) is null) return S3Faults.NoSuchBucket;
                var locked = wish.Value.LockIn(tx, call.Bucket);
                var row = new UploadRow
                {
                    Id = kernel.Ids.Hex(), Bucket = call.Bucket.Number, Name = call.Key, OwnerId = call.OwnerId, BegunAt = tx.Now,
                    Headers = KeptHeaders.ToJson(wish.Value.Headers), Tags = wish.Value.Tags, SumKind = (long)kind, LockMode = locked.Mode,
                    RetainUntil = locked.RetainUntil, LegalHold = locked.Hold, Acl = wish.Value.Access,
                    Sealing = encrypted.Value is null ? null : encrypted.Value.CustomerKeyMd5 ?? EncryptionDefault.Algorithm,
                };
                ObjectRows.Insert(tx, row);
                return row;
            },
            call.Stop);
        return begun.Map(row => S3Answer.Xml(200, S3Xml.Document("InitiateMultipartUploadResult", xml =>
        {
            xml.Text("Bucket", call.Request.Bucket);
            xml.Text("Key", call.Key);
            xml.Text("UploadId", row.Id);
        })).With("x-amz-checksum-algorithm", kind == ChecksumKind.None ? null : kind.ToWire()));
    }

    private async Task<Outcome<S3Answer>> PutPart(S3Call call)
    {
        if (!int.TryParse(call.Query("partNumber"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is 0 or > NumberMax)
        {
            return S3Faults.InvalidArgument($"Part number must be an integer between 1 and {NumberMax}, inclusive");
        }

        var found = Find(call);
        if (found.Fault is { } missing) return missing;
        var encrypted = PartWish(call, found.Value);
        if (encrypted.Fault is { } bad) return bad;
        if (call.Header("x-amz-copy-source") is not null) return await CopyPart(call, number, encrypted.Value);
        var expected = call.Expected();
        if (expected.Fault is { } wrong) return wrong;
        var part = await Receive(call, number, call.Body(), expected.Value, encrypted.Value);
        return part.Map(row => S3Answer.Empty(200).With("ETag", $"\"{row.Etag}\"").With(
            expected.Value.Kind == ChecksumKind.None ? "x-amz-part" : expected.Value.Kind.Header(), expected.Value.Kind == ChecksumKind.None ? null : row.Sum));
    }

    private async Task<Outcome<S3Answer>> CopyPart(S3Call call, int number, SealWish? encrypted)
    {
        var source = copies.Source(call);
        if (source.Fault is { } missing) return missing;
        var range = Range(call.Header("x-amz-copy-source-range"), source.Value.Size);
        if (range.Fault is { } outside) return outside;
        var segments = reader.Segments(source.Value);
        var opener = sealing.Opener(call, segments, asSource: true);
        if (opener.Fault is { } closed) return closed;
        await using var body = reader.Read(segments, range.Value.Offset, range.Value.Length, opener.Value);
        var part = await Receive(call, number, body, new ExpectedContent(range.Value.Length, S3Call.BytesMax), encrypted);
        return part.Map(row => S3Answer.Xml(200, S3Xml.Document("CopyPartResult", xml =>
        {
            xml.Text("LastModified", S3Xml.Time(row.ModifiedAt));
            xml.Text("ETag", $"\"{row.Etag}\"");
        })).With("x-amz-copy-source-version-id", source.Value.VersionId == ObjectRow.NullVersion ? null : source.Value.VersionId));
    }

    /// <summary>Unlike ranges of readers these must lie inside the source.</summary>
    private static Outcome<ByteRange> Range(string? header, long size)
    {
        if (header is null) return new ByteRange(0, size);
        var parts = header.StartsWith("bytes=", StringComparison.Ordinal) ? header["bytes=".Length..].Split('-') : [];
        if (parts.Length != 2 || !Number(parts[0], out var first) || !Number(parts[1], out var last) || last < first)
        {
            return S3Faults.InvalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last "
                + "where first and last are the zero-based offsets of the first and last bytes to copy");
        }

        return last >= size ? S3Faults.InvalidRange with { Status = 400, Code = "InvalidArgument" } : new ByteRange(first, last - first + 1);

        static bool Number(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>A part is encrypted as its upload said at the beginning; with a customer's key, which comes again with each part.</summary>
    private Outcome<SealWish?> PartWish(S3Call call, UploadRow upload)
    {
        if (upload.Sealing is null) return Outcome.Of<SealWish?>(null);
        if (upload.Sealing == EncryptionDefault.Algorithm) return Outcome.Of<SealWish?>(new SealWish(null, null));
        return sealing.Wish(call).Then(wish => wish?.CustomerKeyMd5 == upload.Sealing
            ? Outcome.Of<SealWish?>(wish)
                : S3Faults.InvalidRequest("The multipart upload initiate requested encryption with a customer's key. Subsequent part requests must include that key."));
    }

    private Task<Outcome<PartRow>> Receive(S3Call call, int number, Stream body, ExpectedContent expected, SealWish? encrypted)
    {
        var key = sealing.NewKey(encrypted);
        return keeper.Receive(
            body, expected, sealing.Seal(encrypted, key), "object.put-part", call.Origin,
            (tx, content) => Put(tx, call, number, content, sealing.Kept(tx, encrypted, key, call.Bucket.ProjectId, content.Name)), call.Stop);
    }

    private Outcome<PartRow> Put(Tx tx, S3Call call, int number, StoredContent content, string? kept)
    {
        // It may have been completed or aborted while the bytes came.
        if (ObjectRows.Upload(tx, call.Query("uploadId")!) is not { } upload || BucketStore.Find(tx, upload.Bucket) is not { } bucket) return S3Faults.NoSuchUpload;
        var row = new PartRow
        {
            UploadId = upload.Id, Number = number, Content = content.Name, Size = content.Received.Size, Etag = Convert.ToHexStringLower(content.Received.Md5),
            Crc = content.Crc,
            Sum = content.Received.Sum.Length == 0 ? null : Convert.ToBase64String(content.Received.Sum), ModifiedAt = tx.Now, Sealing = kept,
        };
        if (ObjectRows.Part(tx, upload.Id, number) is { } before)
        {
            ObjectRows.Discard(tx, before.Content);
            kernel.Quotas.Give(tx, ObjectQuotas.Service, ObjectQuotas.Bytes, bucket.ProjectId, before.Size);
        }

        if (kernel.Quotas.Take(tx, ObjectQuotas.Service, ObjectQuotas.Bytes, bucket.ProjectId, row.Size).Fault is { } over) return over;
        ObjectRows.Put(tx, row);
        return row;
    }

    private async Task<Outcome<S3Answer>> Complete(S3Call call)
    {
        var found = Find(call);
        if (found.Fault is { } missing) return missing;
        var body = await call.Xml("CompleteMultipartUpload");
        if (body.Fault is { } wrong) return wrong;
        var named = new List<NamedPart>();
        foreach (var element in body.Value.Named("Part"))
        {
            if (!int.TryParse(element.Value("PartNumber"), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return S3Faults.MalformedXml;
            named.Add(new NamedPart(number, (element.Value("ETag") ?? "").Trim('"'), element));
        }

        if (named.Count == 0) return S3Faults.MalformedXml;
        for (var i = 1; i < named.Count; i++)
        {
            if (named[i].Number <= named[i - 1].Number) return S3Faults.InvalidPartOrder;
        }

        var conditions = new WriteConditions(call.Header("If-Match"), call.Header("If-None-Match"));
        var made = await kernel.Queue.Write<ObjectRow>("object.upload-complete", call.Origin, tx => Complete(tx, call, found.Value, named, conditions), call.Stop);
        return made.Map(row => S3Answer.Xml(200, S3Xml.Document("CompleteMultipartUploadResult", xml =>
        {
            xml.Text("Location", $"/{call.Request.Bucket}/{call.Key}");
            xml.Text("Bucket", call.Request.Bucket);
            xml.Text("Key", call.Key);
            xml.Text("ETag", $"\"{row.Etag}\"");
            if (row.Sum is { } sum) xml.Text("Checksum" + row.Checksum.ToWire(), sum);
        })).Version(row));
    }

    private Outcome<ObjectRow> Complete(Tx tx, S3Call call, UploadRow upload, List<NamedPart> named, WriteConditions conditions)
    {
        if (!ObjectRows.DeleteUpload(tx, upload.Id)) return S3Faults.NoSuchUpload;
        var there = ObjectRows.Parts(tx, upload.Id).ToDictionary(part => part.Number);
        var chosen = new List<PartRow>(named.Count);
        foreach (var wanted in named)
        {
            if (!there.Remove(wanted.Number, out var part) || part.Etag != wanted.Etag || !wanted.SumIs(part, upload.Checksum)) return S3Faults.InvalidPart;
            chosen.Add(part);
        }

        if (chosen.SkipLast(1).Any(part => part.Size < PartBytesMin)) return S3Faults.EntityTooSmall;
        foreach (var unused in there.Values)
        {
            ObjectRows.DeletePart(tx, unused);
            ObjectRows.Discard(tx, unused.Content);
        }

        // Until now the bytes were counted as parts; the object counts them from here on.
        var counted = chosen.Sum(part => part.Size) + there.Values.Sum(part => part.Size);
        kernel.Quotas.Give(tx, ObjectQuotas.Service, ObjectQuotas.Bytes, call.Bucket.ProjectId, counted);
        return books.Place(tx, Row(upload, chosen), conditions);
    }

    private static ObjectRow Row(UploadRow upload, List<PartRow> parts)
    {
        var etags = parts.SelectMany(part => Convert.FromHexString(part.Etag)).ToArray();
#pragma warning disable CA5351 // The entity tag of an upload is defined as the MD5 of its parts' MD5s.
        var etag = $"{Convert.ToHexStringLower(MD5.HashData(etags))}-{parts.Count.ToString(CultureInfo.InvariantCulture)}";
#pragma warning restore CA5351
        return new ObjectRow
        {
            Bucket = upload.Bucket, Name = upload.Name, Size = parts.Sum(part =>
                part.Size), Etag = etag, OwnerId = upload.OwnerId, UploadId = upload.Id, Headers = upload.Headers,
            Tags = upload.Tags, SumKind = upload.SumKind, Sum = Sum(upload.Checksum, parts), LockMode = upload.LockMode, RetainUntil = upload.RetainUntil,
            LegalHold = upload.LegalHold, Acl = upload.Acl,
        };
    }

    /// <summary>The checksum over the checksums of the parts ("Checking object integrity": composite); null when the upload has none.</summary>
    private static string? Sum(ChecksumKind kind, List<PartRow> parts)
    {
        if (kind == ChecksumKind.None || parts.Exists(part => part.Sum is null)) return null;
        using var sum = kind.Start();
        foreach (var part in parts) sum.Append(Convert.FromBase64String(part.Sum!));
        return $"{Convert.ToBase64String(sum.Finish())}-{parts.Count.ToString(CultureInfo.InvariantCulture)}";
    }

    private async Task<Outcome<S3Answer>> Abort(S3Call call)
    {
        var found = Find(call);
        if (found.Fault is { } missing) return missing;
        var gone = await kernel.Queue.Write<Done>("object.upload-abort", call.Origin, tx => UploadBooks.Drop(kernel, tx, found.Value, call.Bucket), call.Stop);
        return gone.Map(_ => S3Answer.Empty(204));
    }

    private Task<Outcome<S3Answer>> ListParts(S3Call call) => Task.FromResult(Find(call).Then<S3Answer>(upload =>
    {
        if (!Count(call.Query("max-parts"), out var itemsMax) || !Count(call.Query("part-number-marker") ?? "0",
            out var after)) return S3Faults.InvalidArgument("max-parts and part-number-marker must be numbers");
        var parts = kernel.Database.Read(session => ObjectRows.Parts(session, upload.Id, after, itemsMax + 1));
        var more = parts.Count > itemsMax;
        if (more) parts.RemoveAt(itemsMax);
        return S3Answer.Xml(200, S3Xml.Document("ListPartsResult", xml =>
        {
            xml.Text("Bucket", call.Request.Bucket);
            xml.Text("Key", call.Key);
            xml.Text("UploadId", upload.Id);
            xml.Text("PartNumberMarker", after);
            if (more) xml.Text("NextPartNumberMarker", parts[^1].Number);
            xml.Text("MaxParts", itemsMax);
            xml.Text("IsTruncated", more);
            xml.Text("StorageClass", KeptHeaders.Of(upload.Headers).GetValueOrDefault(KeptHeaders.StorageClass, "STANDARD"));
            if (upload.Checksum != ChecksumKind.None) xml.Text("ChecksumAlgorithm", upload.Checksum.ToWire());
            foreach (var part in parts)
            {
                xml.Open("Part", () =>
                {
                    xml.Text("PartNumber", part.Number);
                    xml.Text("LastModified", S3Xml.Time(part.ModifiedAt));
                    xml.Text("ETag", $"\"{part.Etag}\"");
                    xml.Text("Size", part.Size);
                    if (upload.Checksum != ChecksumKind.None) xml.Text("Checksum" + upload.Checksum.ToWire(), part.Sum);
                });
            }
        }));
    }));

    private Task<Outcome<S3Answer>> List(S3Call call) => Task.FromResult(ListOperations.Page.Of(call, "max-uploads").Map(page =>
    {
        var (key, id) = (call.Query("key-marker") ?? "", call.Query("upload-id-marker") ?? "");
        var uploads = kernel.Database.Read(session => ObjectRows.Uploads(session, call.Bucket.Number, page.Prefix, key, id, page.ItemsMax + 1));
        var more = uploads.Count > page.ItemsMax;
        if (more) uploads.RemoveAt(page.ItemsMax);
        return S3Answer.Xml(200, S3Xml.Document("ListMultipartUploadsResult", xml =>
        {
            xml.Text("Bucket", call.Request.Bucket);
            xml.Text("KeyMarker", page.Encoded(key));
            xml.Text("UploadIdMarker", id);
            if (more && uploads.Count > 0)
            {
                xml.Text("NextKeyMarker", page.Encoded(uploads[^1].Name));
                xml.Text("NextUploadIdMarker", uploads[^1].Id);
            }

            xml.Text("Prefix", page.Encoded(page.Prefix));
            xml.Text("MaxUploads", page.ItemsMax);
            xml.Text("IsTruncated", more);
            foreach (var upload in uploads)
            {
                xml.Open("Upload", () =>
                {
                    xml.Text("Key", page.Encoded(upload.Name));
                    xml.Text("UploadId", upload.Id);
                    xml.Text("Initiated", S3Xml.Time(upload.BegunAt));
                });
            }
        }));
    }));

    private Outcome<UploadRow> Find(S3Call call) => kernel.Database.Read<Outcome<UploadRow>>(session =>
        ObjectRows.Upload(session, call.Query("uploadId")!) is { } upload && upload.Bucket == call.Bucket.Number && upload.Name == call.Key ? upload
            : S3Faults.NoSuchUpload);

    private static bool Count(string? text, out int count)
    {
        count = ListedMax;
        if (text is null) return true;
        var known = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);
        count = Math.Min(count, NumberMax);
        return known;
    }

    /// <summary>A part as the body of a completion names it.</summary>
    private sealed record NamedPart(int Number, string Etag, XElement Element)
    {
        /// <summary>A checksum that is named must be the part's.</summary>
        public bool SumIs(PartRow part, ChecksumKind kind) =>
            kind == ChecksumKind.None || Element.Value("Checksum" + kind.ToWire()) is not { } named || named == part.Sum;
    }
}
