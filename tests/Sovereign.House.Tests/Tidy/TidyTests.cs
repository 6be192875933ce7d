using Xunit;

namespace Sovereign.House.Tests.Tidy;

/// <summary>The house rules over the whole repository. Exceptions stand in exceptions.txt, which only shrinks.</summary>
public sealed class TidyTests
{
    private const string ExceptionsPath = "tests/Sovereign.House.Tests/exceptions.txt";

    private static readonly Dictionary<string, Func<SourceFile, IEnumerable<Finding>>> rules = new()
    {
        ["file-length"] = TextRules.FileLength,
        ["line-length"] = TextRules.LineLength,
        ["work-mark"] = TextRules.WorkMarks,
        ["machine-path"] = TextRules.MachinePaths,
        ["suppression"] = TextRules.Suppressions,
        ["method-length"] = CodeRules.MethodLength,
        ["empty-catch"] = CodeRules.EmptyCatches,
        ["skipped-test"] = CodeRules.SkippedTests,
        ["test-name"] = CodeRules.TestNames,
        ["summary"] = CodeRules.Summaries,
        ["link"] = file => DocumentRules.Links(file, path => Path.Exists(Path.Combine(Repository.Root, path))),
    };

    public static TheoryData<string> Rules => [.. rules.Keys];

    [Theory]
    [MemberData(nameof(Rules))]
    public void The_repository_keeps_the_rule(string rule)
    {
        Assert.True(Repository.Files.Count > 100, "The repository was not found.");
        var findings = Repository.Files.SelectMany(rules[rule]).ToList();
        Assert.All(findings, finding => Assert.Equal(rule, finding.Rule));
        Findings.None(Exceptions.Compare(findings, rule, Repository.File(ExceptionsPath)));
    }

    [Fact]
    public void Every_package_is_explained_and_every_explained_package_is_used() =>
        Findings.None(DocumentRules.Packages(Repository.File("Directory.Packages.props"), Repository.File("docs/dependencies.md")));

    [Fact]
    public void Every_exception_names_a_rule_there_is()
    {
        var unknown = Exceptions.Read(Repository.File(ExceptionsPath)).Where(exception => !rules.ContainsKey(exception.Rule));
        Findings.None(unknown.Select(exception => $"{ExceptionsPath}:{exception.Line}: there is no rule {exception.Rule}"));
    }

    [Fact]
    public void Every_reconciler_has_a_kind_of_its_own()
    {
        var kinds = Repository.Under("src/", ".cs").SelectMany(CodeRules.ReconcilerKinds).ToList();
        Findings.None(kinds.GroupBy(kind => kind.Kind).Where(same => same.Count() > 1).SelectMany(same => same.Select(kind => kind.Where.ToString())));
    }
}
