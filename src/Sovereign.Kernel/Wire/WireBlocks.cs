using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Sovereign.Kernel.Wire;

/// <summary>Memory of connections in blocks as large as a TLS record: in the server's own, a quarter of that, each would be encrypted and handed on by itself.</summary>
internal sealed class WireBlocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockBytes = 16 * 1024;

    public override int MaxBufferSize => BlockBytes;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        return Shared.Rent(BlockBytes);
    }

    protected override void Dispose(bool disposing)
    {
        // Nothing is its own.
    }
}
