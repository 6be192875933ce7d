using Xunit;

namespace Sovereign.House.Tests.Tidy;

/// <summary>No check that cannot fail: each rule finds a planted example, and lets its good twin pass.</summary>
public sealed class RuleProofTests
{
    [Fact]
    public void A_file_of_401_lines_is_found_and_one_of_400_is_not()
    {
        Assert.Single(TextRules.FileLength(new SourceFile("src/A.cs", Lines(401))));
        Assert.Empty(TextRules.FileLength(new SourceFile("src/A.cs", Lines(400))));
        Assert.Empty(TextRules.FileLength(new SourceFile("docs/a.md", Lines(401))));
    }

    [Fact]
    public void A_method_of_71_lines_is_found_and_one_of_70_is_not()
    {
        Assert.Equal("src/A.cs:3: method-length: 71 lines, at most 70", Assert.Single(CodeRules.MethodLength(Method(71))).ToString());
        Assert.Empty(CodeRules.MethodLength(Method(70)));
    }

    [Fact]
    public void A_long_line_is_found()
    {
        Assert.Equal(2, Assert.Single(TextRules.LineLength(new SourceFile("src/A.cs", "//\n//" + new string('x', TextRules.LineColumnsMax - 1) + "\n//"))).Line);
        Assert.Empty(TextRules.LineLength(new SourceFile("src/A.cs", "//" + new string('x', TextRules.LineColumnsMax - 2))));
    }

    [Fact]
    public void A_mark_of_work_without_an_issue_is_found()
    {
        var word = "TO" + "DO";
        Assert.Single(TextRules.WorkMarks(new SourceFile("src/A.cs", $"// {word}: later")));
        Assert.Single(TextRules.WorkMarks(new SourceFile("scripts/a.sh", "# FIX" + "ME")));
        Assert.Empty(TextRules.WorkMarks(new SourceFile("src/A.cs", $"// {word} #12: later\n// mastodon{word}s")));
    }

    [Fact]
    public void A_path_of_one_machine_is_found()
    {
        foreach (var path in (string[])["wo" + "rk/x", "ro" + "ot/x", "ho" + "me/anna/x"]) Assert.Single(TextRules.MachinePaths(new SourceFile("scripts/a.sh", $"cd /{path}")));
        Assert.Empty(TextRules.MachinePaths(new SourceFile("scripts/a.sh", "cd /var/lib/sovereign; cd $dir/wo" + "rk/x; ls /roo" + "t")));
    }

    [Fact]
    public void A_warning_silenced_without_a_reason_is_found()
    {
        Assert.Single(TextRules.Suppressions(new SourceFile("src/A.cs", "#pragma warning disable CA1000")));
        Assert.Single(TextRules.Suppressions(new SourceFile("src/A.cs", "[SuppressMessage(\"a\", \"b\")]")));
        Assert.Single(TextRules.Suppressions(new SourceFile("a.csproj", "<Project>\n<NoWarn>CA1000</NoWarn>")));
        Assert.Equal(2, Assert.Single(TextRules.Suppressions(new SourceFile(".editorconfig", "[*.cs]\ndotnet_diagnostic.CA1000.severity = none"))).Line);
        Assert.Empty(TextRules.Suppressions(new SourceFile("src/A.cs", "#pragma warning disable CA1000 // The one place.")));
        Assert.Empty(TextRules.Suppressions(new SourceFile("a.csproj", "<!-- why -->\n<NoWarn>CA1000</NoWarn>")));
        Assert.Empty(TextRules.Suppressions(new SourceFile(
            ".editorconfig", "# Why.\ndotnet_diagnostic.CA1000.severity = none\ndotnet_diagnostic.CA1001.severity = none")));
    }

    [Fact]
    public void An_empty_catch_is_found_and_one_with_a_reason_is_not()
    {
        Assert.Single(CodeRules.EmptyCatches(InMethod("try { A(); } catch (Exception) { }")));
        Assert.Single(CodeRules.EmptyCatches(InMethod("try { A(); } catch { }")));
        Assert.Empty(CodeRules.EmptyCatches(InMethod("try { A(); } catch (Exception) { /* it was gone already */ }")));
        Assert.Empty(CodeRules.EmptyCatches(InMethod("try { A(); } catch (Exception) { B(); }")));
    }

    [Fact]
    public void A_skipped_test_and_a_name_that_is_no_sentence_are_found()
    {
        var skipped = new SourceFile("tests/A.cs", "class T { [Fact(Skip = \"later\")] void A_test() { Assert.Skip(\"x\"); } }");
        Assert.Equal(2, CodeRules.SkippedTests(skipped).Count());
        Assert.Empty(CodeRules.SkippedTests(new SourceFile("tests/A.cs", "class T { [Fact] void A_test() { items.Skip(1); } }")));
        Assert.Single(CodeRules.TestNames(new SourceFile("tests/A.cs", "class T { [Fact] public void TestIt() { } [Theory] public void It_is_so() { } void Helper() { } }")));
    }

    [Fact]
    public void A_public_type_without_a_summary_is_found()
    {
        Assert.Equal(3, CodeRules.Summaries(new SourceFile("src/A.cs", "public class A { public enum B { C } }\npublic interface I;\ninternal class D { public class E; }")).Count());
        Assert.Empty(CodeRules.Summaries(new SourceFile("src/A.cs", "/// <summary>An A.</summary>\n[Flags]\npublic enum A { B }")));
    }

    [Fact]
    public void A_package_without_its_row_and_a_row_without_its_package_are_found()
    {
        var props = new SourceFile("p", "<P><PackageVersion Include=\"A\" Version=\"1\" /><PackageVersion Include=\"B\" Version=\"2\" /></P>");
        SourceFile Table(params string[] rows) => new("docs/dependencies.md", "| package | version | licence | reason | alternative |\n" + string.Join('\n', rows));
        const string a = "| `A` | 1 | MIT | why | none |", b = "| `B` | 2 | MIT | why | none |";
        Assert.Empty(DocumentRules.Packages(props, Table(a, b)));
        Assert.Single(DocumentRules.Packages(props, Table(a)));
        Assert.Single(DocumentRules.Packages(props, Table(a, b, "| `C` | 2 | MIT | why | none |")));
        Assert.Single(DocumentRules.Packages(props, Table(a, "| `B` | 3 | MIT | why | none |")));
        Assert.Single(DocumentRules.Packages(props, Table(a, "| `B` | 2 | | why | none |")));
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_found()
    {
        var file = new SourceFile("docs/a/b.md", "[x](../c.md) [y](d.md#part) [z](https://example.org) [here](#part)");
        Assert.Empty(DocumentRules.Links(file, path => path is "docs/c.md" or "docs/a/d.md"));
        Assert.Equal("docs/a/b.md:1: link: 'd.md' leads nowhere", Assert.Single(DocumentRules.Links(file, path => path == "docs/c.md")).ToString());
    }

    [Fact]
    public void An_exception_that_is_no_longer_needed_is_found_and_so_is_one_finding_too_many()
    {
        var list = new SourceFile("exceptions.txt", "# why\nsummary src/A.cs 2\n");
        Finding At(string path, int line) => new(path, line, "summary", "x");
        Assert.Empty(Exceptions.Compare([At("src/A.cs", 1), At("src/A.cs", 2)], "summary", list));
        Assert.Equal(["exceptions.txt:2: summary: src/A.cs breaks it 1 times now, not 2: shorten the list"], Exceptions.Compare([At("src/A.cs", 1)], "summary", list));
        Assert.Equal(3, Exceptions.Compare([At("src/A.cs", 1), At("src/A.cs", 2), At("src/A.cs", 3)], "summary", list).Count);
        Assert.Equal(3, Exceptions.Compare([At("src/B.cs", 1), At("src/B.cs", 2)], "summary", list).Count);
        Assert.Empty(Exceptions.Compare([], "other", list));
    }

    [Fact]
    public void Two_reconcilers_of_one_kind_are_found()
    {
        var file = new SourceFile("src/A.cs", "class A : IReconciler { public string Kind => \"x\"; }\nclass B : IReconciler { public string Kind => \"x\"; }\nclass C { string Kind => \"x\"; }");
        Assert.Equal(["\"x\"", "\"x\""], CodeRules.ReconcilerKinds(file).Select(kind => kind.Kind));
    }

    private static string Lines(int count) => string.Concat(Enumerable.Repeat("//\n", count));

    private static SourceFile InMethod(string body) => new("src/A.cs", $"class A\n{{\n    void M() {{ {body} }}\n}}\n");

    private static SourceFile Method(int lines) => new(
        "src/A.cs", "class A\n{\n    void M()\n    {\n" + string.Concat(Enumerable.Repeat("        A();\n", lines - 3)) + "    }\n}\n");
}
