using System.Buffers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Contents;

/// <summary>What a body must turn out to be, as its request announced; null members: nothing was said.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="BytesMax">Most bytes that are taken.</param>
/// <param name="Kind">The checksum to compute and to keep with the object.</param>
/// <param name="Sum">What it must be; may be known only when the body has ended (trailers).</param>
internal sealed record ExpectedContent(long? Length, long BytesMax, byte[]? Md5 = null, byte[]? Sha256 = null, ChecksumKind Kind = ChecksumKind.None,
    Func<byte[]?>? Sum = null);

/// <summary>What was received.</summary>
/// <param name="Sum">The announced checksum; empty when none was asked for.</param>
internal sealed record ReceivedContent(long Size, byte[] Md5, ChecksumKind Kind, byte[] Sum);

/// <summary>Writes a body to a draft in constant memory; a block is written and hashed while the next one arrives.</summary>
internal static class ContentReceiver
{
    private const int BufferBytes = 512 * 1024;
    private const int SmallBytes = 64 * 1024;

    /// <returns>The draft is durable; or why nothing is stored: too large, cut off, not what was announced, no space.</returns>
    public static async Task<Outcome<ReceivedContent>> Receive(Stream source, IContentDraft draft, ExpectedContent expected, CancellationToken stop)
    {
        var block = expected.Length is { } known and <= SmallBytes ? (int)known + 1 : BufferBytes;
        var (arriving, kept) = (ArrayPool<byte>.Shared.Rent(block), block < BufferBytes ? [] : ArrayPool<byte>.Shared.Rent(block));
        using var sums = new Sums(expected);
        long size = 0;
        var keeping = Task.CompletedTask;
        try
        {
            while (true)
            {
                var length = await source.ReadAtLeastAsync(arriving.AsMemory(0, block), block, throwOnEndOfStream: false, stop);
                await keeping;
                size += length;
                if (size > expected.BytesMax) return S3Faults.TooLarge(size, expected.BytesMax);
                if (length < block)
                {
                    // The last block; of small bodies the only one.
                    sums.Append(arriving.AsSpan(0, length));
                    if (length > 0) await draft.Write(arriving.AsMemory(0, length), stop);
                    break;
                }

                (arriving, kept) = (kept, arriving);
                keeping = Keep(draft, sums, kept.AsMemory(0, length), stop);
            }

            var received = sums.Finish(size);
            if (sums.Wrong(received, expected) is { } wrong) return wrong;
            await draft.Flush(stop);
            return received;
        }
        catch (IOException error) when (error.IsDiskFull())
        {
            return ContentFaults.DiskFull;
        }
        catch (BadHttpRequestException error)
        {
            return error.StatusCode == StatusCodes.Status408RequestTimeout ? S3Faults.RequestTimeout : S3Faults.IncompleteBody;
        }
        finally
        {
            // What is still being written holds its buffer and the sums.
            await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(arriving);
            if (kept.Length > 0) ArrayPool<byte>.Shared.Return(kept);
        }
    }

    private static async Task Keep(IContentDraft draft, Sums sums, ReadOnlyMemory<byte> block, CancellationToken stop)
    {
        await Task.Yield();
        var writing = draft.Write(block, stop);
        sums.Append(block.Span);
        await writing;
    }

    /// <summary>All sums that one body needs: MD5 for its entity tag, and what was announced.</summary>
    private sealed class Sums(ExpectedContent expected) : IDisposable
    {
        private readonly IncrementalHash md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        private readonly IncrementalHash? sha256 = expected.Sha256 is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly Checksum? named = expected.Kind == ChecksumKind.None ? null : expected.Kind.Start();

        public void Append(ReadOnlySpan<byte> bytes)
        {
            md5.AppendData(bytes);
            sha256?.AppendData(bytes);
            named?.Append(bytes);
        }

        public ReceivedContent Finish(long size) => new(size, md5.GetHashAndReset(), expected.Kind, named?.Finish() ?? []);

        /// <summary>Why the body is not what its request announced; null: it is.</summary>
        public Fault? Wrong(ReceivedContent received, ExpectedContent announced)
        {
            if (announced.Length is { } length && received.Size != length) return S3Faults.IncompleteBody;
            if (announced.Md5 is { } wanted && !received.Md5.AsSpan().SequenceEqual(wanted)) return S3Faults.BadDigest("Content-MD5");
            if (announced.Sha256 is { } signed && !sha256!.GetHashAndReset().AsSpan().SequenceEqual(signed)) return S3Faults.ContentHashMismatch;
            return announced.Sum?.Invoke() is { } sum && !received.Sum.AsSpan().SequenceEqual(sum) ? S3Faults.BadDigest(received.Kind.Header()) : null;
        }

        public void Dispose()
        {
            md5.Dispose();
            sha256?.Dispose();
            named?.Dispose();
        }
    }
}
