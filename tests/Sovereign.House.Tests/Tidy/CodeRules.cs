using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sovereign.House.Tests.Tidy;

/// <summary>Rules that read C# by its syntax.</summary>
internal static class CodeRules
{
    public const int MethodLinesMax = 70;

    public static IEnumerable<Finding> MethodLength(SourceFile file) =>
        from node in Nodes<SyntaxNode>(file)
        where node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax
        let span = node.GetLocation().GetLineSpan()
        let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        where lines > MethodLinesMax
        select At(file, node, "method-length", $"{lines} lines, at most {MethodLinesMax}");

    public static IEnumerable<Finding> EmptyCatches(SourceFile file) =>
        from clause in Nodes<CatchClauseSyntax>(file)
        where clause.Block.Statements.Count == 0 && !clause.Block.DescendantTrivia().Any(IsComment)
        select At(file, clause, "empty-catch", "an exception that is swallowed needs a reason");

    /// <summary>A test that is skipped proves nothing and is forgotten.</summary>
    public static IEnumerable<Finding> SkippedTests(SourceFile file) => !file.InTests
        ? []
        : from node in Nodes<SyntaxNode>(file)
          where (node is AttributeArgumentSyntax { NameEquals.Name.Identifier.Text: "Skip" or "SkipWhen" or "SkipUnless" })
              || (node is MemberAccessExpressionSyntax { Name.Identifier.Text: "Skip" or "SkipWhen" or "SkipUnless", Expression: IdentifierNameSyntax { Identifier.Text: "Assert" } })
          select At(file, node, "skipped-test", "a test runs or is removed");

    public static IEnumerable<Finding> TestNames(SourceFile file) => !file.InTests
        ? []
        : from method in Nodes<MethodDeclarationSyntax>(file)
          where method.AttributeLists.SelectMany(list => list.Attributes).Any(attribute => attribute.Name.ToString() is "Fact" or "Theory")
          where !method.Identifier.Text.Contains('_', StringComparison.Ordinal)
          select At(file, method, "test-name", $"'{method.Identifier.Text}' is no sentence");

    /// <summary>Every type that others see says what it means.</summary>
    public static IEnumerable<Finding> Summaries(SourceFile file) => !file.Path.StartsWith("src/", StringComparison.Ordinal)
        ? []
        : from type in Nodes<MemberDeclarationSyntax>(file)
          where type is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax && IsPublic(type)
          where type is not RecordDeclarationSyntax || !type.Ancestors().OfType<RecordDeclarationSyntax>().Any()
          where !type.GetLeadingTrivia().ToString().Contains("<summary>", StringComparison.Ordinal)
          select At(file, type, "summary", $"the public type {Name(type)} has no summary");

    /// <summary>What a class with this interface gives as its kind; the expression as written.</summary>
    public static IEnumerable<(string Kind, Finding Where)> ReconcilerKinds(SourceFile file) =>
        from type in Nodes<TypeDeclarationSyntax>(file)
        where type.BaseList?.Types.Any(baseType => baseType.Type.ToString() == "IReconciler") == true && type is ClassDeclarationSyntax or RecordDeclarationSyntax
        from property in type.Members.OfType<PropertyDeclarationSyntax>()
        where property.Identifier.Text == "Kind"
        let value = property.ExpressionBody?.Expression.ToString() ?? property.Initializer?.Value.ToString() ?? ""
        select (value, At(file, property, "reconciler-kind", value));

    /// <summary>Every text of string literals, with its line.</summary>
    public static IEnumerable<(string Text, int Line)> Strings(SourceFile file) =>
        from token in file.Syntax.DescendantTokens()
        where token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken
            or SyntaxKind.InterpolatedStringTextToken
        select (token.Text, token.GetLocation().GetLineSpan().StartLinePosition.Line + 1);

    private static IEnumerable<T> Nodes<T>(SourceFile file)
        where T : SyntaxNode => file.IsCode ? file.Syntax.DescendantNodes(descendIntoTrivia: false).OfType<T>() : [];

    private static bool IsComment(SyntaxTrivia trivia) => trivia.Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia;

    private static bool IsPublic(MemberDeclarationSyntax type) =>
        type.Modifiers.Any(SyntaxKind.PublicKeyword)
        && type.Ancestors().OfType<TypeDeclarationSyntax>().All(outer => outer.Modifiers.Any(SyntaxKind.PublicKeyword));

    private static string Name(MemberDeclarationSyntax type) => type switch
    {
        BaseTypeDeclarationSyntax declared => declared.Identifier.Text,
        DelegateDeclarationSyntax declared => declared.Identifier.Text,
        _ => "",
    };

    private static Finding At(SourceFile file, SyntaxNode node, string rule, string detail) =>
        new(file.Path, node.GetLocation().GetLineSpan().StartLinePosition.Line + 1, rule, detail);
}
