using System.Globalization;
using System.Text;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Policies;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Sealing;
using Sovereign.ObjectStore.Settings;

namespace Sovereign.ObjectStore.Objects;

/// <summary>Operations on one object (Amazon S3 API Reference: PutObject, GetObject, HeadObject, DeleteObject, DeleteObjects).</summary>
internal sealed class ObjectOperations(KernelServices kernel, ContentKeeper keeper, ObjectBooks books, ObjectReader reader, ObjectCopies copies, ObjectSealing sealing,
    Gate gate)
{
    private const int DeletedMax = 1000;

    public IEnumerable<S3Operation> Table => [new("POST", S3Level.Bucket, ["delete"], "", DeleteMany)];

    public IEnumerable<S3Operation> Plain =>
    [
        new("PUT", S3Level.Object, [], "s3:PutObject", Put),
        new("GET", S3Level.Object, ["versionId"], "s3:GetObjectVersion", Get),
        new("GET", S3Level.Object, [], "s3:GetObject", Get),
        new("HEAD", S3Level.Object, ["versionId"], "s3:GetObjectVersion", Get),
        new("HEAD", S3Level.Object, [], "s3:GetObject", Get),
        new("DELETE", S3Level.Object, ["versionId"], "s3:DeleteObjectVersion", Delete),
        new("DELETE", S3Level.Object, [], "s3:DeleteObject", Delete),
    ];

    private async Task<Outcome<S3Answer>> Put(S3Call call)
    {
        if (call.Header("x-amz-copy-source") is not null) return await copies.Copy(call);
        var wish = ObjectWish.Of(call);
        if (wish.Fault is { } wrong) return wrong;
        var expected = call.Expected();
        if (expected.Fault is { } unknown) return unknown;
        var encrypted = sealing.Wish(call);
        if (encrypted.Fault is { } bad) return bad;
        var key = sealing.NewKey(encrypted.Value);
        var stored = await keeper.Receive(
            call.Body(),
            expected.Value,
            sealing.Seal(encrypted.Value, key),
            "object.put",
            call.Origin,
            (tx, content) => books.Place(
                tx, wish.Value.Row(tx, call, content) with { Sealing = sealing.Kept(tx, encrypted.Value, key, call.Bucket.ProjectId, content.Name) },
                    wish.Value.Conditions),
            call.Stop);
        return stored.Map(row =>
        {
            var answer = ObjectSealing.Tell(S3Answer.Empty(200).With("ETag", $"\"{row.Etag}\"").Version(row), row.Sealing);
            return row.Sum is { } sum ? answer.With(row.Checksum.Header(), sum) : answer;
        });
    }

    private Task<Outcome<S3Answer>> Get(S3Call call) => Read(call, call.Key);

    /// <summary>Sends the object of this key, as the request's query, conditions and range want it. Who may read it was asked before.</summary>
    public Task<Outcome<S3Answer>> Read(S3Call call, string key)
    {
        var found = Find(call, key);
        if (found.Fault is { } missing) return Task.FromResult<Outcome<S3Answer>>(missing);
        var row = found.Value;
        if (row.Marker) return Task.FromResult(Marked(call, row));
        if (ReadConditions.Refusal(call.Header, "", row) is { } refused)
        {
            return Task.FromResult<Outcome<S3Answer>>(refused == S3Faults.NotModified ? S3Answer.Empty(304).With("ETag", $"\"{row.Etag}\"").Version(row) : refused);
        }

        return Task.FromResult(Sent(call, row));
    }

    private Outcome<S3Answer> Sent(S3Call call, ObjectRow row)
    {
        var segments = reader.Segments(row);
        var opener = sealing.Opener(call, segments);
        if (opener.Fault is { } closed) return closed;
        var range = call.Query("partNumber") is { } number
            ? PartRange(segments, number)
            : ReadConditions.RangeStands(call.Header("If-Range"), row) ? ByteRange.Of(call.Header("Range"), row.Size) : Outcome.Of<ByteRange?>(null);
        if (range.Fault is { } outside) return outside;
        var (offset, length) = range.Value is { } part ? (part.Offset, part.Length) : (0, row.Size);
        var type = KeptHeaders.Of(row.Headers).GetValueOrDefault(KeptHeaders.ContentType, KeptHeaders.DefaultType);
        var answer = S3Answer.Stream(
            range.Value is null ? 200 : 206, call.Query("response-content-type") ?? type, length,
            (response, stop) => reader.CopyTo(segments, offset, length, response, opener.Value, stop));
        answer.Describe(row, withSum: call.Header("x-amz-checksum-mode") == "ENABLED" && range.Value is null);
        if (range.Value is not null) answer.With("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {offset}-{offset + length - 1}/{row.Size}"));
        if (row.UploadId is not null && call.Query("partNumber") is not null) answer.With("x-amz-mp-parts-count", segments.Count.ToString(CultureInfo.InvariantCulture));
        Overridden(call, answer);
        return ObjectSealing.Tell(answer, segments.Count == 0 ? null : segments[0].Sealing);
    }

    /// <summary>Headers that the query of a signed request asks for instead of the kept ones.</summary>
    private static void Overridden(S3Call call, S3Answer answer)
    {
        foreach (var name in (string[])["cache-control", "content-disposition", "content-encoding", "content-language", "expires"])
        {
            if (call.Query("response-" + name) is not { } value) continue;
            answer.Headers.RemoveAll(header => header.Key == name);
            answer.With(name, value);
        }
    }

    private static Outcome<ByteRange?> PartRange(List<Segment> segments, string number)
    {
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var part)
            || part == 0) return S3Faults.InvalidArgument("Part number must be an integer between 1 and 10000, inclusive");
        if (part > segments.Count) return new S3Fault(416, "InvalidPartNumber", "The requested partnumber is not satisfiable");
        return Outcome.Of<ByteRange?>(new ByteRange(segments[part - 1].Begins, segments[part - 1].Size));
    }

    private Outcome<ObjectRow> Find(S3Call call, string key) => kernel.Database.Read<Outcome<ObjectRow>>(session =>
    {
        var version = call.Query("versionId");
        var row = version is null ? ObjectRows.Latest(session, call.Bucket.Number, key) : ObjectRows.Find(session, call.Bucket.Number, key, version);
        if (row is not null) return row;
        // Who may not list is not told what is not there.
        if (!gate.Allows(session, call, call.Bucket, "s3:ListBucket", "")) return S3Faults.AccessDenied;
        return version is null ? S3Faults.NoSuchKey : S3Faults.NoSuchVersion;
    });

    /// <summary>A marker has no content: it is as if the object were not there, unless it is asked for by its id.</summary>
    private static Outcome<S3Answer> Marked(S3Call call, ObjectRow marker)
    {
        var fault = call.Query("versionId") is null ? S3Faults.NoSuchKey : S3Faults.MethodNotAllowed;
        var body = S3Xml.Document(
            "Error",
            xml =>
            {
                xml.Text("Code", fault.Code);
                xml.Text("Message", fault.Message);
                xml.Text("Key", call.Key);
                xml.Text("RequestId", call.RequestId);
            },
            withNamespace: false);
        var answer = S3Answer.Xml(fault.Status, body).With("x-amz-delete-marker", "true").Version(marker);
        return fault.Status == 405 ? answer.With("Last-Modified", S3Xml.HeaderTime(marker.ModifiedAt)).With("Allow", "DELETE") : answer;
    }

    private async Task<Outcome<S3Answer>> Delete(S3Call call)
    {
        var gone = await Delete(call, call.Key, call.Query("versionId"));
        return gone.Map(deletion =>
        {
            var answer = S3Answer.Empty(204);
            if (deletion.Marker) answer.With("x-amz-delete-marker", "true");
            return deletion.VersionId is null ? answer : answer.With("x-amz-version-id", deletion.VersionId);
        });
    }

    private Task<Outcome<Deletion>> Delete(S3Call call, string key, string? version) => kernel.Queue.Write<Deletion>(
        "object.delete",
        call.Origin,
        tx => version is null
            ? books.Delete(tx, call.Bucket.Number, key, call.OwnerId)
            : books.DeleteVersion(tx, call.Bucket.Number, key, version, row => ObjectLocks.Refusal(row, tx.Now, call)),
        call.Stop);

    private async Task<Outcome<S3Answer>> DeleteMany(S3Call call)
    {
        if (kernel.Database.Read(session => gate.Locate(session, call)).Fault is { } missing) return missing;
        var body = await call.Xml("Delete");
        if (body.Fault is { } wrong) return wrong;
        var wanted = body.Value.Named("Object").Select(item => (Key: item.Value("Key") ?? "", Version: item.Value("VersionId") is { Length: > 0 } id ? id
            : null)).ToList();
        if (wanted.Count is 0 or > DeletedMax || wanted.Exists(item => item.Key.Length == 0)) return S3Faults.MalformedXml;
        var quiet = body.Value.Value("Quiet") == "true";
        var may = kernel.Database.Read(session =>
            wanted.ConvertAll(item => gate.May(session, call, item.Version is null ? "s3:DeleteObject" : "s3:DeleteObjectVersion", item.Key)));
        // Each is an operation of its own: the queue puts those that wait together into one commit.
        var results = await Task.WhenAll(wanted.Zip(may, (item, allowed) => allowed
            ? Delete(call, item.Key, item.Version) : Task.FromResult<Outcome<Deletion>>(S3Faults.AccessDenied)));
        return S3Answer.Xml(200, S3Xml.Document("DeleteResult", xml =>
        {
            foreach (var (item, result) in wanted.Zip(results))
            {
                if (result.Ok && quiet) continue;
                xml.Open(result.Ok ? "Deleted" : "Error", () =>
                {
                    xml.Text("Key", item.Key);
                    xml.Text("VersionId", item.Version);
                    if (result.Fault is { } fault)
                    {
                        xml.Text("Code", S3Faults.Of(fault).Code);
                        xml.Text("Message", fault.Message);
                        return;
                    }

                    if (!result.Value.Marker) return;
                    xml.Text("DeleteMarker", true);
                    xml.Text("DeleteMarkerVersionId", result.Value.VersionId);
                });
            }
        }));
    }
}

/// <summary>What a request wants an object to be.</summary>
internal sealed record ObjectWish(Dictionary<string, string> Headers, string? Tags, LockWish Lock, WriteConditions Conditions, string? Access)
{
    public static Outcome<ObjectWish> Of(S3Call call)
    {
        if (Encoding.UTF8.GetByteCount(call.Key) > ObjectRow.NameBytesMax) return S3Faults.KeyTooLong;
        var headers = ObjectHeaders.Read(call);
        if (headers.Fault is { } wrong) return wrong;
        var tags = ObjectHeaders.Tags(call.Header("x-amz-tagging"));
        if (tags.Fault is { } bad) return bad;
        var locked = ObjectLocks.Wish(call);
        if (locked.Fault is { } refused) return refused;
        var acl = Acl.OfHeaders(call);
        if (acl.Fault is { } list) return list;
        var kept = string.IsNullOrEmpty(acl.Value) ? null : acl.Value;
        return new ObjectWish(headers.Value, tags.Value, locked.Value, new WriteConditions(call.Header("If-Match"), call.Header("If-None-Match")), kept);
    }

    public ObjectRow Row(Tx tx, S3Call call, StoredContent content)
    {
        var received = content.Received;
        var locked = LockIn(tx, call.Bucket);
        return new ObjectRow
        {
            Bucket = call.Bucket.Number, Name = call.Key, Size = received.Size, Etag = Convert.ToHexStringLower(received.Md5), OwnerId = call.OwnerId,
            Content = content.Name,
            Crc = content.Crc, Headers = KeptHeaders.ToJson(Headers), Tags = Tags, SumKind = (long)received.Kind,
            Sum = received.Sum.Length == 0 ? null : Convert.ToBase64String(received.Sum), LockMode = locked.Mode, RetainUntil = locked.RetainUntil,
            LegalHold = locked.Hold, Acl = Access,
        };
    }

    /// <summary>What was asked for, or the bucket's default.</summary>
    public LockWish LockIn(Tx tx, Bucket bucket) => Lock.Mode is not null || !bucket.LockEnabled
        ? Lock : LockDefault.Of(BucketStore.Setting(tx, bucket.Number, SettingNames.ObjectLock), tx.Now) with { Hold = Lock.Hold };
}
