using System.Globalization;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Swift;

/// <summary>Objects (Object Storage API reference, "Objects"): the same rows and contents as S3's.</summary>
internal sealed class ObjectEndpoints(KernelServices kernel, SwiftGate gate, ContentKeeper keeper, SwiftBooks books, LargeObjects large, TempUrls tempUrls)
{
    private const string Pattern = "/v1/{account}/{container}/{**object}";

    public void Map(Routes api)
    {
        api.Get(Pattern, "object-store:object:show", Show);
        api.Head(Pattern, "object-store:object:show", Show);
        api.Put(Pattern, "object-store:object:create", Put);
        api.Post(Pattern, "object-store:object:update", Update);
        api.Delete(Pattern, "object-store:object:delete", Delete);
        api.Copy(Pattern, "object-store:object:copy", Copy);
    }

    /// <summary>Who may do this: by a temporary URL, or by the container's rules.</summary>
    private Outcome<SwiftCall> Enter(Call call, bool write) => SwiftCall.Of(call).Then(swift => swift.Object.Length == 0
        ? SwiftFaults.Missing
        : swift.Query("temp_url_sig") is not null || swift.Query("temp_url_expires") is not null ? tempUrls.Enter(swift) : gate.Container(swift, write));

    private async Task<Answer> Show(Call call)
    {
        var entered = Enter(call, write: false);
        if (entered.Fault is { } refused) return refused;
        var swift = entered.Value;
        var row = kernel.Database.Read(session => swift.Query("version-id") is { } version
            ? ObjectRows.Find(session, swift.Bucket.Number, swift.Object, version) : ObjectRows.Latest(session, swift.Bucket.Number, swift.Object));
        if (row is null || row.Marker || SwiftBooks.IsExpired(row, kernel.Clock.Now())) return SwiftFaults.Missing;
        var headers = KeptHeaders.Of(row.Headers);
        if (swift.Query("multipart-manifest") == "get" && headers.ContainsKey(LargeObjects.Static)) return await large.Manifest(swift, row);
        var whole = await large.Whole(swift, row, headers);
        if (whole.Fault is { } broken) return broken;
        var (segments, size, etag) = whole.Value;
        if (ReadConditions.Refusal(swift.Header, "", row with { Etag = etag }) is { } unmet) return SwiftFaults.Of(unmet);
        var range = ReadConditions.RangeStands(swift.Header("If-Range"), row with { Etag = etag }) ? ByteRange.Of(swift.Header("Range"), size)
            : Outcome.Of<ByteRange?>(null);
        if (range.Fault is { } outside) return SwiftFaults.Of(outside);
        var (offset, length) = range.Value is { } part ? (part.Offset, part.Length) : (0, size);
        var answer = Answer.Stream(
            range.Value is null ? 200 : 206, headers.GetValueOrDefault(KeptHeaders.ContentType, "application/octet-stream"), length,
            (body, stop) => large.CopyTo(segments, offset, length, call.Http.Response, stop));
        if (range.Value is not null) answer.With("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {offset}-{offset + length - 1}/{size}"));
        return Described(answer, row, headers, etag, swift).Traced(call);
    }

    private static Answer Described(Answer answer, ObjectRow row, Dictionary<string, string> headers, string etag, SwiftCall call)
    {
        var isStatic = headers.ContainsKey(LargeObjects.Static) || headers.ContainsKey(LargeObjects.Dynamic);
        // Swift rounds up, so that nothing changed before what it says.
        var seconds = (row.ModifiedAt + Micros.PerSecond - 1) / Micros.PerSecond * Micros.PerSecond;
        answer.With("Etag", isStatic ? $"\"{etag}\"" : etag).With("Last-Modified", S3Xml.HeaderTime(seconds)).With("X-Timestamp", SwiftHeaders.Stamp(row.ModifiedAt))
            .With("Accept-Ranges", "bytes");
        if (row.VersionId != ObjectRow.NullVersion) answer.With("X-Object-Version-Id", row.VersionId);
        foreach (var (name, value) in headers)
        {
            if (name is KeptHeaders.ContentType or KeptHeaders.StorageClass or KeptHeaders.Redirect or LargeObjects.StaticEtag or LargeObjects.StaticSize) continue;
            answer.With(SwiftHeaders.Title(name.StartsWith(KeptHeaders.MetaPrefix, StringComparison.Ordinal) ? "x-object-meta-" + name[KeptHeaders.MetaPrefix.Length..]
                : name), value);
        }

        if (TempUrls.Disposition(call) is { } disposition) answer.With("Content-Disposition", disposition);
        return answer;
    }

    private async Task<Answer> Put(Call call)
    {
        var entered = Enter(call, write: true);
        if (entered.Fault is { } refused) return refused;
        var swift = entered.Value;
        if (swift.Header("X-Copy-From") is { } source) return await CopyFrom(swift, source, swift.Container, swift.Object, swift.ProjectId);
        if (swift.Query("multipart-manifest") == "put") return await PutManifest(swift);
        var request = call.Http.Request;
        if (request.ContentLength is null && !request.Headers.TransferEncoding.ToString().Contains("chunked",
            StringComparison.OrdinalIgnoreCase)) return SwiftFaults.LengthRequired;
        if (request.ContentLength > S3Call.BytesMax) return new Fault.TooLarge("Your request is too large.");
        var md5 = Md5(swift.Header("Etag"));
        if (md5.Fault is { } wrong) return wrong;
        var headers = SwiftBooks.Headers(swift, kernel.Clock.Now());
        if (headers.Fault is { } bad) return bad;
        var stored = await keeper.Receive<ObjectRow>(
            request.Body, new ExpectedContent(request.ContentLength, S3Call.BytesMax, md5.Value), null, "object.put", swift.Origin,
            (tx, content) => books.Place(tx, swift, SwiftBooks.Row(swift, content, headers.Value)), call.Stop);
        return Answer.Of(Worded(stored), row => Made(call, row));
    }

    private async Task<Answer> PutManifest(SwiftCall swift)
    {
        var body = await swift.Call.Raw();
        if (body.Fault is { } unread) return unread;
        var manifest = large.Check(swift, body.Value);
        if (manifest.Fault is { } wrong) return wrong;
        if (swift.Header("Etag") is { } wanted && wanted.Trim('"') != manifest.Value.Etag) return SwiftFaults.BadEtag;
        var headers = SwiftBooks.Headers(swift, kernel.Clock.Now());
        if (headers.Fault is { } bad) return bad;
        headers.Value[LargeObjects.Static] = "True";
        headers.Value[LargeObjects.StaticEtag] = manifest.Value.Etag;
        headers.Value[LargeObjects.StaticSize] = manifest.Value.Size.ToString(CultureInfo.InvariantCulture);
        using var stream = new MemoryStream(manifest.Value.Document);
        var stored = await keeper.Receive<ObjectRow>(
            stream, new ExpectedContent(manifest.Value.Document.Length, S3Call.BytesMax), null, "object.put", swift.Origin,
            (tx, content) => books.Place(tx, swift, SwiftBooks.Row(swift, content, headers.Value)), swift.Call.Stop);
        return Answer.Of(Worded(stored), row => Made(swift.Call, row with { Etag = manifest.Value.Etag }, quoted: true));
    }

    private async Task<Answer> Update(Call call)
    {
        var entered = Enter(call, write: true);
        if (entered.Fault is { } refused) return refused;
        var swift = entered.Value;
        var headers = SwiftBooks.Headers(swift, kernel.Clock.Now());
        if (headers.Fault is { } bad) return bad;
        var changed = await kernel.Queue.Write<Done>("object.update", swift.Origin, tx =>
        {
            if (ObjectRows.Latest(tx, swift.Bucket.Number, swift.Object) is not { Marker: false } row || SwiftBooks.IsExpired(row, tx.Now)) return SwiftFaults.Missing;
            return SwiftBooks.Change(tx, row, headers.Value, swift.Header("Content-Type") is not null);
        }, call.Stop);
        return Answer.Of(Worded(changed), _ => Answer.Empty(202).Traced(call));
    }

    private async Task<Answer> Delete(Call call)
    {
        var entered = Enter(call, write: true);
        if (entered.Fault is { } refused) return refused;
        var swift = entered.Value;
        if (swift.Query("multipart-manifest") == "delete") return await large.Delete(swift);
        var gone = await kernel.Queue.Write<Done>("object.delete", swift.Origin, tx => books.Delete(tx, swift, swift.Query("version-id")), call.Stop);
        return Answer.Of(Worded(gone), _ => Answer.Empty(204).Traced(call));
    }

    private async Task<Answer> Copy(Call call)
    {
        var entered = Enter(call, write: false);
        if (entered.Fault is { } refused) return refused;
        var swift = entered.Value;
        if (swift.Header("Destination") is not { } text || Place(text) is not var (container, name))
        {
            return SwiftFaults.PreconditionFailed("Destination header must be of the form <container name>/<object name>");
        }

        var account = swift.Header("Destination-Account") is { } other && other.StartsWith(SwiftCall.AccountPrefix, StringComparison.Ordinal)
            ? other[SwiftCall.AccountPrefix.Length..] : swift.ProjectId;
        var target = gate.Container(swift with { ProjectId = account, Container = container, Object = name }, write: true);
        return target.Fault is { } closed ? closed : await Copied(swift, target.Value);
    }

    private async Task<Answer> CopyFrom(SwiftCall swift, string source, string container, string name, string project)
    {
        if (Place(source) is not var (fromContainer, fromName))
            return SwiftFaults.PreconditionFailed("X-Copy-From header must be of the form <container name>/<object name>");
        var account = swift.Header("X-Copy-From-Account") is { } other && other.StartsWith(SwiftCall.AccountPrefix, StringComparison.Ordinal)
            ? other[SwiftCall.AccountPrefix.Length..] : project;
        var from = gate.Container(swift with { ProjectId = account, Container = fromContainer, Object = fromName }, write: false);
        return from.Fault is { } closed ? closed : await Copied(from.Value, swift with { Container = container, Object = name });
    }

    private async Task<Answer> Copied(SwiftCall from, SwiftCall to)
    {
        var fresh = from.Header("X-Fresh-Metadata")?.ToLowerInvariant() is "true" or "1" or "yes" or "on";
        var headers = SwiftBooks.Headers(to, kernel.Clock.Now());
        if (headers.Fault is { } bad) return bad;
        var copied = await kernel.Queue.Write<(ObjectRow Source, ObjectRow Made)>("object.copy", to.Origin, tx =>
        {
            if (ObjectRows.Latest(tx, from.Bucket.Number, from.Object) is not { Marker: false } row || SwiftBooks.IsExpired(row, tx.Now)) return SwiftFaults.Missing;
            var made = books.Copy(tx, to, row, headers.Value, fresh);
            return made.Map(placed => (row, placed));
        }, to.Call.Stop);
        return Answer.Of(Worded(copied), pair => Made(to.Call, pair.Made)
            .With("X-Copied-From", Uri.EscapeDataString(from.Container) + "/" + Uri.EscapeDataString(from.Object).Replace("%2F", "/", StringComparison.Ordinal))
            .With("X-Copied-From-Account", SwiftCall.AccountPrefix + from.ProjectId).With("X-Copied-From-Last-Modified", S3Xml.HeaderTime(pair.Source.ModifiedAt)));
    }

    private static Answer Made(Call call, ObjectRow row, bool quoted = false)
    {
        var answer = Answer.Empty(201).With("Etag", quoted ? $"\"{row.Etag}\"" : row.Etag).With("Last-Modified", S3Xml.HeaderTime(row.ModifiedAt));
        if (row.VersionId != ObjectRow.NullVersion) answer.With("X-Object-Version-Id", row.VersionId);
        return answer.Traced(call);
    }

    /// <summary>"container/object" of a header, percent-encoded, with or without a slash before it.</summary>
    private static (string Container, string Object)? Place(string text)
    {
        if (S3Request.Decode(text) is not { } path) return null;
        var parts = path.TrimStart('/').Split('/', 2);
        return parts.Length == 2 && parts[0].Length > 0 && parts[1].Length > 0 ? (parts[0], parts[1]) : null;
    }

    private static Outcome<byte[]?> Md5(string? etag)
    {
        if (string.IsNullOrEmpty(etag)) return Outcome.Of<byte[]?>(null);
        var text = etag.Trim('"');
        return text.Length == 32 && text.All(char.IsAsciiHexDigit) ? Outcome.Of<byte[]?>(Convert.FromHexString(text)) : SwiftFaults.BadEtag;
    }

    private static Outcome<T> Worded<T>(Outcome<T> outcome) => outcome.Fault is { } fault ? SwiftFaults.Of(fault) : outcome;
}
