using System.Globalization;
using System.Text;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.Settings;

namespace Sovereign.ObjectStore.Swift;

/// <summary>What writing and deleting mean in Swift beside what they mean everywhere: quotas of containers, expiry, and the older versioning by a second
/// container.</summary>
internal sealed class SwiftBooks(ObjectBooks books)
{
    public const string DeleteAt = "x-delete-at";
    private const string Meta = "x-object-meta-";
    private static readonly string[] standard = [KeptHeaders.ContentType, "content-encoding", "content-disposition", "cache-control", "content-language", "expires",
        LargeObjects.Dynamic];

    /// <summary>The headers of a request that an object keeps.</summary>
    public static Outcome<Dictionary<string, string>> Headers(SwiftCall call, long now)
    {
        var kept = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, values) in call.Call.Http.Request.Headers)
        {
            var (lower, value) = (name.ToLowerInvariant(), values.ToString());
            if (standard.Contains(lower) && value.Length > 0) kept[lower] = value;
            if (!lower.StartsWith(Meta, StringComparison.Ordinal)) continue;
            if (lower == Meta) return new Fault.Invalid(lower, "Metadata name cannot be empty");
            if (lower.Length - Meta.Length > MetaLimits.NameBytesMax) return new Fault.Invalid(lower, $"Metadata name too long: {lower}");
            if (Encoding.UTF8.GetByteCount(value) > MetaLimits.ValueBytesMax) return new Fault.Invalid(lower,
                $"Metadata value longer than {MetaLimits.ValueBytesMax}: {lower}");
            if (value.Length > 0) kept[KeptHeaders.MetaPrefix + lower[Meta.Length..]] = value;
        }

        if (kept.Keys.Count(name => name.StartsWith(KeptHeaders.MetaPrefix, StringComparison.Ordinal)) > MetaLimits.CountMax) return new Fault.Invalid("",
            $"Too many metadata items; max {MetaLimits.CountMax}");
        if (kept.TryGetValue(LargeObjects.Dynamic, out var manifest) && !manifest.TrimStart('/').Contains('/',
            StringComparison.Ordinal)) return new Fault.Invalid(LargeObjects.Dynamic, "X-Object-Manifest must be in the format container/prefix");
        return Expiry(call, kept, now) is { } wrong ? wrong : kept;
    }

    public static ObjectRow Row(SwiftCall call, StoredContent content, Dictionary<string, string> headers) => new()
    {
        Bucket = call.Bucket.Number, Name = call.Object, Size = content.Received.Size, Etag = Convert.ToHexStringLower(content.Received.Md5), OwnerId = call.OwnerId,
        Content = content.Name,
        Crc = content.Crc, Headers = KeptHeaders.ToJson(headers),
    };

    public static bool IsExpired(ObjectRow row, long now) =>
        row.Headers.Contains(DeleteAt, StringComparison.Ordinal) && KeptHeaders.Of(row.Headers).TryGetValue(DeleteAt, out var text)
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds * Micros.PerSecond <= now;

    /// <summary>Puts an object in its place; what was there may go to a second container first.</summary>
    public Outcome<ObjectRow> Place(Tx tx, SwiftCall call, ObjectRow row)
    {
        if (BucketStore.Find(tx, row.Bucket) is not { } bucket) return SwiftFaults.Missing;
        var meta = ContainerMeta.Of(tx, bucket.Number);
        var before = ObjectRows.Latest(tx, bucket.Number, row.Name) is { Marker: false } latest ? latest : null;
        if (OverQuota(bucket, meta, row, before) || OverAccount(tx, bucket, row, before)) return new Fault.TooLarge("Upload exceeds quota.");
        if (before is not null && Archive(meta) is { } archive && Keep(tx, bucket, archive, before).Fault is { } refused) return refused;
        // A bucket's default retention holds whichever API writes.
        var kept = bucket.LockEnabled ? LockDefault.Of(BucketStore.Setting(tx, bucket.Number, SettingNames.ObjectLock), tx.Now) : null;
        return books.Place(tx, kept is null ? row : row with { LockMode = kept.Mode, RetainUntil = kept.RetainUntil }, WriteConditions.None).Map(placed =>
        {
            Expire(tx, placed);
            return placed;
        });
    }

    public Outcome<ObjectRow> Copy(Tx tx, SwiftCall to, ObjectRow source, Dictionary<string, string> given, bool fresh)
    {
        var headers = fresh ? [] : KeptHeaders.Of(source.Headers);
        headers.Remove(DeleteAt);
        foreach (var (name, value) in given)
        {
            if (name != KeptHeaders.ContentType || to.Header("Content-Type") is { Length: > 0 }) headers[name] = value;
        }

        return Place(tx, to, source with
        {
            Bucket = to.Bucket.Number,
            Name = to.Object,
            OwnerId = to.OwnerId,
            Headers = KeptHeaders.ToJson(headers),
            LockMode = null,
            RetainUntil = null,
            LegalHold = false,
            Acl = null
        });
    }

    /// <summary>A change of metadata: what is not said again is gone, but for what belongs to the content.</summary>
    public static Outcome<Done> Change(Tx tx, ObjectRow row, Dictionary<string, string> given, bool withType)
    {
        var kept = KeptHeaders.Of(row.Headers);
        foreach (var (name, value) in kept)
        {
            var ofContent = name is LargeObjects.Static or LargeObjects.StaticEtag or LargeObjects.StaticSize || (name == KeptHeaders.ContentType && !withType);
            if (ofContent) given[name] = value;
        }

        var changed = row with { Headers = KeptHeaders.ToJson(given) };
        ObjectRows.Update(tx, changed);
        Expire(tx, changed);
        return Done.Value;
    }

    public Outcome<Done> Delete(Tx tx, SwiftCall call, string? version)
    {
        var number = call.Bucket.Number;
        if (version is not null)
        {
            return ObjectRows.Find(tx, number, call.Object, version) is null
                ? SwiftFaults.Missing : books.DeleteVersion(tx, number, call.Object, version, row => ObjectLocks.Refusal(row, tx.Now)).Map(_ => Done.Value);
        }

        if (BucketStore.Find(tx, number) is not { } bucket || ObjectRows.Latest(tx, number, call.Object) is not { Marker: false } latest
            || IsExpired(latest, tx.Now)) return SwiftFaults.Missing;
        var meta = ContainerMeta.Of(tx, number);
        if (meta.TryGetValue("x-history-location", out var history) && Keep(tx, bucket, history, latest).Fault is { } refused) return refused;
        var gone = books.Delete(tx, number, call.Object, call.OwnerId);
        if (gone.Fault is { } fault) return fault;
        return meta.TryGetValue("x-versions-location", out var stack) ? Restore(tx, bucket, stack, call.Object) : Done.Value;
    }

    private static string? Archive(Dictionary<string, string> meta) => meta.GetValueOrDefault("x-versions-location") ?? meta.GetValueOrDefault("x-history-location");

    /// <summary>Names of old versions in their container: the length of the name, the name, the time.</summary>
    private static string Prefix(string name) => string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(name):x3}{name}/");

    private Outcome<Done> Keep(Tx tx, Bucket bucket, string container, ObjectRow row)
    {
        if (BucketStore.OfProject(tx, bucket.ProjectId, Uri.UnescapeDataString(container)) is not { } archive)
            return SwiftFaults.PreconditionFailed("The container of old versions does not exist.");
        var kept = row with
        {
            Bucket = archive.Number,
            Name = Prefix(row.Name) + SwiftHeaders.Stamp(row.ModifiedAt),
            LockMode = null,
            RetainUntil = null,
            LegalHold = false
        };
        return books.Place(tx, kept, WriteConditions.None).Map(_ => Done.Value);
    }

    /// <summary>The newest of the old versions takes the place of what was deleted.</summary>
    private Outcome<Done> Restore(Tx tx, Bucket bucket, string container, string name)
    {
        if (BucketStore.OfProject(tx, bucket.ProjectId, Uri.UnescapeDataString(container)) is not { } archive) return Done.Value;
        if (ObjectRows.LastWith(tx, archive.Number, Prefix(name)) is not { } old) return Done.Value;
        if (books.Place(tx, old with { Bucket = bucket.Number, Name = name }, WriteConditions.None).Fault is { } refused) return refused;
        return books.Delete(tx, archive.Number, old.Name, old.OwnerId).Map(_ => Done.Value);
    }

    private static bool OverQuota(Bucket bucket, Dictionary<string, string> meta, ObjectRow row, ObjectRow? before)
    {
        if (meta.TryGetValue("x-container-meta-quota-bytes", out var bytes) && bucket.Bytes - (before?.Size ?? 0) + row.Size > long.Parse(bytes,
            CultureInfo.InvariantCulture)) return true;
        return before is null && meta.TryGetValue("x-container-meta-quota-count", out var count) && bucket.Objects + 1 > long.Parse(count, CultureInfo.InvariantCulture);
    }

    private static bool OverAccount(Tx tx, Bucket bucket, ObjectRow row, ObjectRow? before) =>
        AccountMeta.Of(tx, bucket.ProjectId).TryGetValue("x-account-meta-quota-bytes", out var text) && long.TryParse(text, out var limit)
        && AccountTotals.Of(tx, bucket.ProjectId).Bytes - (before?.Size ?? 0) + row.Size > limit;

    private static Fault? Expiry(SwiftCall call, Dictionary<string, string> kept, long now)
    {
        var seconds = now / Micros.PerSecond;
        if (call.Header("X-Delete-After") is { Length: > 0 } after)
        {
            if (!long.TryParse(after, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var later)) return new Fault.Invalid("x-delete-after",
                "Non-integer X-Delete-After");
            if (later <= 0) return new Fault.Invalid("x-delete-after", "X-Delete-After in past");
            kept[DeleteAt] = (seconds + later).ToString(CultureInfo.InvariantCulture);
            return null;
        }

        if (call.Header("X-Delete-At") is not { Length: > 0 } at) return null;
        if (!long.TryParse(at, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var when)) return new Fault.Invalid(DeleteAt, "Non-integer X-Delete-At");
        if (when <= seconds) return new Fault.Invalid(DeleteAt, "X-Delete-At in past");
        kept[DeleteAt] = at;
        return null;
    }

    /// <summary>Notes when a version ends, or that it does not.</summary>
    private static void Expire(Tx tx, ObjectRow row)
    {
        tx.Execute("DELETE FROM object_expiry WHERE bucket = @Bucket AND name = @Name AND version = @Version", new { row.Bucket, row.Name, row.Version });
        if (!row.Headers.Contains(DeleteAt, StringComparison.Ordinal)) return;
        var at = long.Parse(KeptHeaders.Of(row.Headers)[DeleteAt], CultureInfo.InvariantCulture) * Micros.PerSecond;
        tx.Execute("INSERT INTO object_expiry (bucket, name, version, at) VALUES (@Bucket, @Name, @Version, @at)", new { row.Bucket, row.Name, row.Version, at });
    }
}
