using System.Buffers.Binary;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Inspection;

/// <summary>A strict reader of VDI: dynamic and fixed disks of version 1.1 that have no parent.</summary>
internal static class VdiHeader
{
    private const int HeaderBytes = 512;
    private const uint Version = 0x0001_0001;
    private const int UuidBytes = 16;

    /// <returns>Bytes of the disk.</returns>
    public static Outcome<long> Read(ImageBytes content)
    {
        if (content.Piece(0, HeaderBytes) is not { } header) return Wrong("the header is cut off");
        if (Number32(header, 68) != Version) return Wrong($"version 0x{Number32(header, 68):x8} is not known");
        if (Number32(header, 76) is not (1 or 2)) return Wrong("it is neither a dynamic nor a fixed disk");
        if (header.AsSpan(424, 2 * UuidBytes).ContainsAnyExcept((byte)0)) return Wrong("it has a parent, and an image must not refer outside of itself");
        var size = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(368));
        if (size > (ulong)QcowHeader.VirtualSizeMax) return Wrong($"its virtual size of {size} bytes is larger than {QcowHeader.VirtualSizeMax}");
        var (block, blocks) = (Number32(header, 376), Number32(header, 384));
        if (block != 1 << 20 || Number32(header, 360) != 512) return Wrong("only blocks of 1 MiB and sectors of 512 bytes are allowed");
        if ((ulong)blocks * block < size) return Wrong("its map is smaller than its virtual size");
        var (map, data) = (Number32(header, 340), Number32(header, 344));
        if (map < HeaderBytes || map % HeaderBytes != 0 || map + blocks * 4L > data || data > content.Length) return Wrong("its map does not lie inside the file");
        return Number32(header, 388) <= blocks ? (long)size : Wrong("it has more blocks than its map");
    }

    private static uint Number32(byte[] header, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(offset));

    private static Fault.Invalid Wrong(string why) => new("file", $"The vdi image is refused: {why}.");
}
