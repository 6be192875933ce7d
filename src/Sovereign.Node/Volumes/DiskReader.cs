using System.Text.Json.Serialization;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Volumes;

/// <summary>A piece of qemu-img's map.</summary>
/// <param name="Present">False: no file of the chain says anything of it.</param>
internal sealed record MapPiece(long Start, long Length, bool Present, bool Zero, bool Data);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(List<MapPiece>))]
internal sealed partial class MapJson : JsonSerializerContext;

/// <summary>Streams of disks, in constant memory.</summary>
internal static class DiskReader
{
    public const int CopyBytes = 1024 * 1024;

    /// <summary>Writes the whole disk, byte by byte.</summary>
    public static async Task Raw(NbdExport disk, IEnumerable<MapPiece> map, Stream target, CancellationToken stop)
    {
        var buffer = new byte[CopyBytes];
        foreach (var piece in map)
        {
            if (piece.Zero) Array.Clear(buffer);
            await Bytes(piece.Zero ? null : disk, piece.Start, piece.Length, buffer, target, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Writes pieces of a disk as a backup.</summary>
    /// <param name="keepZeros">Null: pieces are written as they are told; else bytes that are zeros are looked for, and left out or said to be zeros.</param>
    public static async Task Changes(NbdExport disk, IEnumerable<DiskPiece> pieces, Stream target, CancellationToken stop, bool? keepZeros = null)
    {
        var buffer = new byte[CopyBytes];
        await DiskChanges.Begin(target, disk.SizeBytes, stop).ConfigureAwait(false);
        foreach (var piece in pieces)
        {
            if (!piece.Zero && keepZeros is { } keep)
            {
                await Sparse(disk, piece, buffer, target, keep, stop).ConfigureAwait(false);
                continue;
            }
            await DiskChanges.Piece(target, piece, stop).ConfigureAwait(false);
            if (!piece.Zero) await Bytes(disk, piece.Offset, piece.Length, buffer, target, stop).ConfigureAwait(false);
        }
        await DiskChanges.End(target, stop).ConfigureAwait(false);
    }

    /// <summary>Writes a backup of what did not change.</summary>
    public static async Task Nothing(long sizeBytes, Stream target, CancellationToken stop)
    {
        await DiskChanges.Begin(target, sizeBytes, stop).ConfigureAwait(false);
        await DiskChanges.End(target, stop).ConfigureAwait(false);
    }

    /// <summary>Writes a backup onto a disk, for good.</summary>
    /// <param name="zeroGaps">True: what the backup does not name is written as zeros.</param>
    public static async Task Apply(NbdExport disk, Stream source, CancellationToken stop, bool zeroGaps = false)
    {
        var (buffer, at) = (new byte[CopyBytes], 0L);
        await DiskChanges.Read(source, async piece =>
        {
            if (piece.Offset < 0 || piece.Length < 0 || piece.Length > disk.SizeBytes - piece.Offset)
                throw new NodeException($"The kept content reaches beyond the volume's {disk.SizeBytes} bytes.");
            if (zeroGaps && piece.Offset > at) await disk.Zero(at, piece.Offset - at, stop).ConfigureAwait(false);
            at = Math.Max(at, piece.Offset + piece.Length);
            if (piece.Zero)
            {
                await disk.Zero(piece.Offset, piece.Length, stop).ConfigureAwait(false);
                return;
            }
            for (var done = 0L; done < piece.Length;)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, piece.Length - done));
                await source.ReadExactlyAsync(part, stop).ConfigureAwait(false);
                await disk.Write(piece.Offset + done, part, stop).ConfigureAwait(false);
                done += part.Length;
            }
        }, stop).ConfigureAwait(false);
        if (zeroGaps && at < disk.SizeBytes) await disk.Zero(at, disk.SizeBytes - at, stop).ConfigureAwait(false);
        await disk.Flush(stop).ConfigureAwait(false);
    }

    /// <summary>Writes a piece in parts: those that hold bytes, and those that are zeros when they are kept.</summary>
    private static async Task Sparse(NbdExport disk, DiskPiece piece, byte[] buffer, Stream target, bool keepZeros, CancellationToken stop)
    {
        const int partBytes = 64 * 1024;
        for (var done = 0L; done < piece.Length;)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(partBytes, piece.Length - done));
            await disk.Read(piece.Offset + done, part, stop).ConfigureAwait(false);
            var zero = part.Span.IndexOfAnyExcept((byte)0) < 0;
            if (!zero || keepZeros) await DiskChanges.Piece(target, new DiskPiece(piece.Offset + done, part.Length, zero), stop).ConfigureAwait(false);
            if (!zero) await target.WriteAsync(part, stop).ConfigureAwait(false);
            done += part.Length;
        }
    }

    /// <param name="disk">Null: the buffer's zeros.</param>
    private static async Task Bytes(NbdExport? disk, long offset, long length, byte[] buffer, Stream target, CancellationToken stop)
    {
        for (var done = 0L; done < length;)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - done));
            if (disk is not null) await disk.Read(offset + done, part, stop).ConfigureAwait(false);
            await target.WriteAsync(part, stop).ConfigureAwait(false);
            done += part.Length;
        }
    }
}
