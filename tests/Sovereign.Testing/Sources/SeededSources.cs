using Sovereign.Kernel.Sources;

namespace Sovereign.Testing.Sources;

/// <summary>Ids and random bytes from one seed: a test that fails fails again.</summary>
public sealed class SeededSource(int seed) : IIdSource, IRandomness
{
    private readonly Random random = new(seed);

    public Guid Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        Fill(bytes);
        return new Guid(bytes);
    }

    public void Fill(Span<byte> bytes)
    {
        lock (random) random.NextBytes(bytes);
    }

    public int Below(int bound)
    {
        lock (random) return random.Next(bound);
    }
}
