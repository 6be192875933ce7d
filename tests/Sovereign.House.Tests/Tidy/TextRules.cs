using System.Text.RegularExpressions;

namespace Sovereign.House.Tests.Tidy;

/// <summary>Rules that need no more than lines of text.</summary>
internal static partial class TextRules
{
    public const int FileLinesMax = 400;

    // 140 is the aim; .editorconfig says so to editors. This is where the build stops.
    public const int LineColumnsMax = 170;

    public static IEnumerable<Finding> FileLength(SourceFile file)
    {
        if (!file.IsCode && !file.Path.EndsWith(".sh", StringComparison.Ordinal) && !file.Path.EndsWith(".sql", StringComparison.Ordinal)) yield break;
        var lines = file.Text.EndsWith('\n') ? file.Lines.Length - 1 : file.Lines.Length;
        if (lines > FileLinesMax) yield return new Finding(file.Path, lines, "file-length", $"{lines} lines, at most {FileLinesMax}");
    }

    public static IEnumerable<Finding> LineLength(SourceFile file) => !file.IsCode
        ? []
        : Each(file, "line-length", line => line.Length > LineColumnsMax ? $"{line.Length} columns, at most {LineColumnsMax}" : null);

    public static IEnumerable<Finding> WorkMarks(SourceFile file) => Each(
        file, "work-mark", line => Mark().IsMatch(line) && !Issue().IsMatch(line) ? "a mark of work to be done names its issue (#123)" : null);

    public static IEnumerable<Finding> MachinePaths(SourceFile file) => Each(
        file, "machine-path", line => MachinePath().Match(line) is { Success: true } match ? $"'{match.Value}' is a path of one machine" : null);

    /// <summary>Whoever silences a warning says why: beside it, or in the comment lines directly above.</summary>
    public static IEnumerable<Finding> Suppressions(SourceFile file)
    {
        var reason = false;
        for (var i = 0; i < file.Lines.Length; i++)
        {
            var line = file.Lines[i].Trim();
            var silences = Silences(file, line);
            if (silences && !reason && !HasReasonBeside(file, line)) yield return new Finding(file.Path, i + 1, "suppression", "a silenced warning needs a reason beside it");
            // One reason stands for the silencing lines that follow it directly.
            reason = IsComment(file, line) || (silences && reason);
        }
    }

    private static bool Silences(SourceFile file, string line)
    {
        if (file.IsCode) return line.StartsWith("#pragma warning disable", StringComparison.Ordinal) || Suppress().IsMatch(line);
        if (file.Path.EndsWith(".editorconfig", StringComparison.Ordinal)) return Severity().IsMatch(line);
        return (file.Path.EndsWith(".csproj", StringComparison.Ordinal) || file.Path.EndsWith(".props", StringComparison.Ordinal))
            && line.Contains("<NoWarn>", StringComparison.Ordinal);
    }

    private static bool HasReasonBeside(SourceFile file, string line) => file.IsCode
        ? line.Contains("//", StringComparison.Ordinal) || line.Contains("Justification =", StringComparison.Ordinal)
        : line.Contains("<!--", StringComparison.Ordinal);

    private static bool IsComment(SourceFile file, string line) => file.IsCode
        ? line.StartsWith("//", StringComparison.Ordinal)
        : line.StartsWith('#') || line.EndsWith("-->", StringComparison.Ordinal);

    private static IEnumerable<Finding> Each(SourceFile file, string rule, Func<string, string?> wrong)
    {
        for (var i = 0; i < file.Lines.Length; i++)
        {
            if (wrong(file.Lines[i]) is { } detail) yield return new Finding(file.Path, i + 1, rule, detail);
        }
    }

    // The words are cut in two, so that this file does not find itself.
    [GeneratedRegex(@"\b(TO" + "DO|FIX" + "ME|XX" + @"X|HA" + @"CK)\b")]
    private static partial Regex Mark();

    [GeneratedRegex(@"#\d+")]
    private static partial Regex Issue();

    [GeneratedRegex(@"(?<![\w.$\}-])/(work|root|home/[a-z]\w*)" + "/")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"^\[.*\bSuppressMessage\(")]
    private static partial Regex Suppress();

    [GeneratedRegex(@"^dotnet_diagnostic\..*severity\s*=\s*(none|silent|suggestion)")]
    private static partial Regex Severity();
}
