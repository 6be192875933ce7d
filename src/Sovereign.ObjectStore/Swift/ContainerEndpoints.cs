using System.Globalization;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Objects;

namespace Sovereign.ObjectStore.Swift;

/// <summary>Containers (Object Storage API reference, "Containers"), which are buckets.</summary>
internal sealed class ContainerEndpoints(KernelServices kernel, SwiftGate gate, BucketService buckets, BulkWork bulk)
{
    public const string Policy = "default";

    public void Map(Routes api)
    {
        api.Get("/v1/{account}/{container}", "object-store:container:show", call => Show(call, listed: true));
        api.Head("/v1/{account}/{container}", "object-store:container:show", call => Show(call, listed: false));
        api.Put("/v1/{account}/{container}", "object-store:container:create", Put);
        api.Post("/v1/{account}/{container}", "object-store:container:update", Update);
        api.Delete("/v1/{account}/{container}", "object-store:container:delete", Delete);
    }

    private Task<Answer> Show(Call call, bool listed)
    {
        var allowed = SwiftCall.Of(call).Then(swift => gate.Container(swift, write: false, listing: true));
        if (allowed.Fault is { } refused) return Task.FromResult<Answer>(refused);
        var form = ListForm.Of(allowed.Value);
        if (form.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        var bucket = allowed.Value.Bucket;
        var (lines, meta) = kernel.Database.Read(session => (listed ? Lines(session, allowed.Value, form.Value) : [], ContainerMeta.Of(session, bucket.Number)));
        var answer = listed ? form.Value.Answer(lines, "container", bucket.Name, "object") : Answer.Empty(204);
        answer.With("X-Container-Object-Count", bucket.Objects.ToString(CultureInfo.InvariantCulture))
            .With("X-Container-Bytes-Used", bucket.Bytes.ToString(CultureInfo.InvariantCulture))
            .With("X-Timestamp", SwiftHeaders.Stamp(bucket.CreatedAt)).With("Last-Modified", S3.S3Xml.HeaderTime(bucket.CreatedAt)).With("X-Storage-Policy", Policy)
                .With("Accept-Ranges", "bytes");
        if (bucket.Versioning != VersioningState.Off) answer.With("X-Versions-Enabled", bucket.Versioned ? "True" : "False");
        var owns = gate.Owns(allowed.Value, write: true);
        foreach (var (name, value) in meta)
        {
            // Access lists and keys are the owner's business.
            if (owns || (name.StartsWith(ContainerMeta.Prefix, StringComparison.Ordinal)
                && !name.Contains("temp-url-key", StringComparison.Ordinal))) answer.With(SwiftHeaders.Title(name), value);
        }

        return Task.FromResult(answer.Traced(call));
    }

    private static List<ListedLine> Lines(Session session, SwiftCall call, ListForm form)
    {
        var versions = call.Query("versions") is not null;
        if (form.ItemsMax == 0) return [];
        if (call.Query("path") is { } path)
        {
            // The older way to ask for one level.
            form = form with { Prefix = path.Length == 0 || path.EndsWith('/') ? path : path + "/", Delimiter = "/" };
        }

        var wish = new ListingWish(form.Prefix, form.Delimiter, form.Marker, form.ItemsMax) { Before = form.EndMarker };
        if (form.Reverse) wish = wish with { After = form.EndMarker, Before = form.Marker, ItemsMax = int.MaxValue - 1 };
        var listing = versions ? ObjectListing.Versions(session, call.Bucket.Number, wish) : ObjectListing.Current(session, call.Bucket.Number, wish);
        var lines = listing.Items.Select(item => (item.Name, item.Version, Line: Line(item, versions)))
            .Concat(listing.Prefixes.Select(prefix => (Name: prefix, Version: 0L, Line: new ListedLine(prefix, [("subdir", prefix)], IsPrefix: true))))
            .OrderBy(line => line.Name, StringComparer.Ordinal).ThenByDescending(line => line.Version).Select(line => line.Line).ToList();
        if (call.Query("path") is not null) lines.RemoveAll(line => line.IsPrefix);
        if (form.Reverse) lines.Reverse();
        return lines.Count > form.ItemsMax ? lines[..form.ItemsMax] : lines;
    }

    private static ListedLine Line(ListedObject item, bool versions)
    {
        var headers = KeptHeaders.Of(item.Headers);
        var isStatic = headers.TryGetValue(LargeObjects.StaticSize, out var size);
        var members = new List<(string, object)>
        {
            ("hash", item.Etag), ("last_modified", ListForm.Time(item.ModifiedAt)),
            ("bytes", isStatic ? long.Parse(size!, CultureInfo.InvariantCulture) : item.Size), ("name", item.Name),
            ("content_type", item.Marker ? "application/x-deleted;swift_versions_deleted=1"
                : headers.GetValueOrDefault(KeptHeaders.ContentType, KeptHeaders.DefaultType)),
        };
        if (isStatic) members.Add(("slo_etag", $"\"{headers[LargeObjects.StaticEtag]}\""));
        if (versions) members.AddRange([("version_id", item.VersionId), ("is_latest", item.Latest)]);
        return new ListedLine(item.Name, members);
    }

    private async Task<Answer> Put(Call call)
    {
        var allowed = SwiftCall.Of(call).Then(swift => gate.Account(swift, write: true));
        if (allowed.Fault is { } refused) return refused;
        if (call.Query("extract-archive") is { } format) return await bulk.Extract(allowed.Value, format);
        if (call.Header("X-Storage-Policy") is { Length: > 0 } policy && policy != Policy) return new Fault.Invalid("x-storage-policy",
            $"Invalid X-Storage-Policy '{policy}'");
        var swift = allowed.Value;
        var made = await kernel.Queue.Write<int>("bucket.create", swift.Origin, tx =>
        {
            var old = BucketStore.OfProject(tx, swift.ProjectId, swift.Container);
            var bucket = old is null ? buckets.CreateContainer(tx, swift.ProjectId, swift.OwnerId, swift.Container) : old;
            return bucket.Then(there => Change(tx, swift, there)).Map(_ => old is null ? 201 : 202);
        }, call.Stop);
        return Answer.Of(Worded(made), status => Answer.Empty(status).Traced(call));
    }

    private async Task<Answer> Update(Call call)
    {
        var allowed = SwiftCall.Of(call).Then(swift => gate.Account(swift, write: true).Then(_ => gate.Container(swift, write: true)));
        if (allowed.Fault is { } refused) return refused;
        var changed = await kernel.Queue.Write<Done>("bucket.update", allowed.Value.Origin, tx => Change(tx, allowed.Value, allowed.Value.Bucket), call.Stop);
        return Answer.Of(Worded(changed), _ => Answer.Empty(204).Traced(call));
    }

    private Outcome<Done> Change(Tx tx, SwiftCall call, Bucket bucket)
    {
        if (call.Header("X-Versions-Enabled") is { } versions)
        {
            var on = versions.ToLowerInvariant() is "true" or "1" or "yes" or "on" or "t" or "y";
            if (buckets.SetVersioning(tx, bucket.Number, on ? VersioningState.Enabled : VersioningState.Suspended).Fault is { } refused) return refused;
        }

        return ContainerMeta.Change(tx, call, bucket.Number);
    }

    private async Task<Answer> Delete(Call call)
    {
        var allowed = SwiftCall.Of(call).Then(swift => gate.Account(swift, write: true).Then(_ => gate.Container(swift, write: true)));
        if (allowed.Fault is { } refused) return refused;
        var gone = await kernel.Queue.Write<Done>("bucket.delete", allowed.Value.Origin, tx => buckets.Delete(tx, allowed.Value.Bucket.Number), call.Stop);
        return Answer.Of(Worded(gone), _ => Answer.Empty(204).Traced(call));
    }

    private static Outcome<T> Worded<T>(Outcome<T> outcome) => outcome.Fault is { } fault ? SwiftFaults.Of(fault) : outcome;
}
