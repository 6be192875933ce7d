using System.Buffers;

namespace Sovereign.Identity.Wire;

/// <summary>A body as blocks: one array of megabytes lives among the long-lived and costs a collection of all of them.</summary>
internal sealed class BlockWriter : IBufferWriter<byte>
{
    private const int BlockBytes = 32 * 1024;
    private readonly List<ReadOnlyMemory<byte>> full = [];
    private byte[] block = new byte[BlockBytes];
    private int filled;

    public void Advance(int count) => filled += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (block.Length - filled < Math.Max(sizeHint, 1))
        {
            full.Add(block.AsMemory(0, filled));
            block = new byte[Math.Max(sizeHint, BlockBytes)];
            filled = 0;
        }

        return block.AsMemory(filled);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>All blocks so far.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Written() => [.. full, block.AsMemory(0, filled)];
}
