using System.Text.RegularExpressions;
using Sovereign.House.Tests.Tidy;
using Xunit;

namespace Sovereign.House.Tests.Architecture;

/// <summary>A table belongs to the assembly whose migrations made it; no other assembly's SQL names it.</summary>
public sealed partial class TableOwnerTests
{
    [Fact]
    public void Nobody_names_another_ones_table()
    {
        var owners = Owners(Repository.Under("src/", ".sql"));
        Assert.Contains("due", owners.Keys);
        Findings.None(Repository.Under("src/", ".cs").SelectMany(file => Trespasses(file, owners)));
    }

    [Fact]
    public void A_statement_on_a_foreign_table_is_found()
    {
        SourceFile[] migrations =
        [
            new("src/Sovereign.A/Migrations/0001.a.sql", "CREATE TABLE alphas (id TEXT);\ncreate table if not exists others (id TEXT);"),
            new("src/Sovereign.B/Migrations/0001.b.sql", "CREATE TABLE betas (id TEXT);"),
        ];
        var owners = Owners(migrations);
        Assert.Equal(["alphas", "betas", "others"], owners.Keys.Order(StringComparer.Ordinal));
        var code = new SourceFile("src/Sovereign.A/A.cs", """"
            class A
            {
                string mine = "SELECT * FROM alphas a JOIN others o ON 1 = 1";
                string joined = "SELECT 1 FROM alphas, x JOIN betas b";
                string changed = $"UPDATE betas SET id = {1}";
                string raw = """
                    DELETE FROM
                      betas
                    """;
                string sentence = "The update betas bring comes from betas.";
                // SELECT * FROM betas
            }
            """");
        Assert.Equal([4, 5, 6], Trespasses(code, owners).Select(finding => finding.Line));
        var twice = Assert.Throws<InvalidOperationException>(() => Owners([.. migrations, new("src/Sovereign.C/Migrations/0001.c.sql", "CREATE TABLE betas (x TEXT)")]));
        Assert.Contains("betas", twice.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Owners(IEnumerable<SourceFile> migrations)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in migrations)
        {
            foreach (Match match in Create().Matches(file.Text))
            {
                var (table, box) = (match.Groups[1].Value.ToLowerInvariant(), Box(file));
                if (!owners.TryAdd(table, box) && owners[table] != box) throw new InvalidOperationException($"{file.Path}: {owners[table]} has a table {table} already.");
            }
        }

        return owners;
    }

    private static IEnumerable<Finding> Trespasses(SourceFile file, Dictionary<string, string> owners) =>
        from text in CodeRules.Strings(file)
        from match in Statement().Matches(text.Text)
        let table = match.Groups[1].Value.ToLowerInvariant()
        where owners.TryGetValue(table, out var owner) && owner != Box(file)
        select new Finding(file.Path, text.Line, "foreign-table", $"{table} belongs to {owners[table]}");

    private static string Box(SourceFile file) => file.Path.Split('/')[1];

    [GeneratedRegex(@"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", RegexOptions.IgnoreCase)]
    private static partial Regex Create();

    // Keywords of SQL are written in capitals here; small words are prose.
    [GeneratedRegex(@"\b(?:FROM|INTO|UPDATE|JOIN)\s+(\w+)")]
    private static partial Regex Statement();
}
