namespace Sovereign.House.Tests.Tidy;

/// <summary>A checked-in list of files that break a rule for now: "rule path count". It must be exact, so that mending shortens it and nothing lengthens it unseen.</summary>
internal static class Exceptions
{
    public static IEnumerable<(string Rule, string Path, int Count, int Line)> Read(SourceFile list)
    {
        for (var i = 0; i < list.Lines.Length; i++)
        {
            var words = list.Lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0].StartsWith('#')) continue;
            yield return (words[0], words[1], int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture), i + 1);
        }
    }

    /// <returns>Findings that no exception covers, and exceptions that are no longer needed as they stand.</returns>
    public static List<string> Compare(IEnumerable<Finding> findings, string rule, SourceFile list)
    {
        var found = findings.GroupBy(finding => finding.Path).ToDictionary(same => same.Key, same => same.ToList(), StringComparer.Ordinal);
        var wrong = new List<string>();
        foreach (var (_, path, count, line) in Read(list).Where(exception => exception.Rule == rule))
        {
            var now = found.Remove(path, out var here) ? here.Count : 0;
            if (now > count) wrong.AddRange(here!.Select(finding => finding.ToString()));
            if (now < count) wrong.Add($"{list.Path}:{line}: {rule}: {path} breaks it {now} times now, not {count}: shorten the list");
        }

        return [.. wrong, .. found.Values.SelectMany(rest => rest).Select(finding => finding.ToString())];
    }
}
