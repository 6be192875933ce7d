using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Win32.SafeHandles;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Content;

/// <summary>What was received: size and hashes, hex.</summary>
internal sealed record ReceivedContent(long Size, string Md5, string Sha256, string Sha512);

/// <summary>Writes a stream to a file in constant memory; a block is written and hashed while the next one arrives.</summary>
internal static class ContentReceiver
{
    private const int BufferBytes = 1024 * 1024;

    /// <summary>Errno of a full disk or quota, as the runtime gives them on Linux.</summary>
    private static readonly int[] diskFull = [28, 122];

    /// <param name="bytesMax">Largest size taken.</param>
    /// <param name="idleMax">Longest time for one block of bytes to begin to arrive.</param>
    /// <returns>Durable content, or why it was refused. A connection that was cut is Invalid.</returns>
    public static async Task<Outcome<ReceivedContent>> Receive(Stream source, SafeFileHandle file, long bytesMax, TimeSpan idleMax, CancellationToken stop)
    {
        var (arriving, kept) = (ArrayPool<byte>.Shared.Rent(BufferBytes), ArrayPool<byte>.Shared.Rent(BufferBytes));
        using var hashes = new ContentHashes();
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(stop);
        long size = 0;
        var keeping = Task.CompletedTask;
        try
        {
            while (true)
            {
                var length = await Fill(source, arriving.AsMemory(0, BufferBytes), idle, idleMax);
                await keeping;
                if (length == 0) break;
                if (size + length > bytesMax) return new Fault.TooLarge($"The image is larger than {bytesMax} bytes, the limit for images.");
                (arriving, kept) = (kept, arriving);
                keeping = Keep(file, hashes, kept.AsMemory(0, length), size, stop);
                size += length;
            }

            RandomAccess.FlushToDisk(file);
        }
        catch (IOException error) when (IsDiskFull(error))
        {
            return DiskFull;
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            return new Fault.Invalid("", $"No data arrived for {idleMax.TotalSeconds:F0} s: the image was not stored.");
        }
        catch (BadHttpRequestException)
        {
            return new Fault.Invalid("", "The upload was cut off: the image was not stored.");
        }
        finally
        {
            // What is still being written holds its buffer and the hashes.
            await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(arriving);
            ArrayPool<byte>.Shared.Return(kept);
        }

        return hashes.Finish(size);
    }

    private static async Task Keep(SafeFileHandle file, ContentHashes hashes, ReadOnlyMemory<byte> block, long offset, CancellationToken stop)
    {
        await Task.Yield();
        await Task.WhenAll(RandomAccess.WriteAsync(file, block, offset, stop).AsTask(), hashes.Append(block));
    }

    private static async Task<int> Fill(Stream source, Memory<byte> buffer, CancellationTokenSource idle, TimeSpan idleMax)
    {
        var length = 0;
        while (length < buffer.Length)
        {
            idle.CancelAfter(idleMax);
            var count = await source.ReadAsync(buffer[length..], idle.Token);
            if (count == 0) break;
            length += count;
        }

        return length;
    }

    public static bool IsDiskFull(IOException error) => Array.IndexOf(diskFull, error.HResult & 0xFFFF) >= 0;

    public static Fault DiskFull => new Fault.TooLarge("There is not enough disk space on the image storage media: the image was not stored.");
}
