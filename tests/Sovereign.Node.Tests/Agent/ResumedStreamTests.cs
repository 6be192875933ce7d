using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

public class ResumedStreamTests
{
    private static readonly byte[] bytes = [.. Enumerable.Range(0, 10_000).Select(number => (byte)number)];

    [Fact]
    public async Task What_breaks_on_the_way_goes_on_where_it_broke()
    {
        var opened = new List<long>();
        await using var stream = new ResumedStream((offset, _) =>
        {
            opened.Add(offset);
            return Task.FromResult<Stream>(new BreakingStream(bytes, offset, 3_000));
        });
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, 1000, TestContext.Current.CancellationToken);
        Assert.Equal(bytes, copy.ToArray());
        Assert.Equal([0, 3_000, 6_000, 9_000], opened);
    }

    [Fact]
    public async Task What_breaks_twice_at_one_place_is_tried_again_later()
    {
        await using var stream = new ResumedStream((offset, _) => Task.FromResult<Stream>(new BreakingStream(bytes, offset, 0)));
        await Assert.ThrowsAsync<ControlPlaneAwayException>(() => stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
    }

    /// <summary>Breaks after so many bytes, unless it ends before.</summary>
    private sealed class BreakingStream(byte[] content, long offset, int count) : MemoryStream(content, (int)offset, content.Length - (int)offset)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var left = (int)Math.Min(count - Position, buffer.Length);
            return left > 0 || Position == Length ? base.ReadAsync(buffer[..left], cancellationToken) : throw new IOException("It was cut.");
        }
    }
}
