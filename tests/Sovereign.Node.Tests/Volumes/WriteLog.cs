using System.Buffers.Binary;

namespace Sovereign.Node.Tests.Volumes;

/// <summary>One thing that QEMU did to a file. A flush makes sure of all writes before it.</summary>
internal sealed record LoggedWrite(long Offset, byte[] Data, bool Flush, bool Sure);

/// <summary>The log of QEMU's driver blklogwrites (the format of Linux's dm-log-writes): each write to a file in the order that they ended.</summary>
internal static class WriteLog
{
    private const ulong Magic = 0x6a736677736872;
    private const int SectorBytes = 512;
    private const ulong FlushFlag = 1, SureFlag = 2, DiscardFlag = 4;

    public static List<LoggedWrite> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (Number(bytes, 0) != Magic) throw new InvalidDataException($"{path} is no log of writes.");
        var (count, at) = ((int)Number(bytes, 16), SectorBytes);
        var log = new List<LoggedWrite>(count);
        for (var i = 0; i < count; i++)
        {
            var (sector, sectors, flags) = ((long)Number(bytes, at), (int)Number(bytes, at + 8), Number(bytes, at + 16));
            at += SectorBytes;
            var discard = (flags & DiscardFlag) != 0;
            var data = discard ? new byte[sectors * SectorBytes] : bytes[at..(at + (sectors * SectorBytes))];
            if (!discard) at += data.Length;
            log.Add(new LoggedWrite(sector * SectorBytes, data, (flags & FlushFlag) != 0, (flags & SureFlag) != 0));
        }

        return log;
    }

    /// <summary>A file after a power cut: all of the first <paramref name="count"/> writes that a flush made sure of, and of the others any sectors.</summary>
    /// <param name="believe">False: a disk that lies, whose flushes do nothing.</param>
    public static byte[] Cut(byte[] before, IReadOnlyList<LoggedWrite> log, int count, Random chance, bool believe = true)
    {
        var sure = believe ? log.Take(count).Select((write, i) => write.Flush ? i : -1).DefaultIfEmpty(-1).Max() : -1;
        var file = new byte[Math.Max(before.Length, log.Take(count).Select(write => write.Offset + write.Data.Length).DefaultIfEmpty(0).Max())];
        before.CopyTo(file, 0);
        for (var i = 0; i < count; i++)
        {
            var (write, whole) = (log[i], chance.Next(2) == 0);
            for (var at = 0; at < write.Data.Length; at += SectorBytes)
            {
                if (i <= sure || (believe && write.Sure) || whole || chance.Next(2) == 0)
                    write.Data.AsSpan(at, SectorBytes).CopyTo(file.AsSpan((int)write.Offset + at));
            }
        }

        return file;
    }

    private static ulong Number(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
}
