using System.Buffers;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel;
using Sovereign.ObjectStore.Contents;

namespace Sovereign.ObjectStore.Objects;

/// <summary>A piece of an object: one content, or one part's.</summary>
/// <param name="Begins">Where it begins in the object.</param>
internal sealed record Segment(string? Content, long Begins, long Size, string? Sealing)
{
    /// <summary>How many bytes of the content come before it.</summary>
    public long Skip { get; init; }
}

/// <summary>Reads objects piece by piece in constant memory. What is being read is not removed under the reader.</summary>
internal sealed class ObjectReader(KernelServices kernel, ContentKeeper keeper)
{
    private const int BlockBytes = 256 * 1024;
    private const int SmallBytes = 64 * 1024;

    /// <summary>The pieces of an object in their order.</summary>
    public List<Segment> Segments(ObjectRow row)
    {
        if (row.UploadId is null) return [new Segment(row.Content, 0, row.Size, row.Sealing)];
        var segments = new List<Segment>();
        long begins = 0;
        foreach (var part in kernel.Database.Read(session => ObjectRows.Parts(session, row.UploadId)))
        {
            segments.Add(new Segment(part.Content, begins, part.Size, part.Sealing));
            begins += part.Size;
        }

        return segments;
    }

    /// <summary>Writes a range of an object to a response.</summary>
    /// <param name="open">Opens a part of a piece.</param>
    /// <exception cref="IOException">A content is missing or broken.</exception>
    public async Task CopyTo(IReadOnlyList<Segment> segments, long offset, long length, HttpResponse response, Func<Segment, long, long, Stream> open,
        CancellationToken stop)
    {
        var wanted = segments.Where(segment => segment.Size > 0 && segment.Begins < offset + length && segment.Begins + segment.Size > offset).ToList();
        foreach (var segment in wanted) keeper.Hold(segment.Content!);
        var next = 0;
        try
        {
            for (; next < wanted.Count; next++)
            {
                var segment = wanted[next];
                var from = Math.Max(0, offset - segment.Begins);
                var count = Math.Min(segment.Size, offset + length - segment.Begins) - from;
                await using var stream = open(segment, segment.Skip + from, count);
                await Copy(stream, count, response, stop);
                keeper.Close(segment.Content!);
            }
        }
        finally
        {
            for (; next < wanted.Count; next++) keeper.Close(wanted[next].Content!);
        }
    }

    /// <summary>A range of an object as a stream.</summary>
    public SegmentStream Read(IReadOnlyList<Segment> segments, long offset, long length, Func<Segment, long, long, Stream> open) =>
        new(keeper, open, segments, offset, length);

    private static async Task Copy(Stream source, long length, HttpResponse response, CancellationToken stop)
    {
        if (length <= SmallBytes && source is FileRange file)
        {
            // What fits into few packets is read at once, mostly from memory: a change of threads costs more.
            var writer = response.BodyWriter;
            while (length > 0)
            {
                var span = writer.GetSpan((int)Math.Min(length, SmallBytes));
                var count = file.Read(span[..(int)Math.Min(length, span.Length)]);
                if (count == 0) throw new IOException("A content is shorter than its row says.");
                writer.Advance(count);
                length -= count;
            }

            await writer.FlushAsync(stop);
            return;
        }

        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            while (length > 0)
            {
                var count = await source.ReadAsync(block.AsMemory(0, (int)Math.Min(BlockBytes, length)), stop);
                if (count == 0) throw new IOException("A content is shorter than its row says.");
                await response.Body.WriteAsync(block.AsMemory(0, count), stop);
                length -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
