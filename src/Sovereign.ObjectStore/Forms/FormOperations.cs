using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;
using Sovereign.ObjectStore.Sealing;
using Sovereign.ObjectStore.Signing;

namespace Sovereign.ObjectStore.Forms;

/// <summary>Uploads from a browser's form ("POST Object"): the fields come before the file, and a signed policy says what they may be.</summary>
internal sealed class FormOperations(KernelServices kernel, ICallers callers, ContentKeeper keeper, ObjectBooks books, ObjectSealing sealing, Gate gate)
{
    private const int FieldBytesMax = 20 * 1024;
    private const int FieldsMax = 100;

    public IEnumerable<S3Operation> Plain => [new("POST", S3Level.Bucket, [], "", Post)];

    private async Task<Outcome<S3Answer>> Post(S3Call call)
    {
        var type = call.Header("Content-Type") ?? "";
        var at = type.IndexOf("boundary=", StringComparison.OrdinalIgnoreCase);
        if (!type.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) || at < 0)
        {
            return new S3Fault(412, "PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data");
        }

        var boundary = type[(at + "boundary=".Length)..].Split(';')[0].Trim('"', ' ');
        try
        {
            return await Read(call, new MultipartReader(boundary, call.Request.Http.Request.Body) { HeadersLengthLimit = FieldBytesMax });
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            return new S3Fault(400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.");
        }
    }

    private async Task<Outcome<S3Answer>> Read(S3Call call, MultipartReader reader)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadNextSectionAsync(call.Stop) is { } section)
        {
            if (!Microsoft.Net.Http.Headers.ContentDispositionHeaderValue.TryParse(section.ContentDisposition,
                out var disposition)) return Malformed("A part has no name.");
            var name = disposition.Name.ToString().Trim('"');
            if (name.Equals("file", StringComparison.OrdinalIgnoreCase))
            {
                fields["${filename}"] = Path.GetFileName(disposition.FileName.ToString().Trim('"').Replace('\\', '/'));
                return await Store(call, fields, section.Body);
            }

            if (fields.Count == FieldsMax) return Malformed("There are too many fields.");
            var value = await Text(section.Body, call.Stop);
            if (value is null) return new S3Fault(400, "MaxPostPreDataLengthExceeded", "Your POST request fields preceding the upload file were too large.");
            fields[name] = value;
        }

        return Malformed("POST requires exactly one file upload per request.");
    }

    private async Task<Outcome<S3Answer>> Store(S3Call call, Dictionary<string, string> fields, Stream file)
    {
        if (!fields.TryGetValue("key", out var key) || key.Length == 0)
            return S3Faults.InvalidArgument("Bucket POST must contain a field named 'key'. If it is specified, please check the order of the fields.");
        key = fields["key"] = key.Replace("${filename}", fields["${filename}"], StringComparison.Ordinal);
        var signed = FormPolicy.Signer(fields, callers);
        if (signed.Fault is { } refused) return refused;
        var policy = FormPolicy.Check(fields, call.Request.Bucket, kernel.Clock.GetUtcNow());
        if (signed.Value.Caller is not null && policy.Fault is { } forbidden) return forbidden;
        // The fields stand for the headers of a plain upload from here on.
        foreach (var (name, value) in fields)
        {
            if (name is "acl" or "tagging") call.Request.Headers["x-amz-" + name] = new StringValues(value);
            else if (name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase)
                || KeptHeaders.Standard.Contains(name.ToLowerInvariant())) call.Request.Headers[name] = new StringValues(value);
        }

        if (!fields.ContainsKey("Content-Type")) call.Request.Headers.Remove("Content-Type");
        using var upload = new S3Call(call.Request with { Key = key }, signed.Value, call.RequestId);
        if (gate.Enter(upload, "s3:PutObject").Fault is { } closed) return closed;
        return await Put(upload, fields, file, policy.Ok ? policy.Value : (0, S3Call.BytesMax));
    }

    private async Task<Outcome<S3Answer>> Put(S3Call call, Dictionary<string, string> fields, Stream file, (long Min, long Max) bytes)
    {
        var wish = ObjectWish.Of(call);
        if (wish.Fault is { } wrong) return wrong;
        var encrypted = sealing.Wish(call);
        if (encrypted.Fault is { } bad) return bad;
        var own = sealing.NewKey(encrypted.Value);
        var stored = await keeper.Receive<ObjectRow>(
            file,
            new ExpectedContent(null, bytes.Max),
            sealing.Seal(encrypted.Value, own),
            "object.post",
            call.Origin,
            (tx, content) => content.Received.Size < bytes.Min
                ? S3Faults.EntityTooSmall
                : books.Place(tx, wish.Value.Row(tx, call, content) with { Sealing = sealing.Kept(tx, encrypted.Value, own, call.Bucket.ProjectId, content.Name) },
                    WriteConditions.None),
            call.Stop);
        return stored.Map(row => Answer(call, fields, row));
    }

    private static S3Answer Answer(S3Call call, Dictionary<string, string> fields, ObjectRow row)
    {
        var etag = $"\"{row.Etag}\"";
        var target = fields.GetValueOrDefault("success_action_redirect") ?? fields.GetValueOrDefault("redirect");
        if (target is not null && Uri.TryCreate(target, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        {
            var query = $"bucket={Uri.EscapeDataString(call.Request.Bucket)}&key={Uri.EscapeDataString(row.Name)}&etag={Uri.EscapeDataString(etag)}";
            return S3Answer.Empty(303).With("Location", $"{uri}{(uri.Query.Length == 0 ? "?" : "&")}{query}").With("ETag", etag);
        }

        var status = fields.GetValueOrDefault("success_action_status") switch { "200" => 200, "201" => 201, _ => 204 };
        var location = "/" + call.Request.Bucket + "/" + SignatureV4.Encode(row.Name, slashes: true);
        var answer = status == 201
            ? S3Answer.Xml(201, S3Xml.Document(
                "PostResponse",
                xml =>
                {
                    xml.Text("Location", location);
                    xml.Text("Bucket", call.Request.Bucket);
                    xml.Text("Key", row.Name);
                    xml.Text("ETag", etag);
                },
                withNamespace: false))
            : S3Answer.Empty(status);
        return answer.With("ETag", etag).With("Location", location).Version(row);
    }

    private static async Task<string?> Text(Stream body, CancellationToken stop)
    {
        var bytes = new byte[FieldBytesMax + 1];
        var count = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, stop);
        return count > FieldBytesMax ? null : Encoding.UTF8.GetString(bytes, 0, count);
    }

    private static S3Fault Malformed(string message) => new(400, "InvalidArgument", message);
}
