using System.Buffers.Binary;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Inspection;

/// <summary>A strict reader of VHDX: disks that have no parent, no log to replay that could add one, and no region or item that is not known.</summary>
internal static class VhdxHeader
{
    private const int TableBytes = 64 * 1024;
    private const int EntryBytes = 32;
    private const int EntriesMax = 2_047;

    /// <summary>Both copies: either may be the one that a reader takes.</summary>
    private static readonly long[] headers = [64 * 1024, 128 * 1024];
    private static readonly long[] regionTables = [192 * 1024, 256 * 1024];
    private static readonly Guid blocks = new("2DC27766-F623-4200-9D64-115E9BFD4A08");
    private static readonly Guid metadata = new("8B7CA206-4790-4B9A-B8FE-575F050F886E");
    private static readonly Guid fileParameters = new("CAA16737-FA36-4D43-B3B6-33F0AA44E76B");
    private static readonly Guid diskSize = new("2FA54224-CD1B-4876-B211-5DBED83BF4B8");
    private static readonly Guid diskId = new("BECA12AB-B2E6-4523-93EF-C309E000C746");
    private static readonly Guid logicalSector = new("8141BF1D-A96F-4709-BA47-F233A8FAAB5F");
    private static readonly Guid physicalSector = new("CDA348C7-445D-4471-9CC9-E9885251C556");

    /// <returns>Bytes of the disk.</returns>
    public static Outcome<long> Read(ImageBytes content)
    {
        if (Logs(content) is { } unclean) return unclean;
        if (content.Piece(regionTables[0], TableBytes) is not { } table || content.Piece(regionTables[1], TableBytes) is not { } copy) return Wrong("it is cut off");
        if (!table.AsSpan().SequenceEqual(copy) || !table.AsSpan().StartsWith("regi"u8)) return Wrong("its region tables are not two of the same");
        var count = Number32(table, 8);
        if (count is < 2 or > EntriesMax) return Wrong($"{count} regions are not allowed");
        long? items = null;
        for (var i = 0; i < count; i++)
        {
            var entry = table.AsSpan(16 + i * EntryBytes, EntryBytes);
            var (kind, at, length) = (new Guid(entry[..16]), BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]), BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]));
            if (kind != blocks && kind != metadata) return Wrong($"the region {kind} is not known");
            if (at > (ulong)content.Length || length > content.Length - (long)at) return Wrong("a region does not lie inside the file");
            if (kind != metadata) continue;
            if (items is not null) return Wrong("it has two metadata regions");
            items = (long)at;
        }

        return items is { } offset ? Metadata(content, offset) : Wrong("it has no metadata region");
    }

    /// <summary>A log that is to be replayed changes what is read afterwards.</summary>
    private static Fault? Logs(ImageBytes content)
    {
        foreach (var at in headers)
        {
            if (content.Piece(at, 4096) is not { } header) return Wrong("it is cut off");
            if (header.AsSpan().StartsWith("head"u8) && header.AsSpan(48, 16).ContainsAnyExcept((byte)0)) return Wrong("it was not closed: its log is not empty");
        }

        return null;
    }

    private static Outcome<long> Metadata(ImageBytes content, long at)
    {
        if (content.Piece(at, TableBytes) is not { } table || !table.AsSpan().StartsWith("metadata"u8)) return Wrong("it has no metadata table");
        var count = BinaryPrimitives.ReadUInt16LittleEndian(table.AsSpan(10));
        if (count > EntriesMax) return Wrong($"{count} metadata items are not allowed");
        long? size = null;
        for (var i = 0; i < count; i++)
        {
            var entry = table.AsSpan(32 + i * EntryBytes, EntryBytes);
            var (kind, offset) = (new Guid(entry[..16]), BinaryPrimitives.ReadUInt32LittleEndian(entry[16..]));
            if (kind == diskId || kind == logicalSector || kind == physicalSector) continue;
            if (kind != fileParameters && kind != diskSize) return Wrong($"the metadata item {kind} is not allowed: a parent must not be named");
            if (content.Piece(at + offset, 8) is not { } value) return Wrong("a metadata item does not lie inside the file");
            if (kind == fileParameters && (Number32(value, 4) & 2) != 0) return Wrong("it has a parent, and an image must not refer outside of itself");
            if (kind == diskSize) size = BinaryPrimitives.ReadInt64LittleEndian(value);
        }

        return size is >= 0 and <= QcowHeader.VirtualSizeMax ? size.Value : Wrong("its virtual size is not one that is allowed");
    }

    private static uint Number32(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset));

    private static Fault.Invalid Wrong(string why) => new("file", $"The vhdx image is refused: {why}.");
}
