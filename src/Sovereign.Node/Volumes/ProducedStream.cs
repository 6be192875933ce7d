using System.IO.Pipelines;

namespace Sovereign.Node.Volumes;

/// <summary>A stream whose bytes are written while they are read. Disposing ends the writer and waits for it.</summary>
internal sealed class ProducedStream : Stream
{
    private readonly Pipe pipe = new();
    private readonly CancellationTokenSource end;
    private readonly Stream source;
    private readonly Task work;

    public ProducedStream(Func<Stream, CancellationToken, Task> produce, CancellationToken stop)
    {
        end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        source = pipe.Reader.AsStream();
        work = Produce(produce);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => source.Read(buffer, offset, count);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => source.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        source.ReadAsync(buffer, offset, count, cancellationToken);

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await end.CancelAsync().ConfigureAwait(false);
        await source.DisposeAsync().ConfigureAwait(false);
        await work.ConfigureAwait(false);
        end.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    // What fails here is told to the reader; the task itself never fails.
    private async Task Produce(Func<Stream, CancellationToken, Task> produce)
    {
        try
        {
            await using (var target = pipe.Writer.AsStream(leaveOpen: true)) await produce(target, end.Token).ConfigureAwait(false);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception failure) { await pipe.Writer.CompleteAsync(failure).ConfigureAwait(false); }
    }
}
