using System.IO.Pipelines;
using System.Text;

namespace Sovereign.Testing.Simulated;

/// <summary>A console that greets and then says whatever is typed.</summary>
public sealed class SimulatedConsoleStream : Stream
{
    public const string Greeting = "RFB 003.008\n";
    private readonly Pipe pipe = new();
    private readonly Stream said;
    private readonly Stream typed;

    public SimulatedConsoleStream()
    {
        (said, typed) = (pipe.Reader.AsStream(), pipe.Writer.AsStream());
        typed.Write(Encoding.ASCII.GetBytes(Greeting));
        typed.Flush();
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => said.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        typed.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => typed.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => said.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => typed.Write(buffer, offset, count);

    public override void Flush() => typed.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) pipe.Writer.Complete();
        base.Dispose(disposing);
    }
}
