using Microsoft.Win32.SafeHandles;

namespace Sovereign.ObjectStore.Contents;

/// <summary>A part of a file as a stream that is read once, forwards.</summary>
internal sealed class FileRange(SafeFileHandle handle, long offset, long length) : Stream
{
    private long done;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get => done; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (done == length) return 0;
        var count = await RandomAccess.ReadAsync(handle, buffer[..(int)Math.Min(buffer.Length, length - done)], offset + done, cancellationToken);
        done += count;
        return count;
    }

    public override int Read(Span<byte> buffer)
    {
        if (done == length) return 0;
        var count = RandomAccess.Read(handle, buffer[..(int)Math.Min(buffer.Length, length - done)], offset + done);
        done += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) handle.Dispose();
        base.Dispose(disposing);
    }
}
