using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sovereign.Bench.Figures;

/// <summary>All that one benchmark says.</summary>
/// <param name="Notes">What a reader must know to judge the figures: what both sides had in common, what was off.</param>
/// <param name="Failure">Why there are no figures, or why they count for nothing; null when all went well.</param>
public sealed record BenchReport(string Name, string What, IReadOnlyList<Figure> Figures, IReadOnlyList<string> Notes, string? Failure)
{
    public Machine? Machine { get; init; }

    [JsonIgnore]
    public bool Good => Failure is null && Figures.All(figure => figure.Verdict is not (Verdict.Broken or Verdict.BrokenInNoise));

    public void Write(string directory)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, Name + ".json"), JsonSerializer.Serialize(this, ReportJson.Default.BenchReport) + "\n");
    }

    public void Print(TextWriter to)
    {
        to.WriteLine();
        to.WriteLine($"{Name}: {What}");
        if (Figures.Count > 0) to.WriteLine(Row("figure", "median", "range", "unit", "baseline", "limit", "verdict"));
        foreach (var figure in Figures)
        {
            var range = figure.Value.Count == 1 ? "once" : $"{Text(figure.Value.Min)}..{Text(figure.Value.Max)}";
            var limit = figure.Limit is null ? "" : (figure.Limit.Bound == Bound.AtMost ? "<= " : ">= ") + Text(figure.Limit.Value);
            to.WriteLine(Row(figure.Name, Text(figure.Value.Median), range, figure.Unit, figure.Baseline is { } b ? Text(b.Median) : "", limit, Words(figure.Verdict)));
        }

        foreach (var note in Notes) to.WriteLine($"  {note}");
        if (Failure is not null) to.WriteLine($"  FAILED: {Failure}");
        to.Flush();
    }

    private static string Row(string name, string median, string range, string unit, string baseline, string limit, string verdict) =>
        $"  {name,-46} {median,9} {range,-17} {unit,-13} {baseline,9} {limit,9}  {verdict}".TrimEnd();

    private static string Words(Verdict verdict) => verdict switch
    {
        Verdict.Told => "",
        Verdict.Kept => "kept",
        Verdict.KeptInNoise => "kept, in the noise",
        Verdict.BrokenInNoise => "BROKEN, in the noise",
        Verdict.Broken => "BROKEN",
        _ => throw new InvalidOperationException($"No words for {verdict}."),
    };

    private static string Text(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("F0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("F2", CultureInfo.InvariantCulture),
        _ => value.ToString("F3", CultureInfo.InvariantCulture),
    };
}

/// <summary>Where it was measured.</summary>
public sealed record Machine(int Cores, string Cpu, string Kernel, string Runtime, string MeasuredAt, string Mode);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
