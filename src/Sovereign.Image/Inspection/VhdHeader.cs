using System.Buffers.Binary;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Inspection;

/// <summary>A strict reader of VHD: fixed and dynamic disks that have no parent.</summary>
internal static class VhdHeader
{
    private const int FooterBytes = 512;
    private const int HeaderBytes = 1024;
    private const int FooterChecksum = 64;
    private const int HeaderChecksum = 36;
    private const uint Fixed = 2;
    private const uint Dynamic = 3;

    /// <returns>Bytes of the disk.</returns>
    public static Outcome<long> Read(ImageBytes content)
    {
        if (content.Piece(content.Length - FooterBytes, FooterBytes) is not { } footer || !footer.AsSpan().StartsWith("conectix"u8))
        {
            return Wrong("it has no footer at its end");
        }

        if (!Sums(footer, FooterChecksum)) return Wrong("its footer's checksum is wrong");
        var size = BinaryPrimitives.ReadUInt64BigEndian(footer.AsSpan(48));
        if (size > (ulong)QcowHeader.VirtualSizeMax) return Wrong($"its virtual size of {size} bytes is larger than {QcowHeader.VirtualSizeMax}");
        var kind = BinaryPrimitives.ReadUInt32BigEndian(footer.AsSpan(60));
        return kind switch
        {
            Fixed when size + FooterBytes == (ulong)content.Length => (long)size,
            Fixed => Wrong("its content is not as large as its footer says"),
            Dynamic => Sparse(content, footer, (long)size),
            _ => Wrong($"kind {kind} is not allowed: only fixed and dynamic disks stand alone"),
        };
    }

    private static Outcome<long> Sparse(ImageBytes content, byte[] footer, long size)
    {
        if (content.Piece(0, FooterBytes) is not { } copy || !copy.AsSpan().SequenceEqual(footer)) return Wrong("its footer and its copy differ");
        var at = BinaryPrimitives.ReadUInt64BigEndian(footer.AsSpan(16));
        if (at > (ulong)content.Length || content.Piece((long)at, HeaderBytes) is not { } header || !header.AsSpan().StartsWith("cxsparse"u8))
        {
            return Wrong("it has no header");
        }

        if (!Sums(header, HeaderChecksum)) return Wrong("its header's checksum is wrong");
        if (header.AsSpan(40, 16).ContainsAnyExcept((byte)0)) return Wrong("it has a parent, and an image must not refer outside of itself");
        if (header.AsSpan(64, 512).ContainsAnyExcept((byte)0)) return Wrong("it names a parent, and an image must not refer outside of itself");
        var block = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(32));
        if (block is < 512 or > 256 << 20 || !uint.IsPow2(block)) return Wrong($"blocks of {block} bytes are not allowed");
        var entries = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(28));
        if ((long)entries * block < size) return Wrong("its table is smaller than its virtual size");
        var table = BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(16));
        return table <= (ulong)content.Length && entries * 4L <= content.Length - (long)table ? size : Wrong("its table does not lie inside the file");
    }

    /// <summary>The one's complement of the sum of all bytes but the checksum's own.</summary>
    private static bool Sums(ReadOnlySpan<byte> bytes, int checksumAt)
    {
        var sum = 0u;
        for (var i = 0; i < bytes.Length; i++) sum += i >= checksumAt && i < checksumAt + 4 ? 0u : bytes[i];
        return ~sum == BinaryPrimitives.ReadUInt32BigEndian(bytes[checksumAt..]);
    }

    private static Fault.Invalid Wrong(string why) => new("file", $"The vhd image is refused: {why}.");
}
