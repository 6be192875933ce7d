using System.Buffers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Win32.SafeHandles;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Content;

/// <summary>What was received: size and hashes, hex.</summary>
internal sealed record ReceivedContent(long Size, string Md5, string Sha256, string Sha512);

/// <summary>Writes a stream to a file in constant memory; a block is hashed while it is being written.</summary>
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
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
#pragma warning disable CA5351 // MD5 is the API's checksum; nothing is trusted because of it.
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var sha512 = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(stop);
        long size = 0;
        try
        {
            while (true)
            {
                var length = await Fill(source, buffer.AsMemory(0, BufferBytes), idle, idleMax);
                if (length == 0) break;
                if (size + length > bytesMax) return new Fault.TooLarge($"The image is larger than {bytesMax} bytes, the limit for images.");
                var writing = RandomAccess.WriteAsync(file, buffer.AsMemory(0, length), size, stop);
                md5.AppendData(buffer, 0, length);
                sha256.AppendData(buffer, 0, length);
                sha512.AppendData(buffer, 0, length);
                await writing;
                size += length;
            }

            RandomAccess.FlushToDisk(file);
        }
        catch (IOException error) when (Array.IndexOf(diskFull, error.HResult & 0xFFFF) >= 0)
        {
            return new Fault.TooLarge("There is not enough disk space on the image storage media: the image was not stored.");
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
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return new ReceivedContent(size, Hex(md5), Hex(sha256), Hex(sha512));
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

    private static string Hex(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());
}
