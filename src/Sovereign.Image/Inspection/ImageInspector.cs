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
    public static Fault? Uninspectable(string diskFormat) => diskFormat is not "ploop"
        ? null
        : new Fault.Invalid("disk_format", $"Data of disk format '{diskFormat}' can't be inspected here and is not taken: upload qcow2 or raw (qemu-img makes them).");

    /// <summary>For content that is kept as it came: what claims a format that nothing here opens may also be bytes without a form.</summary>
    /// <returns>The virtual size in bytes, null where it has none; or why the content is refused.</returns>
    public static Outcome<long?> InspectKept(string diskFormat, SafeFileHandle file, long length) => InspectKept(diskFormat, new FileBytes(file, length));

    /// <inheritdoc cref="InspectKept(string, SafeFileHandle, long)"/>
    public static Outcome<long?> InspectKept(string diskFormat, ImageBytes content) =>
        Look(diskFormat, content, diskFormat is "vmdk" or "vhd" or "vhdx" or "vdi" or "iso");

    /// <summary>For content that a program is going to open.</summary>
    /// <returns>The virtual size in bytes, null for an empty raw image; or why the content is refused.</returns>
    public static Outcome<long?> Inspect(string diskFormat, SafeFileHandle file, long length) => Inspect(diskFormat, new FileBytes(file, length));

    /// <inheritdoc cref="Inspect(string, SafeFileHandle, long)"/>
    public static Outcome<long?> Inspect(string diskFormat, ImageBytes content) => Look(diskFormat, content, formless: false);

    private static Outcome<long?> Look(string diskFormat, ImageBytes content, bool formless)
    {
        if (Uninspectable(diskFormat) is { } refused) return refused;
        var rented = ArrayPool<byte>.Shared.Rent(HeadBytesMax);
        try
        {
            var head = rented.AsSpan(0, content.Read(rented.AsSpan(0, HeadBytesMax), 0));
            Span<byte> tail = stackalloc byte[TailBytesMax];
            tail = tail[..content.Read(tail, Math.Max(0, content.Length - TailBytesMax))];
            var looksLike = ForeignFormats.Detect(head, tail);
            return looksLike is null && formless ? Outcome.Of<long?>(null) : Inspect(diskFormat, content, head, looksLike);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static Outcome<long?> Inspect(string diskFormat, ImageBytes content, ReadOnlySpan<byte> head, string? looksLike)
    {
        // A kernel, a ramdisk and a bare file system are bytes without a form of their own, as raw disks are.
        var wanted = diskFormat is "raw" or "ami" or "ari" or "aki" ? null : diskFormat;
        if (looksLike != wanted)
        {
            var found = looksLike is null ? $"has no {wanted} header" : $"is '{looksLike}'";
            return new Fault.Invalid("disk_format", $"Image content does not match the disk format: '{diskFormat}' was claimed, but it {found}.");
        }

        return wanted switch
        {
            "qcow2" => QcowHeader.Read(head, content.Length).Map(header => (long?)header.VirtualSize),
            "vmdk" => VmdkHeader.Read(content).Map(size => (long?)size),
            "vhd" => VhdHeader.Read(content).Map(size => (long?)size),
            "vhdx" => VhdxHeader.Read(content).Map(size => (long?)size),
            "vdi" => VdiHeader.Read(content).Map(size => (long?)size),
            _ => content.Length == 0 ? Outcome.Of<long?>(null) : Outcome.Of<long?>(content.Length),
        };
    }
}
