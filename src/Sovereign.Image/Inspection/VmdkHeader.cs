using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Inspection;

/// <summary>A strict reader of VMDK: only the two kinds that are one file, monolithicSparse and streamOptimized, with the one extent that is this file.</summary>
internal static partial class VmdkHeader
{
    private const int SectorBytes = 512;

    /// <summary>Readers of the format look for the descriptor here, whatever the header says, and read this much.</summary>
    private const int DescriptorSector = 1;
    private const int DescriptorSectorsRead = 20;
    private const int DescriptorSectorsMax = 128;
    private const ulong DirectoryAtEnd = ulong.MaxValue;
    private const long FooterFromEnd = 2 * SectorBytes;

    /// <returns>Bytes of the disk.</returns>
    public static Outcome<long> Read(ImageBytes content)
    {
        if (content.Piece(0, SectorBytes) is not { } header || !header.AsSpan().StartsWith("KDMV"u8)) return Wrong("it is not one sparse file");
        if (Shape(header, content.Length) is { } bad) return bad;
        var capacity = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(12));
        if (BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(56)) == DirectoryAtEnd)
        {
            // The end has the header that counts: it must say the same.
            if (content.Piece(content.Length - FooterFromEnd, SectorBytes) is not { } footer || !footer.AsSpan().StartsWith("KDMV"u8)) return Wrong("it has no footer");
            if (Shape(footer, content.Length) is { } worse) return worse;
            if (!footer.AsSpan(12, 24).SequenceEqual(header.AsSpan(12, 24)) || BinaryPrimitives.ReadUInt64LittleEndian(footer.AsSpan(56)) == DirectoryAtEnd)
            {
                return Wrong("its footer and its header differ");
            }
        }

        var sectors = (int)BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(36));
        var bytes = (int)Math.Min(Math.Max(sectors, DescriptorSectorsRead) * SectorBytes, content.Length - SectorBytes);
        return content.Piece(SectorBytes, bytes) is { } descriptor
            ? Describe(Encoding.Latin1.GetString(descriptor), Math.Min(sectors * SectorBytes, bytes), capacity)
            : Wrong("its descriptor is cut off");
    }

    private static Fault? Shape(ReadOnlySpan<byte> header, long length)
    {
        var version = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (version is < 1 or > 3) return Wrong($"version {version} is not known");
        var capacity = BinaryPrimitives.ReadUInt64LittleEndian(header[12..]);

        // Without a capacity readers take the descriptor's extents instead, and those may be any file.
        if (capacity == 0 || capacity > QcowHeader.VirtualSizeMax / SectorBytes) return Wrong($"a capacity of {capacity} sectors is not allowed");
        var grain = BinaryPrimitives.ReadUInt64LittleEndian(header[20..]);
        if (grain is < 8 or > 4096 || !ulong.IsPow2(grain)) return Wrong($"grains of {grain} sectors are not allowed");
        if (BinaryPrimitives.ReadUInt64LittleEndian(header[28..]) != DescriptorSector) return Wrong("its descriptor is not at its place");
        var sectors = BinaryPrimitives.ReadUInt64LittleEndian(header[36..]);
        if (sectors is 0 or > DescriptorSectorsMax) return Wrong($"a descriptor of {sectors} sectors is not allowed");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[44..]) is 0 or > 512) return Wrong("its grain tables are not of a size that is allowed");
        var directory = BinaryPrimitives.ReadUInt64LittleEndian(header[56..]);
        return directory != DirectoryAtEnd && directory >= (ulong)length / SectorBytes ? Wrong("its grain directory does not lie inside the file") : null;
    }

    private static Outcome<long> Describe(string read, int stated, ulong capacity)
    {
        // Not only where the descriptor ends: readers search all that they read.
        if (read.Contains("parentFileNameHint", StringComparison.OrdinalIgnoreCase)) return Wrong("it has a parent, and an image must not refer outside of itself");
        var end = read.IndexOf('\0', StringComparison.Ordinal) is var nul and >= 0 ? Math.Min(nul, stated) : stated;
        var lines = read[..end].Split('\n').Select(line => line.Trim()).ToList();
        var parents = lines.Where(line => line.StartsWith("parentCID", StringComparison.OrdinalIgnoreCase)).ToList();
        if (parents.Any(line => !line.EndsWith("=ffffffff", StringComparison.OrdinalIgnoreCase)))
        {
            return Wrong("it has a parent, and an image must not refer outside of itself");
        }

        var kinds = lines.Where(line => line.StartsWith("createType", StringComparison.OrdinalIgnoreCase)).ToList();
        if (kinds is not ["createType=\"monolithicSparse\"" or "createType=\"streamOptimized\""])
        {
            return Wrong("its createType is neither monolithicSparse nor streamOptimized");
        }

        var extents = lines.Where(line => Access().IsMatch(line)).ToList();
        if (extents.Count != 1 || Extent().Match(extents[0]) is not { Success: true } extent) return Wrong("it is not made of one sparse extent");
        return ulong.TryParse(extent.Groups[1].Value, CultureInfo.InvariantCulture, out var sectors) && sectors == capacity
            ? (long)capacity * SectorBytes
            : Wrong("its extent is not as large as its capacity");
    }

    private static Fault.Invalid Wrong(string why) => new("file", $"The vmdk image is refused: {why}.");

    [GeneratedRegex("^(RW|RDONLY|NOACCESS)\\s", RegexOptions.IgnoreCase)]
    private static partial Regex Access();

    /// <summary>The name is without a path; it is not opened anyway, since the extent is the file itself.</summary>
    [GeneratedRegex("^(?:RW|RDONLY) ([0-9]{1,15}) SPARSE \"[^\"/\\\\]{1,255}\"$")]
    private static partial Regex Extent();
}
