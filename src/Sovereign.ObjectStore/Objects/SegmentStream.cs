using Sovereign.ObjectStore.Contents;

namespace Sovereign.ObjectStore.Objects;

/// <summary>A range of an object as a stream that is read once, forwards; what it reads is not removed before it is disposed.</summary>
internal sealed class SegmentStream : Stream
{
    private readonly ContentKeeper keeper;
    private readonly Func<Segment, long, long, Stream> open;
    private readonly List<Segment> wanted;
    private readonly long offset;
    private readonly long length;
    private int next;
    private long left;
    private Stream? current;

    public SegmentStream(ContentKeeper keeper, Func<Segment, long, long, Stream> open, IReadOnlyList<Segment> segments, long offset, long length)
    {
        (this.keeper, this.open, this.offset, this.length) = (keeper, open, offset, length);
        wanted = segments.Where(segment => segment.Size > 0 && segment.Begins < offset + length && segment.Begins + segment.Size > offset).ToList();
        foreach (var segment in wanted) keeper.Hold(segment.Content!);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (current is null)
            {
                if (next == wanted.Count) return 0;
                var segment = wanted[next++];
                var from = Math.Max(0, offset - segment.Begins);
                left = Math.Min(segment.Size, offset + length - segment.Begins) - from;
                current = open(segment, segment.Skip + from, left);
            }

            // What is encrypted comes in pieces, and the last may hold more than is wanted.
            var count = left == 0 ? 0 : await current.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
            left -= count;
            if (count > 0 || buffer.Length == 0) return count;
            await current.DisposeAsync();
            current = null;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            current?.Dispose();
            current = null;
            foreach (var segment in wanted) keeper.Close(segment.Content!);
            wanted.Clear();
        }

        base.Dispose(disposing);
    }
}
