using System.Buffers.Binary;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Inspection;

/// <summary>A strict reader of qcow2 headers (versions 2 and 3). It takes only images that stand alone and whose tables lie inside the file.</summary>
/// <param name="VirtualSize">Bytes of the disk.</param>
internal sealed record QcowHeader(int Version, int ClusterBits, long VirtualSize)
{
    /// <summary>Largest disk, 10 TiB.</summary>
    public const long VirtualSizeMax = 10L << 40;

    private const int LengthV2 = 72;
    private const int LengthV3 = 104;
    private const int LengthWithCompression = 112;
    private const int ClusterBitsMin = 9;
    private const int ClusterBitsMax = 21;
    private const int ClusterBitsMinOfSubclusters = 14;
    private const long TableBytesMax = 32L << 20;
    private const long RefcountBytesMax = 8L << 20;
    private const int SnapshotsMax = 65_536;
    private const uint ExternalDataExtension = 0x44415441;
    private const uint EncryptionExtension = 0x0537BE77;

    private const ulong Dirty = 1;
    private const ulong Corrupt = 2;
    private const ulong ExternalData = 4;
    private const ulong Compression = 8;
    private const ulong Subclusters = 16;

    /// <param name="head">The first bytes of the file, up to a cluster.</param>
    /// <param name="length">Size of the whole file.</param>
    public static Outcome<QcowHeader> Read(ReadOnlySpan<byte> head, long length)
    {
        if (head.Length < LengthV2) return Wrong("the header is cut off");
        var version = Number32(head, 4);
        if (version is not (2 or 3)) return Wrong($"version {version} is not known");
        if (Number64(head, 8) != 0 || Number32(head, 16) != 0) return Wrong("it has a backing file, and an image must not refer outside of itself");
        var clusterBits = Number32(head, 20);
        if (clusterBits is < ClusterBitsMin or > ClusterBitsMax) return Wrong($"clusters of 2^{clusterBits} bytes are not allowed");
        var size = Number64(head, 24);
        if (size > VirtualSizeMax) return Wrong($"its virtual size of {size} bytes is larger than {VirtualSizeMax}");
        if (Number32(head, 32) != 0) return Wrong("it is encrypted");
        return Tables(head, (int)clusterBits, size, length)
            ?? (version == 3 ? Features(head, (int)clusterBits) : Extensions(head, LengthV2, (int)clusterBits))
            ?? Outcome.Of(new QcowHeader((int)version, (int)clusterBits, (long)size));
    }

    private static Outcome<QcowHeader>? Tables(ReadOnlySpan<byte> head, int clusterBits, ulong size, long length)
    {
        var cluster = 1L << clusterBits;
        // An L2 table fills a cluster with entries of 8 bytes (16 with subclusters), so this is the most that one L1 entry describes.
        var perEntry = (ulong)cluster * (ulong)(cluster / 8);
        var entries = Number32(head, 36);
        if (entries < (size + perEntry - 1) / perEntry) return Wrong("its L1 table is smaller than its virtual size");
        if (!Inside(Number64(head, 40), entries * 8L, cluster, length, TableBytesMax)) return Wrong("its L1 table does not lie inside the file");
        if (!Inside(Number64(head, 48), Number32(head, 56) * cluster, cluster, length, Math.Max(RefcountBytesMax, cluster))) return Wrong("its refcount table does not lie inside the file");
        var snapshots = Number32(head, 60);
        if (snapshots > SnapshotsMax) return Wrong("it has too many snapshots");
        if (snapshots > 0 && !Inside(Number64(head, 64), 40L * snapshots, cluster, length, TableBytesMax)) return Wrong("its snapshots do not lie inside the file");
        return null;
    }

    private static Outcome<QcowHeader>? Features(ReadOnlySpan<byte> head, int clusterBits)
    {
        if (head.Length < LengthV3) return Wrong("the header is cut off");
        var features = Number64(head, 72);
        if ((features & ExternalData) != 0) return Wrong("it has an external data file, and an image must not refer outside of itself");
        if ((features & Corrupt) != 0) return Wrong("it is marked as corrupt");
        if ((features & ~(Dirty | Corrupt | ExternalData | Compression | Subclusters)) != 0) return Wrong($"it has unknown incompatible features 0x{features:x}");
        if ((features & Subclusters) != 0 && clusterBits < ClusterBitsMinOfSubclusters) return Wrong("its clusters are too small for subclusters");
        if (Number32(head, 96) > 6) return Wrong("its refcounts are wider than 64 bits");
        var headerLength = Number32(head, 100);
        if (headerLength < LengthV3 || headerLength % 8 != 0 || headerLength > 1L << clusterBits || headerLength > head.Length) return Wrong($"a header of {headerLength} bytes is not allowed");
        if ((features & Compression) != 0 && (headerLength < LengthWithCompression || head[LengthV3] > 1)) return Wrong("its compression is not known");
        return Extensions(head, (int)headerLength, clusterBits);
    }

    private static Outcome<QcowHeader>? Extensions(ReadOnlySpan<byte> head, int offset, int clusterBits)
    {
        var end = (int)Math.Min(head.Length, 1L << clusterBits);
        while (offset + 8 <= end)
        {
            var kind = Number32(head, offset);
            var length = Number32(head, offset + 4);
            if (kind == 0) return null;
            if (kind == ExternalDataExtension) return Wrong("it names an external data file, and an image must not refer outside of itself");
            if (kind == EncryptionExtension) return Wrong("it is encrypted");
            if (length > end - offset - 8) return Wrong("a header extension does not lie inside the first cluster");
            offset += 8 + (int)((length + 7) & ~7u);
        }

        return null;
    }

    private static bool Inside(ulong offset, long bytes, long cluster, long length, long bytesMax) =>
        bytes >= 0 && bytes <= bytesMax && offset % (ulong)cluster == 0 && offset <= (ulong)length && (ulong)bytes <= (ulong)length - offset;

    private static uint Number32(ReadOnlySpan<byte> head, int offset) => BinaryPrimitives.ReadUInt32BigEndian(head[offset..]);

    private static ulong Number64(ReadOnlySpan<byte> head, int offset) => BinaryPrimitives.ReadUInt64BigEndian(head[offset..]);

    private static Outcome<QcowHeader> Wrong(string why) => new Fault.Invalid("file", $"The qcow2 image is refused: {why}.");
}
