using System.Globalization;
using System.Xml.Linq;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Policies;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Settings;

namespace Sovereign.ObjectStore.Objects;

/// <summary>What is said of an object beside its content (Amazon S3 API Reference: …ObjectTagging, …ObjectAcl, …ObjectRetention, …ObjectLegalHold,
/// GetObjectAttributes).</summary>
internal sealed class DetailOperations(KernelServices kernel, ObjectReader reader)
{
    private const int TagsMax = 10;

    public IEnumerable<S3Operation> Table =>
    [
        new("GET", S3Level.Object, ["tagging"], "s3:GetObjectTagging", ShowTags),
        new("PUT", S3Level.Object, ["tagging"], "s3:PutObjectTagging", PutTags),
        new("DELETE", S3Level.Object, ["tagging"], "s3:DeleteObjectTagging", call => Change(call, row => row with { Tags = null }, 204)),
        new("GET", S3Level.Object, ["acl"], "s3:GetObjectAcl", ShowAcl),
        new("PUT", S3Level.Object, ["acl"], "s3:PutObjectAcl", PutAcl),
        new("GET", S3Level.Object, ["retention"], "s3:GetObjectRetention", ShowRetention),
        new("PUT", S3Level.Object, ["retention"], "s3:PutObjectRetention", PutRetention),
        new("GET", S3Level.Object, ["legal-hold"], "s3:GetObjectLegalHold", ShowHold),
        new("PUT", S3Level.Object, ["legal-hold"], "s3:PutObjectLegalHold", PutHold),
        new("GET", S3Level.Object, ["attributes"], "s3:GetObjectAttributes", Attributes),
        new("POST", S3Level.Object, ["restore"], "s3:RestoreObject", _ => Refused("RestoreObject")),
        new("POST", S3Level.Object, ["select"], "s3:GetObject", _ => Refused("SelectObjectContent")),
        new("GET", S3Level.Object, ["torrent"], "s3:GetObjectTorrent", _ => Refused("GetObjectTorrent")),
    ];

    private Task<Outcome<S3Answer>> ShowTags(S3Call call) => Show(call, row => S3Answer.Xml(200, S3Xml.Document("Tagging", xml => xml.Open("TagSet", () =>
    {
        foreach (var (name, value) in ObjectHeaders.TagPairs(row.Tags))
        {
            xml.Open("Tag", () =>
            {
                xml.Text("Key", name);
                xml.Text("Value", value);
            });
        }
    }))).Version(row));

    private async Task<Outcome<S3Answer>> PutTags(S3Call call)
    {
        var body = await call.Xml("Tagging");
        if (body.Fault is { } wrong) return wrong;
        var tags = SettingOperations.Tags(body.Value, TagsMax);
        return tags.Fault is { } bad ? bad : await Change(call, row => row with { Tags = tags.Value }, 200);
    }

    private Task<Outcome<S3Answer>> ShowAcl(S3Call call) =>
        Show(call, row => S3Answer.Xml(200, S3Xml.Document("AccessControlPolicy", xml => Acl.Write(xml, call.Bucket.ProjectId, row.Acl))).Version(row));

    private async Task<Outcome<S3Answer>> PutAcl(S3Call call)
    {
        var wanted = await SettingOperations.AclWish(call);
        if (wanted.Fault is { } wrong) return wrong;
        if (kernel.Database.Read(session => Gate.ClosesTo(session, call.Bucket, wanted.Value))) return S3Faults.AccessDenied;
        return await Change(call, row => row with { Acl = wanted.Value.Length == 0 ? null : wanted.Value }, 200);
    }

    private Task<Outcome<S3Answer>> ShowRetention(S3Call call) => Locked(call, row => row.LockMode is null
        ? NoLock
        : S3Answer.Xml(200, S3Xml.Document("Retention", xml =>
        {
            xml.Text("Mode", row.LockMode);
            xml.Text("RetainUntilDate", S3Xml.Time(row.RetainUntil ?? 0));
        })));

    private async Task<Outcome<S3Answer>> PutRetention(S3Call call)
    {
        if (!call.Bucket.LockEnabled) return S3Faults.InvalidRequest("Bucket is missing Object Lock Configuration");
        var body = await call.Xml("Retention");
        if (body.Fault is { } wrong) return wrong;
        var (mode, until) = (body.Value.Value("Mode"), ObjectLocks.Time(body.Value.Value("RetainUntilDate")));
        if (mode is not (null or ObjectLocks.Governance or ObjectLocks.Compliance) || mode is null != until is null) return S3Faults.MalformedXml;
        return await Change(call, (row, now) =>
        {
            if (until is not null && until <= now) return S3Faults.InvalidArgument("The retain until date must be in the future!");
            var stands = row.RetainUntil > now;
            var shortened = until is null || until < row.RetainUntil || (row.LockMode == ObjectLocks.Compliance && mode != ObjectLocks.Compliance);
            if (stands && shortened && !(row.LockMode == ObjectLocks.Governance && ObjectLocks.Bypasses(call))) return ObjectLocks.Locked;
            return row with { LockMode = mode, RetainUntil = until };
        }, 200);
    }

    private Task<Outcome<S3Answer>> ShowHold(S3Call call) =>
        Locked(call, row => S3Answer.Xml(200, S3Xml.Document("LegalHold", xml => xml.Text("Status", row.LegalHold ? "ON" : "OFF"))));

    private async Task<Outcome<S3Answer>> PutHold(S3Call call)
    {
        if (!call.Bucket.LockEnabled) return S3Faults.InvalidRequest("Bucket is missing Object Lock Configuration");
        var body = await call.Xml("LegalHold");
        if (body.Fault is { } wrong) return wrong;
        var status = body.Value.Value("Status");
        return status is not ("ON" or "OFF") ? S3Faults.MalformedXml : await Change(call, row => row with { LegalHold = status == "ON" }, 200);
    }

    private Task<Outcome<S3Answer>> Attributes(S3Call call) => Show(call, row =>
    {
        var wanted = (call.Header("x-amz-object-attributes") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (wanted.Length == 0) return S3Faults.InvalidArgument("x-amz-object-attributes must name what is wanted.");
        return S3Answer.Xml(200, S3Xml.Document("GetObjectAttributesResponse", xml =>
        {
            if (wanted.Contains("ETag")) xml.Text("ETag", row.Etag);
            if (wanted.Contains("Checksum") && row.Sum is { } sum) xml.Open("Checksum", () => xml.Text("Checksum" + row.Checksum.ToWire(), sum));
            if (wanted.Contains("ObjectParts") && row.UploadId is not null) xml.Open("ObjectParts", () => xml.Text("PartsCount", reader.Segments(row).Count));
            if (wanted.Contains("StorageClass")) xml.Text("StorageClass", KeptHeaders.Of(row.Headers).GetValueOrDefault(KeptHeaders.StorageClass, "STANDARD"));
            if (wanted.Contains("ObjectSize")) xml.Text("ObjectSize", row.Size);
        })).With("Last-Modified", S3Xml.HeaderTime(row.ModifiedAt)).Version(row);
    });

    private Task<Outcome<S3Answer>> Locked(S3Call call, Func<ObjectRow, Outcome<S3Answer>> show) => call.Bucket.LockEnabled
        ? Show(call, show) : Task.FromResult<Outcome<S3Answer>>(S3Faults.InvalidRequest("Bucket is missing Object Lock Configuration"));

    private Task<Outcome<S3Answer>> Show(S3Call call, Func<ObjectRow, Outcome<S3Answer>> show) => Task.FromResult(kernel.Database.Read(session =>
        Find(session, call)).Then(show));

    private Task<Outcome<S3Answer>> Change(S3Call call, Func<ObjectRow, ObjectRow> change, int status) => Change(call, (row, _) => change(row), status);

    private async Task<Outcome<S3Answer>> Change(S3Call call, Func<ObjectRow, long, Outcome<ObjectRow>> change, int status)
    {
        var changed = await kernel.Queue.Write<ObjectRow>("object.update", call.Origin, tx => Find(tx, call).Then(row => change(row, tx.Now)).Map(row =>
        {
            ObjectRows.Update(tx, row);
            return row;
        }), call.Stop);
        return changed.Map(row => S3Answer.Empty(status).Version(row));
    }

    private static Outcome<ObjectRow> Find(Session session, S3Call call)
    {
        var version = call.Query("versionId");
        var row = version is null ? ObjectRows.Latest(session, call.Bucket.Number, call.Key) : ObjectRows.Find(session, call.Bucket.Number, call.Key, version);
        if (row is null) return version is null ? S3Faults.NoSuchKey : S3Faults.NoSuchVersion;
        return row.Marker ? version is null ? S3Faults.NoSuchKey : S3Faults.MethodNotAllowed : row;
    }

    private static S3Fault NoLock => new(404, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration");

    private static Task<Outcome<S3Answer>> Refused(string what) => Task.FromResult<Outcome<S3Answer>>(S3Faults.NotImplemented(what));
}
