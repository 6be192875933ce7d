using System.Globalization;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.Signing;

namespace Sovereign.ObjectStore.S3;

/// <summary>One request with who sent it: what operations are given.</summary>
internal sealed class S3Call(S3Request request, Signed signed, string requestId) : IDisposable
{
    /// <summary>Largest object or part that comes in one request, bytes (S3: 5 GiB).</summary>
    public const long BytesMax = 5L << 30;

    private const int DocumentBytesMax = 4 * 1024 * 1024;
    private ChunkedBody? chunks;

    public S3Request Request { get; } = request;

    public Caller? Caller => signed.Caller;

    /// <summary>Who owns what this request makes.</summary>
    public string OwnerId => signed.Caller?.UserId ?? "anonymous";

    public Origin Origin { get; } = new(requestId, signed.Caller?.UserId ?? "anonymous", signed.Caller?.ProjectId);

    public string RequestId => requestId;

    public CancellationToken Stop => Request.Http.RequestAborted;

    /// <summary>The bucket of the request, once it is found and the caller may do what it asks there.</summary>
    public Bucket Bucket { get; set; } = new();

    public string Key => Request.Key;

    public string? Header(string name) => Request.Header(name);

    /// <summary>The value of a query parameter; null when it is not there.</summary>
    public string? Query(string name) => Request.Parameter(name);

    /// <summary>The body, without the framing of chunks.</summary>
    public Stream Body() => signed.Form == PayloadForm.Whole
        ? Request.Http.Request.Body
        : chunks = new ChunkedBody(Request.Http.Request.BodyReader, signed.Chunks, signed.Trailers || signed.Form == PayloadForm.UnsignedChunks);

    /// <summary>What the head of the request says of its body: length, MD5, SHA-256, checksum.</summary>
    public Outcome<ExpectedContent> Expected()
    {
        var length = Length();
        if (length.Fault is { } unknown) return unknown;
        if (length.Value > BytesMax) return S3Faults.TooLarge(length.Value, BytesMax);
        byte[]? md5 = null;
        if (Header("Content-MD5") is { } text && ((md5 = Base64(text)) is null || md5.Length != System.Security.Cryptography.MD5.HashSizeInBytes))
            return S3Faults.InvalidDigest;
        var sum = AnnouncedSum();
        if (sum.Fault is { } wrong) return wrong;
        var (kind, value) = sum.Value;
        return new ExpectedContent(length.Value, BytesMax, md5, signed.Sha256, kind, kind == ChecksumKind.None ? null : value);
    }

    /// <summary>Reads a body that is an XML document with this root.</summary>
    public async Task<Outcome<XElement>> Xml(string root) => (await Document()).Then(body => S3Xml.Parse(body, root));

    /// <summary>Reads a small body whole, checked as an object's would be.</summary>
    public async Task<Outcome<byte[]>> Document()
    {
        var expected = Expected();
        if (expected.Fault is { } wrong) return wrong;
        if (expected.Value.Length > DocumentBytesMax) return S3Faults.TooLarge(expected.Value.Length.Value, DocumentBytesMax);
        using var kept = new MemoryDraft();
        var received = await ContentReceiver.Receive(Body(), kept, expected.Value with { BytesMax = DocumentBytesMax }, Stop);
        return received.Map(_ => kept.ToArray());
    }

    public void Dispose() => chunks?.Dispose();

    private Outcome<long> Length()
    {
        if (signed.Form != PayloadForm.Whole)
        {
            return long.TryParse(Header("x-amz-decoded-content-length"), NumberStyles.None, CultureInfo.InvariantCulture, out var decoded)
                ? decoded : S3Faults.MissingContentLength;
        }

        return Request.Http.Request.ContentLength is { } length ? length : S3Faults.MissingContentLength;
    }

    /// <summary>The checksum to compute: of a header, of an announced trailer, or only an algorithm.</summary>
    private Outcome<(ChecksumKind Kind, Func<byte[]?> Value)> AnnouncedSum()
    {
        foreach (var kind in ChecksumKinds.All)
        {
            if (Header(kind.Header()) is not { } text) continue;
            return Base64(text) is { } sum && sum.Length == kind.Bytes() ? (kind, () => sum) : S3Faults.InvalidRequest($"Value for {kind.Header()} header is invalid.");
        }

        if (Header("x-amz-trailer") is { } trailer)
        {
            var kind = ChecksumKinds.OfHeader(trailer.Trim());
            // What never came is as wrong as a wrong sum.
            return kind == ChecksumKind.None
                ? S3Faults.InvalidRequest($"The value specified in the x-amz-trailer header is not supported: {trailer}")
                : (kind, () => chunks is not null && chunks.Trailing.TryGetValue(kind.Header(), out var value) ? Base64(value) ?? [] : []);
        }

        if (Header("x-amz-sdk-checksum-algorithm") is not { } name) return (ChecksumKind.None, () => null);
        var named = ChecksumKinds.OfWire(name);
        return named == ChecksumKind.None ? S3Faults.InvalidRequest($"Checksum algorithm provided is unsupported: {name}") : (named, () => null);
    }

    public static byte[]? Base64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text.Trim(), bytes, out var count) ? bytes[..count] : null;
    }

    /// <summary>A body that is kept in memory.</summary>
    private sealed class MemoryDraft : IContentDraft
    {
        private readonly MemoryStream bytes = new();

        public ValueTask Write(ReadOnlyMemory<byte> bytes, CancellationToken stop)
        {
            this.bytes.Write(bytes.Span);
            return ValueTask.CompletedTask;
        }

        public Task Flush(CancellationToken stop) => Task.CompletedTask;

        public byte[] ToArray() => bytes.ToArray();

        public void Dispose() => bytes.Dispose();
    }
}
