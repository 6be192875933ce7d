using System.Buffers.Binary;
using System.Text;

namespace Sovereign.Node.Hypervisor;

/// <summary>Writes a small ISO 9660 image with Rock Ridge names: the config drive. Files with the same content share their
/// blocks.</summary>
internal sealed class Iso9660
{
    private const int Block = 2048;
    private const int DirectoryBlockFirst = 20;
    private readonly DirectoryNode root = new("", null);

    public void Add(string path, byte[] content)
    {
        var parts = path.Split('/');
        var directory = root;
        foreach (var part in parts[..^1])
        {
            var next = directory.Directories.FirstOrDefault(d => d.Name == part);
            if (next is null) directory.Directories.Add(next = new DirectoryNode(part, directory));
            directory = next;
        }
        directory.Files.Add(new FileNode(parts[^1], content));
    }

    /// <summary>The whole image.</summary>
    /// <param name="label">Volume label, at most 32 characters.</param>
    public byte[] Build(string label)
    {
        var directories = Breadth().ToList();
        var at = DirectoryBlockFirst;
        for (var i = 0; i < directories.Count; i++)
        {
            directories[i].Number = i + 1;
            directories[i].Extent = at;
            directories[i].Blocks = Blocks(DirectoryBytes(directories[i]).Length);
            at += directories[i].Blocks;
        }
        var extents = new Dictionary<byte[], int>(ReferenceEqualityComparer.Instance as IEqualityComparer<byte[]>);
        foreach (var file in directories.SelectMany(d => d.Files))
        {
            if (!extents.TryGetValue(file.Content, out file.Extent))
            {
                extents[file.Content] = file.Extent = at;
                at += Math.Max(1, Blocks(file.Content.Length));
            }
        }
        var image = new byte[at * Block];
        foreach (var directory in directories) DirectoryBytes(directory).CopyTo(image, directory.Extent * Block);
        foreach (var file in directories.SelectMany(d => d.Files)) file.Content.CopyTo(image, file.Extent * Block);
        var little = PathTable(directories, bigEndian: false);
        little.CopyTo(image, 18 * Block);
        PathTable(directories, bigEndian: true).CopyTo(image, 19 * Block);
        Descriptor(image.AsSpan(16 * Block, Block), label, at, little.Length);
        Terminator(image.AsSpan(17 * Block, Block));
        return image;
    }

    private IEnumerable<DirectoryNode> Breadth()
    {
        var queue = new Queue<DirectoryNode>([root]);
        while (queue.TryDequeue(out var directory))
        {
            yield return directory;
            foreach (var child in directory.Directories) queue.Enqueue(child);
        }
    }

    private void Descriptor(Span<byte> block, string label, int blocks, int pathTableBytes)
    {
        block[0] = 1;
        "CD001"u8.CopyTo(block[1..]);
        block[6] = 1;
        block[8..72].Fill((byte)' ');
        Encoding.ASCII.GetBytes(label, block[40..]);
        Both(block[80..], blocks);
        BothShort(block[120..], 1);
        BothShort(block[124..], 1);
        BothShort(block[128..], Block);
        Both(block[132..], pathTableBytes);
        BinaryPrimitives.WriteInt32LittleEndian(block[140..], 18);
        BinaryPrimitives.WriteInt32BigEndian(block[148..], 19);
        Record([0], root.Extent, root.Blocks * Block, directory: true, []).CopyTo(block[156..]);
        block[190..813].Fill((byte)' ');
        for (var at = 813; at < 881; at += 17) block[at..(at + 16)].Fill((byte)'0');   // no dates: the same content gives the same image
        block[881] = 1;
    }

    private static void Terminator(Span<byte> block)
    {
        block[0] = 255;
        "CD001"u8.CopyTo(block[1..]);
        block[6] = 1;
    }

    private static byte[] PathTable(List<DirectoryNode> directories, bool bigEndian)
    {
        using var table = new MemoryStream();
        foreach (var directory in directories)
        {
            var name = directory.Parent is null ? [0] : Encoding.ASCII.GetBytes(directory.IsoName);
            var head = new byte[8];
            head[0] = (byte)name.Length;
            if (bigEndian) BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(2), directory.Extent);
            else BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(2), directory.Extent);
            var parent = (short)(directory.Parent?.Number ?? 1);
            if (bigEndian) BinaryPrimitives.WriteInt16BigEndian(head.AsSpan(6), parent);
            else BinaryPrimitives.WriteInt16LittleEndian(head.AsSpan(6), parent);
            table.Write(head);
            table.Write(name);
            if (name.Length % 2 == 1) table.WriteByte(0);
        }
        return table.ToArray();
    }

    private static byte[] DirectoryBytes(DirectoryNode directory)
    {
        using var bytes = new MemoryStream();
        var parent = directory.Parent ?? directory;
        byte[] self = directory.Parent is null ? [.. SharingProtocol(), .. Posix(true), .. Extension()] : Posix(true);
        Append(bytes, Record([0], directory.Extent, directory.Blocks * Block, true, self));
        Append(bytes, Record([1], parent.Extent, parent.Blocks * Block, true, Posix(true)));
        var children = directory.Directories.Select(d => (d.IsoName, d.Name, d.Extent, Bytes: d.Blocks * Block, IsDirectory: true))
            .Concat(directory.Files.Select((f, i) => (IsoName: $"F{i:000}.;1", f.Name, f.Extent, Bytes: f.Content.Length,
                IsDirectory: false)));
        foreach (var child in children.OrderBy(c => c.IsoName, StringComparer.Ordinal))
            Append(bytes, Record(Encoding.ASCII.GetBytes(child.IsoName), child.Extent, child.Bytes, child.IsDirectory,
                [.. Name(child.Name), .. Posix(child.IsDirectory)]));
        return bytes.ToArray();
    }

    // A record may not cross a block's end.
    private static void Append(MemoryStream bytes, byte[] record)
    {
        if ((bytes.Position % Block) + record.Length > Block) bytes.Write(new byte[Block - (bytes.Position % Block)]);
        bytes.Write(record);
    }

    private static byte[] Record(byte[] name, int extent, int length, bool directory, byte[] system)
    {
        var pad = name.Length % 2 == 0 ? 1 : 0;
        var size = 33 + name.Length + pad + system.Length;
        var record = new byte[size + (size % 2)];
        record[0] = (byte)record.Length;
        Both(record.AsSpan(2), extent);
        Both(record.AsSpan(10), length);
        record[25] = (byte)(directory ? 2 : 0);
        BothShort(record.AsSpan(28), 1);
        record[32] = (byte)name.Length;
        name.CopyTo(record, 33);
        system.CopyTo(record, 33 + name.Length + pad);
        return record;
    }

    private static byte[] SharingProtocol() => [(byte)'S', (byte)'P', 7, 1, 0xbe, 0xef, 0];

    private static byte[] Extension() => [(byte)'E', (byte)'R', 18, 1, 10, 0, 0, 1, .. "RRIP_1991A"u8];

    private static byte[] Name(string name) => [(byte)'N', (byte)'M', (byte)(5 + name.Length), 1, 0, .. Encoding.ASCII.GetBytes(name)];

    private static byte[] Posix(bool directory)
    {
        var entry = new byte[36];
        (entry[0], entry[1], entry[2], entry[3]) = ((byte)'P', (byte)'X', 36, 1);
        Both(entry.AsSpan(4), directory ? 0x416d : 0x8124);   // 040555 and 0100444
        Both(entry.AsSpan(12), directory ? 2 : 1);
        return entry;
    }

    private static void Both(Span<byte> at, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(at, value);
        BinaryPrimitives.WriteInt32BigEndian(at[4..], value);
    }

    private static void BothShort(Span<byte> at, int value)
    {
        BinaryPrimitives.WriteInt16LittleEndian(at, (short)value);
        BinaryPrimitives.WriteInt16BigEndian(at[2..], (short)value);
    }

    private static int Blocks(int bytes) => (bytes + Block - 1) / Block;

    private sealed class DirectoryNode(string name, DirectoryNode? parent)
    {
        public string Name => name;

        public DirectoryNode? Parent => parent;

        public string IsoName => $"D{parent!.Directories.IndexOf(this):000}";

        public List<DirectoryNode> Directories { get; } = [];

        public List<FileNode> Files { get; } = [];

        public int Number { get; set; }

        public int Extent { get; set; }

        public int Blocks { get; set; }
    }

    private sealed class FileNode(string name, byte[] content)
    {
        public string Name => name;

        public byte[] Content => content;

        public int Extent;
    }
}
