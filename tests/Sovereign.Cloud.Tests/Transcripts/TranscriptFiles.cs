using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sovereign.Cloud.Tests.Transcripts;

/// <summary>One recorded request and what a stock cloud answered.</summary>
/// <param name="As">"admin" or "member": whose token.</param>
/// <param name="Answer">An object, a text, or null where there was no body.</param>
/// <param name="Note">Set where the recorder shortened the answer.</param>
internal sealed record Exchange(
    int Number, string Service, string As, string Command, string Method, string Path, JsonObject Headers, JsonNode? Body, int Status,
    JsonObject AnswerHeaders, JsonNode? Answer, string? Note = null)
{
    public override string ToString() => $"{Number} {Method} {Path} ({Command})";
}

/// <summary>A step that is not compared: what was made before the recording, or by a command that it left out.</summary>
/// <param name="Before">The number of the exchange that it comes before.</param>
/// <param name="Learns">Member of the answer, and the recorded id that it stands for.</param>
internal sealed record BridgeStep(int Before, string As, string Method, string Path, string? Body, (string Member, string Recorded)? Learns, string? Header);

/// <summary>A difference that is known.</summary>
internal sealed record KnownDifference(int Number, string Field, string Reason);

/// <summary>The files beside the tests; README.md says what they hold.</summary>
internal static class TranscriptFiles
{
    private static readonly string directory = Path.Combine(AppContext.BaseDirectory, "Transcripts");
    private static readonly JsonSerializerOptions wire = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static List<Exchange> Exchanges() =>
        [.. File.ReadAllLines(Path.Combine(directory, "exchanges.jsonl")).Select(line => JsonSerializer.Deserialize<Exchange>(line, wire)!)];

    public static ILookup<int, BridgeStep> Bridges() => Lines("bridges.tsv").Select(cells => new BridgeStep(
        Number(cells[0]), cells[1], cells[2], cells[3], Text(cells[4]),
        cells[5].Split('=') is [var member, var recorded] ? (member, recorded) : null, Text(cells[6]))).ToLookup(step => step.Before);

    public static List<KnownDifference> Differences() => [.. Lines("differences.tsv").Select(cells => new KnownDifference(Number(cells[0]), cells[1], cells[2]))];

    private static int Number(string cell) => int.Parse(cell, CultureInfo.InvariantCulture);

    private static string? Text(string cell) => cell == "-" ? null : cell;

    private static IEnumerable<string[]> Lines(string file) => File.ReadAllLines(Path.Combine(directory, file))
        .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('\t'));
}
