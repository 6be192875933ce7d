using Sovereign.Bench.Figures;

namespace Sovereign.Bench;

/// <summary>One named benchmark.</summary>
internal interface IBench
{
    string Name { get; }

    string What { get; }

    /// <exception cref="BenchFailedException">It can't be measured here.</exception>
    void Run(BenchRun run);
}

/// <summary>What a benchmark is given, and where it puts its figures.</summary>
/// <param name="Long">More pairs and longer windows.</param>
/// <param name="Directory">An empty directory of its own.</param>
/// <param name="Root">The source tree or where the program was built from.</param>
internal sealed record BenchRun(bool Long, string Directory, string Root)
{
    public List<Figure> Figures { get; } = [];

    public List<string> Notes { get; } = [];

    /// <summary>Interleaved pairs of a comparison.</summary>
    public int Pairs => Long ? 15 : 7;

    /// <summary>How long each side of a pair is under load.</summary>
    public TimeSpan Window => TimeSpan.FromSeconds(Long ? 2 : 0.5);

    public TimeSpan WarmUp => TimeSpan.FromSeconds(Long ? 4 : 2);

    public static void Say(string line) => Console.Error.WriteLine($"  … {line}");
}
