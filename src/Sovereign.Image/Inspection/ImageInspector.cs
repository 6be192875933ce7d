using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Inspection;

/// <summary>Looks into content before anything uses it: it must be what it is said to be, and refer to nothing outside of itself.</summary>
internal static class ImageInspector
{
    /// <summary>As much of the beginning as a header may fill: one cluster of 2 MiB.</summary>
    public const int HeadBytesMax = 2 * 1024 * 1024;
    public const int TailBytesMax = 512;

    /// <summary>Formats whose content can't be inspected here are not taken.</summary>
    public static Fault? Uninspectable(string diskFormat) => diskFormat is "raw" or "qcow2"
        ? null
        : new Fault.Invalid("disk_format", $"Data of disk format '{diskFormat}' can't be inspected here and is not taken: upload qcow2 or raw (qemu-img convert makes them).");

    /// <returns>The virtual size in bytes, null for an empty raw image; or why the content is refused.</returns>
    public static Outcome<long?> Inspect(string diskFormat, SafeFileHandle file, long length)
    {
        var head = ArrayPool<byte>.Shared.Rent(HeadBytesMax);
        try
        {
            var headLength = ReadFully(file, head.AsSpan(0, (int)Math.Min(length, HeadBytesMax)), 0);
            Span<byte> tail = stackalloc byte[TailBytesMax];
            var tailLength = ReadFully(file, tail[..(int)Math.Min(length, TailBytesMax)], Math.Max(0, length - TailBytesMax));
            return Inspect(diskFormat, head.AsSpan(0, headLength), tail[..tailLength], length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(head);
        }
    }

    /// <param name="head">The first bytes, up to 2 MiB.</param>
    /// <param name="tail">The last bytes, up to 512.</param>
    /// <param name="length">Size of the whole content.</param>
    public static Outcome<long?> Inspect(string diskFormat, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, long length)
    {
        if (Uninspectable(diskFormat) is { } refused) return refused;
        var looksLike = ForeignFormats.Detect(head, tail);
        if (diskFormat == "raw")
        {
            return looksLike is null
                ? length == 0 ? Outcome.Of<long?>(null) : Outcome.Of<long?>(length)
                : new Fault.Invalid("disk_format", $"Image content does not match the disk format: 'raw' was claimed, but it is '{looksLike}'.");
        }

        if (looksLike != "qcow2")
        {
            return new Fault.Invalid("disk_format", $"Image content does not match the disk format: 'qcow2' was claimed, but it {(looksLike is null ? "has no qcow2 header" : $"is '{looksLike}'")}.");
        }

        return QcowHeader.Read(head, length).Map(header => (long?)header.VirtualSize);
    }

    private static int ReadFully(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        var done = 0;
        while (done < buffer.Length)
        {
            var count = RandomAccess.Read(file, buffer[done..], offset + done);
            if (count == 0) break;
            done += count;
        }

        return done;
    }
}
