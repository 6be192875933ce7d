namespace Sovereign.Bench.Figures;

/// <summary>What repeated measurements of one thing gave: the machine drifts, so one number alone says nothing.</summary>
public sealed record Sample(double Median, double Min, double Max, int Count)
{
    public static Sample Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0) throw new InvalidOperationException("A sample needs a measurement.");
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Sample(median, sorted[0], sorted[^1], sorted.Length);
    }
}

public enum Bound
{
    AtMost,
    AtLeast,
}

/// <summary>What a figure must keep.</summary>
public sealed record Limit(Bound Bound, double Value)
{
    public static Limit AtMost(double value) => new(Bound.AtMost, value);

    public static Limit AtLeast(double value) => new(Bound.AtLeast, value);

    public bool Keeps(double value) => Bound == Bound.AtMost ? value <= Value : value >= Value;
}

/// <summary>Kept and Broken hold over the whole range of the measurements; a limit inside the range is in the noise, on the side where the median is.</summary>
public enum Verdict
{
    Told,
    Kept,
    KeptInNoise,
    BrokenInNoise,
    Broken,
}

/// <summary>One measured thing.</summary>
/// <param name="Unit">"ms", "x of bare", "servers/s".</param>
/// <param name="Baseline">The same measured on the baseline of this run, in the same unit; null where the figure is a ratio to it already, or has none.</param>
/// <param name="Limit">Null for figures that are only told.</param>
public sealed record Figure(string Name, string Unit, Sample Value, Sample? Baseline = null, Limit? Limit = null)
{
    public Verdict Verdict => Limit is null ? Verdict.Told
        : Limit.Keeps(Value.Min) && Limit.Keeps(Value.Max) ? Verdict.Kept
        : !Limit.Keeps(Value.Min) && !Limit.Keeps(Value.Max) ? Verdict.Broken
        : Limit.Keeps(Value.Median) ? Verdict.KeptInNoise : Verdict.BrokenInNoise;

    /// <summary>A thing measured once, or a count.</summary>
    public static Figure Once(string name, string unit, double value, Limit? limit = null) => new(name, unit, new Sample(value, value, value, 1), null, limit);
}
