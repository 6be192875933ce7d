using System.Buffers.Binary;
using System.Text;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Volumes;

/// <summary>A piece of a disk: bytes that follow, or zeros.</summary>
internal readonly record struct DiskPiece(long Offset, long Length, bool Zero);

/// <summary>The stream of a backup, in the published form "rbd diff v1" that Ceph's export-diff writes: the size, then what is written and what is zero, in rising
/// order.</summary>
internal static class DiskChanges
{
    private static readonly byte[] header = "rbd diff v1\n"u8.ToArray();

    public static async Task Begin(Stream target, long sizeBytes, CancellationToken stop)
    {
        await target.WriteAsync(header, stop).ConfigureAwait(false);
        await Record(target, 's', sizeBytes, null, stop).ConfigureAwait(false);
    }

    /// <summary>Writes the head of a piece; its bytes follow when it is not zero.</summary>
    public static Task Piece(Stream target, DiskPiece piece, CancellationToken stop) => Record(target, piece.Zero ? 'z' : 'w', piece.Offset, piece.Length, stop);

    public static Task End(Stream target, CancellationToken stop) => target.WriteAsync(new[] { (byte)'e' }, stop).AsTask();

    /// <summary>Takes a stream in; what is told of each piece reads its bytes from the stream.</summary>
    public static async Task Read(Stream source, Func<DiskPiece, Task> piece, CancellationToken stop)
    {
        if (!(await Take(source, header.Length, stop).ConfigureAwait(false)).AsSpan().SequenceEqual(header)) throw new NodeException("The kept content is no backup.");
        while (true)
        {
            switch ((char)(await Take(source, 1, stop).ConfigureAwait(false))[0])
            {
                case 'e':
                    return;
                case 's':
                    await Take(source, 8, stop).ConfigureAwait(false);
                    break;
                case 'f' or 't':
                    await Take(source, BinaryPrimitives.ReadInt32LittleEndian(await Take(source, 4, stop).ConfigureAwait(false)), stop).ConfigureAwait(false);
                    break;
                case 'w':
                    await piece(await Extent(source, zero: false, stop).ConfigureAwait(false)).ConfigureAwait(false);
                    break;
                case 'z':
                    await piece(await Extent(source, zero: true, stop).ConfigureAwait(false)).ConfigureAwait(false);
                    break;
                default:
                    throw new NodeException("The kept content is a backup of a kind that is not known here; update the node.");
            }
        }
    }

    private static async Task<DiskPiece> Extent(Stream source, bool zero, CancellationToken stop)
    {
        var bytes = await Take(source, 16, stop).ConfigureAwait(false);
        return new DiskPiece(BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8)), zero);
    }

    private static Task Record(Stream target, char kind, long first, long? second, CancellationToken stop)
    {
        var bytes = new byte[second is null ? 9 : 17];
        bytes[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), first);
        if (second is { } more) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(9), more);
        return target.WriteAsync(bytes, stop).AsTask();
    }

    private static async Task<byte[]> Take(Stream source, int count, CancellationToken stop)
    {
        const int nameBytesMax = 4096;
        if (count is < 0 or > nameBytesMax) throw new NodeException("The kept content is broken.");
        var bytes = new byte[count];
        try { await source.ReadExactlyAsync(bytes, stop).ConfigureAwait(false); }
        catch (EndOfStreamException) { throw new NodeException("The kept content ends too early."); }
        return bytes;
    }
}
