using System.Globalization;
using Xunit;

namespace Sovereign.Cloud.Tests.AccessMatrix;

/// <summary>One row of a service's matrix: what each persona must get.</summary>
/// <param name="Expected">By persona: "ok" or a status.</param>
internal sealed record MatrixRow(string Method, string Route, IReadOnlyDictionary<string, string> Expected)
{
    public override string ToString() => $"{Method} {Route}";
}

/// <summary>How a row is asked: its path, body and headers as templates, and the status of a call that is let in where that is no success.</summary>
internal sealed record MatrixRequest(string Path, string? Body, (string Name, string Value)[] Headers, int? Status);

/// <summary>One call that no row can show, from cases.tsv.</summary>
internal sealed record MatrixCase(string Persona, string Method, string Path, string? Body, int Status);

/// <summary>The files beside the tests: the expected answers, one file for each service, and cases.tsv;
/// requests.tsv and things.tsv say how to ask.</summary>
internal sealed class MatrixFiles
{
    private static readonly string directory = Path.Combine(AppContext.BaseDirectory, "AccessMatrix");
    private readonly List<(string From, string To)> names = [];
    private readonly Dictionary<string, MatrixRequest> requests = new(StringComparer.Ordinal);

    public MatrixFiles()
    {
        foreach (var cells in Lines("requests.tsv"))
        {
            if (cells[0] == "*") names.Add((cells[1], cells[2]));
            else requests.Add($"{cells[0]} {cells[1]}", Request(cells));
        }

        Cases = [.. Lines("cases.tsv").Select(cells => new MatrixCase(cells[0], cells[1], cells[2], Text(cells[3]), int.Parse(cells[4], CultureInfo.InvariantCulture)))];
        var things = Lines("things.tsv").ToList();
        // A name that begins anew somewhere else would be two things by one name.
        Assert.Equal(things.Select(cells => cells[0]).Distinct(), things.Where((cells, i) => i == 0 || things[i - 1][0] != cells[0]).Select(cells => cells[0]));
        Things = things.ToLookup(cells => cells[0], cells => new ThingStep(cells[1], cells[2], cells[3], Text(cells[4]), cells[5]));
    }

    public static IReadOnlyList<string> Services { get; } =
        ["identity", "image", "placement", "network", "compute", "volume", "key-manager", "object-store", "load-balancer"];

    public ILookup<string, ThingStep> Things { get; }

    public IReadOnlyList<MatrixCase> Cases { get; }

    public static List<MatrixRow> Rows(string service)
    {
        var lines = File.ReadAllLines(Path.Combine(directory, service + ".tsv")).Select(line => line.Split('\t')).ToList();
        var personas = lines[0];
        return lines.Skip(1).Select(cells =>
        {
            Assert.Equal(personas.Length, cells.Length);
            return new MatrixRow(cells[0], cells[1], Enumerable.Range(2, cells.Length - 2).ToDictionary(i => personas[i], i => cells[i]));
        }).ToList();
    }

    /// <summary>As requests.tsv says, with the parameters of the route replaced where the path is the route.</summary>
    public MatrixRequest RequestOf(MatrixRow row)
    {
        var request = requests.GetValueOrDefault(row.ToString()) ?? new MatrixRequest("-", null, [], null);
        if (request.Path != "-") return request;
        var path = row.Route;
        foreach (var (from, to) in names)
        {
            if ((path + "/").Contains(from + "/", StringComparison.Ordinal)) path = (path + "/").Replace(from + "/", to + "/", StringComparison.Ordinal)[..^1];
        }

        return request with { Path = path };
    }

    /// <summary>Requests that no row asks for.</summary>
    public IEnumerable<string> Unasked(IEnumerable<MatrixRow> rows) => requests.Keys.Except(rows.Select(row => row.ToString()));

    private static MatrixRequest Request(string[] cells)
    {
        var headers = Text(cells[4])?.Split(" | ").Select(header => header.Split(": ")).Select(pair => (pair[0], pair[1])).ToArray() ?? [];
        return new MatrixRequest(cells[2], Text(cells[3]), headers, Text(cells[5]) is { } status ? int.Parse(status, CultureInfo.InvariantCulture) : null);
    }

    private static string? Text(string cell) => cell == "-" ? null : cell;

    private static IEnumerable<string[]> Lines(string file) => File.ReadAllLines(Path.Combine(directory, file))
        .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('\t'));
}
