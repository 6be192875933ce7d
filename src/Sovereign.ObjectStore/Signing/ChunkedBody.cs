using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Sovereign.ObjectStore.Signing;

/// <summary>A body in aws-chunked form, read without its framing. Signatures of chunks are checked when each has ended: what comes before may already be written, and is
/// thrown away with the draft when one is wrong.</summary>
internal sealed class ChunkedBody(PipeReader source, ChunkSigner? signer, bool trailers) : Stream
{
    private const int LineBytesMax = 4 * 1024;
    private const long ChunkBytesMax = 5L << 30;
    private const string Signature = ";chunk-signature=";
    private const string TrailerSignature = "x-amz-trailer-signature";
    private readonly Dictionary<string, string> trailing = new(StringComparer.OrdinalIgnoreCase);
    private readonly IncrementalHash? hash = signer is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long left;
    private string signature = "";
    private bool begun;
    private bool ended;

    /// <summary>Headers that followed the body; known when it has ended.</summary>
    public IReadOnlyDictionary<string, string> Trailing => trailing;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (ended || buffer.Length == 0) return 0;
        if (left == 0 && !await NextChunk(cancellationToken)) return 0;
        var result = await source.ReadAsync(cancellationToken);
        var count = (int)Math.Min(Math.Min(left, buffer.Length), result.Buffer.Length);
        if (count == 0)
        {
            source.AdvanceTo(result.Buffer.Start);
            throw Cut();
        }

        var part = result.Buffer.Slice(0, count);
        part.CopyTo(buffer.Span);
        source.AdvanceTo(part.End);
        hash?.AppendData(buffer.Span[..count]);
        left -= count;
        if (left == 0) await EndChunk(cancellationToken);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) hash?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Reads the head of the next chunk; false at the end of the body.</summary>
    private async Task<bool> NextChunk(CancellationToken stop)
    {
        var head = await Line(stop);
        var at = head.IndexOf(Signature, StringComparison.Ordinal);
        var size = at < 0 ? head.Split(';')[0] : head[..at];
        signature = at < 0 ? "" : head[(at + Signature.Length)..];
        if (!long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out left) || left is < 0 or > ChunkBytesMax) throw Malformed();
        if (left > 0)
        {
            begun = true;
            return true;
        }

        Check();
        await Trailers(stop);
        ended = true;
        return false;
    }

    private async Task EndChunk(CancellationToken stop)
    {
        Check();
        if ((await Line(stop)).Length > 0) throw Malformed();
    }

    private void Check()
    {
        if (signer is not null && !signer.IsNext(signature, hash!.GetHashAndReset())) throw new ChunkSignatureException();
    }

    private async Task Trailers(CancellationToken stop)
    {
        var signed = new StringBuilder();
        while (true)
        {
            var line = await Line(stop, endIsEmpty: true);
            if (line.Length == 0) break;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || trailing.Count > 16) throw Malformed();
            var (name, value) = (line[..colon].Trim().ToLowerInvariant(), line[(colon + 1)..].Trim());
            trailing[name] = value;
            if (name != TrailerSignature) signed.Append(name).Append(':').Append(value).Append('\n');
        }

        if (signer is null || !trailers) return;
        if (!trailing.TryGetValue(TrailerSignature, out var given))
        {
            if (signed.Length > 0) throw new ChunkSignatureException();
            // Nothing more may come after what was signed: the line that ends the trailers was the end.
            return;
        }

        if (!signer.IsTrailer(given, signed.ToString())) throw new ChunkSignatureException();
    }

    private async Task<string> Line(CancellationToken stop, bool endIsEmpty = false)
    {
        while (true)
        {
            var result = await source.ReadAsync(stop);
            var buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.ASCII.GetString(buffer.Slice(0, end));
                source.AdvanceTo(buffer.GetPosition(1, end));
                return line.TrimEnd('\r');
            }

            if (buffer.Length > LineBytesMax) throw Malformed();
            source.AdvanceTo(buffer.Start, buffer.End);
            if (!result.IsCompleted) continue;
            if (endIsEmpty && buffer.Length == 0 && (begun || signer is null || !trailers)) return "";
            throw Cut();
        }
    }

    private static BadHttpRequestException Malformed() => new("The chunks of the body are malformed.", StatusCodes.Status400BadRequest);

    private static BadHttpRequestException Cut() => new("The body ended inside a chunk.", StatusCodes.Status400BadRequest);
}

/// <summary>A chunk or a trailer whose signature is not its own.</summary>
internal sealed class ChunkSignatureException : Exception
{
    public ChunkSignatureException()
        : base("The signature of a chunk does not match.")
    {
    }

    public ChunkSignatureException(string message)
        : base(message)
    {
    }

    public ChunkSignatureException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
