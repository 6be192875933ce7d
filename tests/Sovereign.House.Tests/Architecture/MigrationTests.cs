using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Sovereign.House.Tests.Architecture;

/// <summary>Migrations only add: the release before serves the same database while they run, and after. What takes away says since which release nothing
/// reads it ("-- contract: 3"), and that one must be admitted no more than the binary says.</summary>
public sealed partial class MigrationTests
{
    [Fact]
    public void No_migration_takes_away_what_an_admitted_release_reads_or_writes()
    {
        var migrations = Repository.Under("src/", ".sql").Where(file => file.Path.Contains("/Migrations/", StringComparison.Ordinal)).ToList();
        Assert.True(migrations.Count > 40, "The migrations were not found.");
        var oldest = Oldest().Match(Repository.File("src/Sovereign.Kernel/Store/Migrations.cs").Text).Groups[1].Value;
        Findings.None(migrations.SelectMany(file => Narrowing(file, int.Parse(oldest, CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void What_an_older_release_would_stumble_over_is_found()
    {
        const string text = """
            CREATE TABLE fresh (id TEXT PRIMARY KEY, name TEXT NOT NULL);
            CREATE UNIQUE INDEX fresh_names ON fresh (name);
            ALTER TABLE known ADD COLUMN note TEXT;
            ALTER TABLE known ADD COLUMN count BIGINT NOT NULL DEFAULT 0;
            DROP INDEX known_by_name;
            -- DROP TABLE known
            ALTER TABLE known ADD COLUMN owner TEXT NOT NULL;
            ALTER TABLE known RENAME COLUMN name TO title;
            DROP TABLE known;
            ALTER TABLE known
              DROP COLUMN name;
            ALTER TABLE known ALTER COLUMN name SET NOT NULL;
            CREATE UNIQUE INDEX known_names ON known (name);
            """;
        Assert.Equal([7, 8, 9, 10, 12, 13], Narrowing(new SourceFile("src/A/Migrations/0002.x.sql", text), 1).Select(finding => finding.Line));
        Assert.Empty(Narrowing(new SourceFile("src/A/Migrations/0003.x.sql", "-- contract: 2\n" + text), 2));
        Assert.NotEmpty(Narrowing(new SourceFile("src/A/Migrations/0003.x.sql", "-- contract: 2\n" + text), 1));
    }

    private static IEnumerable<Finding> Narrowing(SourceFile file, int oldest)
    {
        if (Contract().Match(file.Text) is { Success: true } since && int.Parse(since.Groups[1].Value, CultureInfo.InvariantCulture) <= oldest) yield break;
        var plain = Comment().Replace(file.Text, match => new string(' ', match.Length));
        var made = Table().Matches(plain).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (Match statement in Statement().Matches(plain))
        {
            var unique = Unique().Match(statement.Value);
            var narrows = Taking().IsMatch(statement.Value)
                || (Adding().IsMatch(statement.Value) && !statement.Value.Contains("DEFAULT", StringComparison.OrdinalIgnoreCase))
                || (unique.Success && !made.Contains(unique.Groups[1].Value));
            if (narrows) yield return new Finding(file.Path, 1 + plain.AsSpan(0, statement.Index).Count('\n'), "expand-only", statement.Value.Split('\n')[0]);
        }
    }

    [GeneratedRegex(@"OldestReleaseAdmitted = (\d+)")]
    private static partial Regex Oldest();

    [GeneratedRegex(@"^-- contract: (\d+)")]
    private static partial Regex Contract();

    [GeneratedRegex("--[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", RegexOptions.IgnoreCase)]
    private static partial Regex Table();

    [GeneratedRegex(@"[^;\s][^;]*")]
    private static partial Regex Statement();

    [GeneratedRegex(@"\bDROP\s+(TABLE|COLUMN|VIEW)\b|\bRENAME\b|\bALTER\s+COLUMN\b|\bADD\s+CONSTRAINT\b", RegexOptions.IgnoreCase)]
    private static partial Regex Taking();

    [GeneratedRegex(@"\bADD\s+COLUMN\b.*\bNOT\s+NULL\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Adding();

    [GeneratedRegex(@"CREATE\s+UNIQUE\s+INDEX\s+\w+\s+ON\s+(\w+)", RegexOptions.IgnoreCase)]
    private static partial Regex Unique();
}
