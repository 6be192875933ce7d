using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Sovereign.Image.Content;

/// <summary>The three hashes of an image's bytes, taken in one pass.</summary>
internal sealed class ContentHashes : IDisposable
{
    private const int BufferBytes = 1024 * 1024;
#pragma warning disable CA5351 // MD5 is the API's checksum; nothing is trusted because of it.
    private readonly IncrementalHash md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
    private readonly IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash sha512 = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);

    /// <summary>Takes the next bytes, on two processors where there are two: SHA-512 costs as much as the other two together.</summary>
    public async Task Append(ReadOnlyMemory<byte> bytes)
    {
        var beside = Task.Factory.StartNew(() => sha512.AppendData(bytes.Span), CancellationToken.None, TaskCreationOptions.None, TaskScheduler.Current);
        md5.AppendData(bytes.Span);
        sha256.AppendData(bytes.Span);
        await beside;
    }

    public ReceivedContent Finish(long size) => new(size, Hex(md5), Hex(sha256), Hex(sha512));

    /// <summary>Hashes a whole file.</summary>
    public static async Task<ReceivedContent> Of(SafeFileHandle file, CancellationToken stop)
    {
        using var hashes = new ContentHashes();
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long size = 0;
            while (await RandomAccess.ReadAsync(file, buffer.AsMemory(0, BufferBytes), size, stop) is > 0 and var count)
            {
                await hashes.Append(buffer.AsMemory(0, count));
                size += count;
            }

            return hashes.Finish(size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose()
    {
        md5.Dispose();
        sha256.Dispose();
        sha512.Dispose();
    }

    private static string Hex(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());
}
