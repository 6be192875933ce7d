using System.Text;
using Sovereign.Kernel.Sources;

namespace Sovereign.Kernel.Keys;

/// <summary>Bytes sealed in pieces of one size, so that reading can begin anywhere. Each piece is bound to its place and to the name of the whole.</summary>
public static class SealedBytes
{
    public const int PieceBytes = 64 * 1024;
    private const int SealedPieceBytes = PieceBytes + Sealing.OverheadBytes;

    /// <summary>Where the piece with this byte begins among the sealed bytes.</summary>
    public static long PlaceOf(long offset) => offset / PieceBytes * SealedPieceBytes;

    private static byte[] Context(string name, long piece) => Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}/{piece}"));

    /// <summary>Seals what is written to it.</summary>
    /// <param name="target">Takes the sealed pieces, in order.</param>
    /// <param name="name">What is sealed, and where it lies: its pieces open nowhere else.</param>
    public sealed class Writer(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> target, byte[] key, string name, IRandomness randomness)
    {
        private readonly byte[] buffer = new byte[PieceBytes];
        private int filled;
        private long piece;

        public async Task Write(ReadOnlyMemory<byte> bytes, CancellationToken stop)
        {
            while (bytes.Length > 0)
            {
                var count = Math.Min(bytes.Length, PieceBytes - filled);
                bytes[..count].CopyTo(buffer.AsMemory(filled));
                filled += count;
                bytes = bytes[count..];
                if (filled == PieceBytes) await Finish(stop);
            }
        }

        /// <summary>Writes the last piece.</summary>
        public async Task Finish(CancellationToken stop)
        {
            if (filled == 0) return;
            await target(Sealing.Seal(key, buffer.AsSpan(0, filled), Context(name, piece++), randomness), stop);
            filled = 0;
        }
    }

    /// <summary>Opens what was sealed.</summary>
    /// <param name="source">From <see cref="PlaceOf"/> the offset on.</param>
    /// <param name="broken">What is thrown when a piece is not what was sealed.</param>
    public sealed class OpenedStream(Stream source, byte[] key, string name, long offset, Func<Exception> broken) : Stream
    {
        private readonly byte[] held = new byte[SealedPieceBytes];
        private byte[] plain = [];
        private int at;
        private long piece = offset / PieceBytes;
        private int skip = (int)(offset % PieceBytes);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (at == plain.Length && !await Next(cancellationToken)) return 0;
            var count = Math.Min(buffer.Length, plain.Length - at);
            plain.AsMemory(at, count).CopyTo(buffer);
            at += count;
            return count;
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
            await source.DisposeAsync();
            await base.DisposeAsync();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) source.Dispose();
            base.Dispose(disposing);
        }

        private async Task<bool> Next(CancellationToken stop)
        {
            var count = await source.ReadAtLeastAsync(held, held.Length, throwOnEndOfStream: false, stop);
            if (count == 0) return false;
            plain = Sealing.Open(key, held.AsSpan(0, count), Context(name, piece++))
                ?? throw broken();
            (at, skip) = (Math.Min(skip, plain.Length), 0);
            return at < plain.Length;
        }
    }
}
