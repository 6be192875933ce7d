using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.Sealing;

namespace Sovereign.ObjectStore.Swift;

/// <summary>One entry of a static large object's manifest, as clients send it and as it is kept.</summary>
internal sealed record ManifestEntry
{
    public string? Path { get; init; }

    public string? Etag { get; init; }

    [JsonPropertyName("size_bytes")]
    public long? SizeBytes { get; init; }

    /// <summary>"first-last" of the segment; null: all of it.</summary>
    public string? Range { get; init; }
}

/// <summary>An entry as a manifest is shown.</summary>
internal sealed record ShownEntry(string Name, string Hash, long Bytes, string? Range, string ContentType, string LastModified);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(List<ManifestEntry>))]
[JsonSerializable(typeof(List<ShownEntry>))]
internal sealed partial class ManifestJson : JsonSerializerContext;

/// <summary>A manifest that may be kept.</summary>
/// <param name="Etag">MD5 of the segments' entity tags.</param>
internal sealed record CheckedManifest(byte[] Document, string Etag, long Size);

/// <summary>Objects that are put together from others while they are read ("Large objects" of the Swift documentation): static ones by a manifest, dynamic ones by a
/// prefix. A manifest opens nothing that its reader, and deletes nothing that its deleter, could not reach alone.</summary>
internal sealed class LargeObjects(KernelServices kernel, SwiftGate gate, ObjectReader reader, ObjectSealing sealing, SwiftBooks books)
{
    public const string Static = "x-static-large-object";
    public const string StaticEtag = "x-object-sysmeta-slo-etag";
    public const string StaticSize = "x-object-sysmeta-slo-size";
    public const string Dynamic = "x-object-manifest";
    public const int SegmentsMax = 1000;
    private const int DynamicSegmentsMax = 10_000;

    /// <summary>What a read of an object sends: its pieces, their length, and the entity tag.</summary>
    public async Task<Outcome<(List<Segment> Segments, long Size, string Etag)>> Whole(SwiftCall call, ObjectRow row, Dictionary<string, string> headers)
    {
        if (headers.ContainsKey(Static)) return WholeStatic(call, await Entries(row, call.Call.Stop), headers);
        return headers.TryGetValue(Dynamic, out var manifest) ? WholeDynamic(call, manifest) : (reader.Segments(row), row.Size, row.Etag);
    }

    public Task CopyTo(List<Segment> segments, long offset, long length, HttpResponse response, CancellationToken stop) =>
        reader.CopyTo(segments, offset, length, response, sealing.OpenOwn, stop);

    /// <summary>Checks a manifest against the objects that it names.</summary>
    public Outcome<CheckedManifest> Check(SwiftCall call, ReadOnlyMemory<byte> body)
    {
        var parsed = Call.Parse(body, ManifestJson.Default.ListManifestEntry);
        if (parsed.Fault is not null) return new Fault.Invalid("", "Manifest must be valid JSON.\n");
        if (parsed.Value.Count is 0 or > SegmentsMax) return new Fault.Invalid("", $"Number of segments must be between 1 and {SegmentsMax}.");
        var (etags, size, errors) = (new StringBuilder(), 0L, new StringBuilder());
        var kept = new List<ManifestEntry>();
        var containers = new Containers(gate, call);
        foreach (var entry in parsed.Value)
        {
            var found = Segment(containers, entry);
            if (found.Fault is { } wrong)
            {
                errors.Append(CultureInfo.InvariantCulture, $"{entry.Path}, {wrong.Message}\n");
                continue;
            }

            var (row, length) = found.Value;
            if (row.Headers.Contains(Static, StringComparison.Ordinal)) errors.Append(CultureInfo.InvariantCulture, $"{entry.Path}, A manifest can't name a manifest\n");
            if (entry.SizeBytes is { } wanted && wanted != row.Size) errors.Append(CultureInfo.InvariantCulture, $"{entry.Path}, Size Mismatch\n");
            if (entry.Etag is { Length: > 0 } etag && etag != row.Etag) errors.Append(CultureInfo.InvariantCulture, $"{entry.Path}, Etag Mismatch\n");
            etags.Append(row.Etag);
            if (entry.Range is not null) etags.Append(CultureInfo.InvariantCulture, $":{entry.Range};");
            size += length;
            kept.Add(entry with { Etag = row.Etag, SizeBytes = row.Size });
        }

        if (errors.Length > 0) return new Fault.Invalid("", $"Errors:\n{errors}");
        return new CheckedManifest(JsonSerializer.SerializeToUtf8Bytes(kept, ManifestJson.Default.ListManifestEntry), Md5(etags.ToString()), size);
    }

    /// <summary>The manifest itself.</summary>
    public async Task<Answer> Manifest(SwiftCall call, ObjectRow row)
    {
        var entries = await Entries(row, call.Call.Stop);
        if (call.Query("format") == "raw") return Json(entries, ManifestJson.Default.ListManifestEntry, call);
        var containers = new Containers(gate, call);
        var shown = entries.ConvertAll(entry =>
        {
            var segment = Segment(containers, entry) is { Ok: true } found ? found.Value.Row : null;
            var type = (segment is null ? null : KeptHeaders.Of(segment.Headers).GetValueOrDefault(KeptHeaders.ContentType)) ?? "application/octet-stream";
            return new ShownEntry(entry.Path!, entry.Etag ?? "", entry.SizeBytes ?? 0, entry.Range, type, ListForm.Time(segment?.ModifiedAt ?? row.ModifiedAt));
        });
        return Json(shown, ManifestJson.Default.ListShownEntry, call)
            .With("X-Static-Large-Object", "True").With("Etag", $"\"{row.Etag}\"").With("X-Timestamp", SwiftHeaders.Stamp(row.ModifiedAt))
            .With("Last-Modified", S3.S3Xml.HeaderTime(row.ModifiedAt)).With("Accept-Ranges", "bytes");
    }

    /// <summary>Deletes a static large object with its segments.</summary>
    public async Task<Answer> Delete(SwiftCall call)
    {
        var row = kernel.Database.Read(session => ObjectRows.Latest(session, call.Bucket.Number, call.Object));
        if (row is null or { Marker: true }) return SwiftFaults.Missing;
        if (!KeptHeaders.Of(row.Headers).ContainsKey(Static)) return new Fault.Invalid("", "Not an SLO manifest");
        var names = (await Entries(row, call.Call.Stop)).Select(entry => entry.Path!).Append($"/{call.Container}/{call.Object}").ToList();
        return await BulkWork.Answer(call, names, name => DeleteOne(call, name));
    }

    /// <summary>Deletes "/container/object" of the account, where the caller may write.</summary>
    public async Task<Outcome<Done>> DeleteOne(SwiftCall call, string path)
    {
        var parts = path.TrimStart('/').Split('/', 2);
        if (parts.Length < 2) return SwiftFaults.Missing;
        var target = call with { Container = parts[0], Object = parts[1] };
        // A temporary URL deletes in the container alone whose object it names.
        var entered = call.Lent is null || parts[0] != call.Container ? gate.Container(target, write: true) : target;
        if (entered.Fault is { } closed) return closed;
        return await kernel.Queue.Write<Done>("object.delete", call.Origin, tx => books.Delete(tx, entered.Value, null), call.Call.Stop);
    }

    private Outcome<(List<Segment>, long, string)> WholeStatic(SwiftCall call, List<ManifestEntry> entries, Dictionary<string, string> headers)
    {
        var (segments, containers, begins) = (new List<Segment>(), new Containers(gate, call), 0L);
        foreach (var entry in entries)
        {
            var found = Segment(containers, entry);
            if (found.Fault is Fault.Forbidden or { Type: "401" }) return found.Fault;
            if (found.Fault is not null || entry.Etag != found.Value.Row.Etag) return SwiftFaults.NotEmpty;
            var skip = entry.Range is { } range ? FirstOf(range, found.Value.Row.Size) : 0;
            begins = Append(segments, found.Value.Row, skip, found.Value.Length, begins);
        }

        return (segments, begins, headers[StaticEtag]);
    }

    private Outcome<(List<Segment>, long, string)> WholeDynamic(SwiftCall call, string manifest)
    {
        var parts = Uri.UnescapeDataString(manifest).TrimStart('/').Split('/', 2);
        var (segments, etags, begins) = (new List<Segment>(), new StringBuilder(), 0L);
        var entered = new Containers(gate, call).Enter(parts[0]);
        if (entered.Fault is { } closed and not Fault.NotFound) return closed;
        var rows = entered.Fault is not null ? [] : kernel.Database.Read(session =>
            ObjectListing.Current(session, entered.Value.Number, new ListingWish(parts[1], "", "", DynamicSegmentsMax)).Items
                .Select(item => ObjectRows.Latest(session, entered.Value.Number, item.Name)).OfType<ObjectRow>().ToList());
        foreach (var row in rows)
        {
            etags.Append(row.Etag);
            begins = Append(segments, row, 0, row.Size, begins);
        }

        return (segments, begins, Md5(etags.ToString()));
    }

    /// <summary>Adds a part of an object's pieces behind those that are there.</summary>
    private long Append(List<Segment> segments, ObjectRow row, long skip, long length, long begins)
    {
        foreach (var piece in reader.Segments(row).Where(piece => piece.Begins < skip + length && piece.Begins + piece.Size > skip))
        {
            var from = Math.Max(0, skip - piece.Begins);
            var size = Math.Min(piece.Size, skip + length - piece.Begins) - from;
            segments.Add(piece with { Begins = begins, Size = size, Skip = piece.Skip + from });
            begins += size;
        }

        return begins;
    }

    private Outcome<(ObjectRow Row, long Length)> Segment(Containers containers, ManifestEntry entry)
    {
        var parts = (entry.Path ?? "").TrimStart('/').Split('/', 2);
        if (parts.Length < 2) return NoSegment;
        var entered = containers.Enter(parts[0]);
        if (entered.Fault is { } closed) return closed;
        if (kernel.Database.Read(session => ObjectRows.Latest(session, entered.Value.Number, parts[1])) is not { Marker: false } row) return NoSegment;
        if (entry.Range is null) return (row, row.Size);
        var range = ByteRange.Of("bytes=" + entry.Range, row.Size);
        return range.Fault is not null || range.Value is null ? new Fault.Invalid("", "Unsatisfiable Range") : (row, range.Value.Value.Length);
    }

    private static long FirstOf(string range, long size) => ByteRange.Of("bytes=" + range, size) is { Ok: true, Value: { } known } ? known.Offset : 0;

    private async Task<List<ManifestEntry>> Entries(ObjectRow row, CancellationToken stop)
    {
        var segments = reader.Segments(row);
        await using var stream = reader.Read(segments, 0, row.Size, sealing.OpenOwn);
        return (await JsonSerializer.DeserializeAsync(stream, ManifestJson.Default.ListManifestEntry, stop))!;
    }

    private static Answer Json<T>(T value, JsonTypeInfo<T> type, SwiftCall call) =>
        Answer.Bytes(200, JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json; charset=utf-8").Traced(call.Call);

    private static Fault NoSegment => SwiftFaults.Missing with { Message = "404 Not Found" };

#pragma warning disable CA5351 // Swift's entity tags are MD5s.
    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.ASCII.GetBytes(text)));
#pragma warning restore CA5351

    /// <summary>The containers of one manifest's segments, each asked for once.</summary>
    private sealed class Containers(SwiftGate gate, SwiftCall call)
    {
        private readonly Dictionary<string, Outcome<Bucket>> entered = new(StringComparer.Ordinal);

        public Outcome<Bucket> Enter(string name)
        {
            if (entered.TryGetValue(name, out var known)) return known;
            return entered[name] = gate.Segments(call, name);
        }
    }
}
