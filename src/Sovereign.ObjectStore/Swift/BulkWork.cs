using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Swift;

/// <summary>Many objects in one request ("Bulk" of the Swift documentation): deletion by a list of paths, upload by an archive.</summary>
internal sealed class BulkWork(KernelServices kernel, BucketService buckets, ContentKeeper keeper, SwiftBooks books, LargeObjects large)
{
    private const int DeletesMax = 10_000;

    /// <summary>Deletes objects and empty containers, each named by a line of the body.</summary>
    public async Task<Answer> Delete(SwiftCall call)
    {
        var body = await call.Call.Raw();
        if (body.Fault is { } unread) return unread;
        var names = Encoding.UTF8.GetString(body.Value.Span).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(line => S3Request.Decode(line) ?? line).ToList();
        return names.Count > DeletesMax
            ? new Fault.TooLarge($"Maximum Bulk Deletes: {DeletesMax} per request") : await Answer(call, names, name => DeleteOne(call, name));
    }

    /// <summary>Makes an object of each file of a tar archive; below an account the first folder is the container.</summary>
    public async Task<Answer> Extract(SwiftCall call, string format)
    {
        Stream archive = call.Call.Http.Request.Body;
        if (format == "tar.gz") archive = new GZipStream(archive, CompressionMode.Decompress);
        else if (format != "tar") return new Fault.Invalid("extract-archive", $"Unsupported archive format: {format}");
        var (made, errors) = (0, new List<(string, string)>());
        try
        {
            await using var reader = new TarReader(archive);
            while (await reader.GetNextEntryAsync(copyData: false, call.Call.Stop) is { } entry)
            {
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile)) continue;
                var path = string.Join('/', new[] { call.Container, call.Object, Bare(entry.Name) }.Where(part => part.Length > 0));
                var stored = await Store(call, path, entry.DataStream ?? Stream.Null, entry.Length);
                if (stored.Fault is { } fault) errors.Add((path, Status(SwiftFaults.Of(fault))));
                else made++;
            }
        }
        catch (Exception error) when (error is InvalidDataException or FormatException or EndOfStreamException)
        {
            return Made("400 Bad Request", "Invalid Tar File: " + error.Message);
        }

        if (errors.Count > 0) return Made("400 Bad Request", "");
        return made == 0 ? Made("400 Bad Request", "Invalid Tar File: No Valid Files") : Made("201 Created", "");

        Answer Made(string status, string why) => Report(call, [("Response Status", status), ("Response Body", why), ("Number Files Created", (long)made)], errors);
    }

    /// <summary>A name of an archive without the root that it may begin with.</summary>
    private static string Bare(string name) => (name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name).TrimStart('/');

    /// <summary>Deletes one after the other and answers how many went.</summary>
    public static async Task<Answer> Answer(SwiftCall call, IReadOnlyList<string> names, Func<string, Task<Outcome<Done>>> delete)
    {
        var (gone, absent, errors) = (0L, 0L, new List<(string, string)>());
        foreach (var name in names)
        {
            var deleted = await delete(name);
            if (deleted.Ok) gone++;
            else if (deleted.Fault is Fault.NotFound) absent++;
            else errors.Add((name, Status(SwiftFaults.Of(deleted.Fault!))));
        }

        var status = errors.Count > 0 ? "400 Bad Request" : "200 OK";
        return Report(call, [("Response Status", status), ("Response Body", ""), ("Number Deleted", gone), ("Number Not Found", absent)], errors);
    }

    private async Task<Outcome<Done>> DeleteOne(SwiftCall call, string path)
    {
        var parts = path.TrimStart('/').Split('/', 2);
        if (parts.Length == 2 && parts[1].Length > 0) return await large.DeleteOne(call, path);
        return await kernel.Queue.Write<Done>("bucket.delete", call.Origin, tx => BucketStore.OfProject(tx, call.ProjectId, parts[0]) is { } bucket
            ? buckets.Delete(tx, bucket.Number) : SwiftFaults.Missing, call.Call.Stop);
    }

    private async Task<Outcome<ObjectRow>> Store(SwiftCall call, string path, Stream content, long length)
    {
        var parts = path.Split('/', 2);
        if (parts.Length < 2 || parts[1].Length == 0) return new Fault.Invalid("", "A file needs a container.");
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { [KeptHeaders.ContentType] = "application/octet-stream" };
        return await keeper.Receive<ObjectRow>(
            content, new ExpectedContent(length, S3Call.BytesMax), null, "object.put", call.Origin,
            (tx, stored) =>
            {
                var there = BucketStore.OfProject(tx, call.ProjectId, parts[0]) is { } bucket ? bucket
                    : buckets.CreateContainer(tx, call.ProjectId, call.OwnerId, parts[0]);
                return there.Then(found =>
                {
                    var target = call with { Bucket = found, Container = parts[0], Object = parts[1] };
                    return books.Place(tx, target, SwiftBooks.Row(target, stored, headers));
                });
            },
            call.Call.Stop);
    }

    private static string Status(Fault fault)
    {
        var status = Dialect.Swift.Status(fault);
        return string.Create(CultureInfo.InvariantCulture, $"{status} {Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status)}");
    }

    /// <summary>The answer is always 200; what happened stands in its body.</summary>
    private static Answer Report(SwiftCall call, IReadOnlyList<(string Name, object Value)> members, IReadOnlyList<(string Name, string Status)> errors)
    {
        if (call.Header("Accept")?.Contains("json", StringComparison.Ordinal) != true)
        {
            var text = string.Concat(members.Select(member => $"{member.Name}: {Convert.ToString(member.Value, CultureInfo.InvariantCulture)}\n"))
                + "Errors:\n" + string.Concat(errors.Select(error => $"{error.Name}, {error.Status}\n"));
            return Kernel.Wire.Answer.Bytes(200, Encoding.UTF8.GetBytes(text), "text/plain").Traced(call.Call);
        }

        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            foreach (var (name, value) in members)
            {
                if (value is long number) json.WriteNumber(name, number);
                else json.WriteString(name, (string)value);
            }

            json.WriteStartArray("Errors");
            foreach (var (name, status) in errors)
            {
                json.WriteStartArray();
                json.WriteStringValue(name);
                json.WriteStringValue(status);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Kernel.Wire.Answer.Bytes(200, bytes.ToArray(), "application/json").Traced(call.Call);
    }
}
