using Sovereign.Node.Contract;

namespace Sovereign.Node.Agent;

/// <summary>Bytes from the control plane that are asked for again, from where they broke off, when the way to it breaks.</summary>
/// <param name="open">Opens them from an offset on.</param>
internal sealed class ResumedStream(Func<long, CancellationToken, Task<Stream>> open) : Stream
{
    private Stream? source;
    private long position;
    private bool moved = true;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => position; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            source ??= await open(position, cancellationToken);
            try
            {
                var read = await source.ReadAsync(buffer, cancellationToken);
                (position, moved) = (position + read, moved || read > 0);
                return read;
            }
            catch (Exception broken) when (broken is IOException or HttpRequestException)
            {
                await source.DisposeAsync();
                source = null;
                // Twice at the same place: it is tried again later, with all else.
                if (!moved) throw new ControlPlaneAwayException($"What the control plane sends broke off: {broken.Message}", broken);
                moved = false;
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (source is not null) await source.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) source?.Dispose();
        base.Dispose(disposing);
    }
}
