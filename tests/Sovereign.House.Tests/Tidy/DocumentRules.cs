using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Sovereign.House.Tests.Tidy;

/// <summary>Rules about what the documents say of the code.</summary>
internal static partial class DocumentRules
{
    /// <summary>Every package stands in the table of dependencies with version, licence and reason, and the table has no others.</summary>
    public static IEnumerable<Finding> Packages(SourceFile props, SourceFile document)
    {
        var used = XDocument.Parse(props.Text).Descendants("PackageVersion")
            .ToDictionary(e => e.Attribute("Include")!.Value, e => e.Attribute("Version")!.Value, StringComparer.Ordinal);
        var rows = Rows(document).ToDictionary(row => row.Cells[0].Trim('`', ' '), row => row, StringComparer.Ordinal);
        foreach (var (name, version) in used)
        {
            if (!rows.TryGetValue(name, out var row)) yield return new Finding(document.Path, 1, "dependency", $"{name} is used and not in the table");
            else if (row.Cells[1] != version) yield return new Finding(document.Path, row.Line, "dependency", $"{name} is used as {version}, the table says {row.Cells[1]}");
            else if (row.Cells.Length < 5 || row.Cells.Any(cell => cell.Length == 0))
            {
                yield return new Finding(document.Path, row.Line, "dependency", $"{name} needs version, licence, reason and alternative");
            }
        }

        foreach (var (name, row) in rows)
        {
            if (!used.ContainsKey(name)) yield return new Finding(document.Path, row.Line, "dependency", $"{name} is in the table and not used");
        }
    }

    /// <summary>Links inside the repository lead somewhere.</summary>
    public static IEnumerable<Finding> Links(SourceFile file, Func<string, bool> exists)
    {
        if (!file.Path.EndsWith(".md", StringComparison.Ordinal)) yield break;
        for (var i = 0; i < file.Lines.Length; i++)
        {
            foreach (Match match in Link().Matches(file.Lines[i]))
            {
                var target = match.Groups[1].Value.Split('#')[0];
                if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal)) continue;
                var path = Path.GetRelativePath("/", Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(file.Path) ?? "", target)));
                if (!exists(path)) yield return new Finding(file.Path, i + 1, "link", $"'{target}' leads nowhere");
            }
        }
    }

    private static IEnumerable<(string[] Cells, int Line)> Rows(SourceFile document)
    {
        for (var i = 0; i < document.Lines.Length; i++)
        {
            var line = document.Lines[i].Trim();
            if (!line.StartsWith("| `", StringComparison.Ordinal)) continue;
            yield return (line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray(), i + 1);
        }
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
