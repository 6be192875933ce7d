using Microsoft.Win32.SafeHandles;

namespace Sovereign.Image.Inspection;

/// <summary>Foreign bytes that are looked into; reading beyond the end gives less, never an error.</summary>
internal abstract class ImageBytes(long length)
{
    /// <summary>Size of the whole content.</summary>
    public long Length { get; } = length;

    /// <returns>How many bytes were there.</returns>
    public int Read(Span<byte> buffer, long offset)
    {
        var done = 0;
        while (done < buffer.Length && offset >= 0 && offset + done < Length)
        {
            var count = ReadSome(buffer[done..], offset + done);
            if (count == 0) break;
            done += count;
        }

        return done;
    }

    /// <summary>A piece of exactly this size; null when the content ends before it does.</summary>
    public byte[]? Piece(long offset, int bytes)
    {
        if (offset < 0 || bytes < 0 || bytes > Length || offset > Length - bytes) return null;
        var piece = new byte[bytes];
        return Read(piece, offset) == bytes ? piece : null;
    }

    protected abstract int ReadSome(Span<byte> buffer, long offset);
}

/// <summary>The content of an open file.</summary>
internal sealed class FileBytes(SafeFileHandle file, long length) : ImageBytes(length)
{
    protected override int ReadSome(Span<byte> buffer, long offset) => RandomAccess.Read(file, buffer, offset);
}
