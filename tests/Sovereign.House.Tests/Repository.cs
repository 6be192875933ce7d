namespace Sovereign.House.Tests;

/// <summary>The working tree that these tests were built from, found upwards from the test program; nothing outside it is read.</summary>
internal static class Repository
{
    public static readonly string Root = Find();

    private static readonly HashSet<string> skipped = new(StringComparer.Ordinal) { ".git", "out", "bin", "obj", ".vs", "node_modules" };

    private static readonly HashSet<string> texts = new(StringComparer.Ordinal)
    {
        ".cs", ".csproj", ".props", ".targets", ".slnx", ".md", ".sql", ".sh", ".txt", ".tsv", ".json", ".yml", ".yaml", ".editorconfig", ".service", "",
    };

    private static readonly Lazy<IReadOnlyList<SourceFile>> files = new(() => [.. Walk(new DirectoryInfo(Find())).OrderBy(file => file.Path, StringComparer.Ordinal)]);

    /// <summary>Every text file of the repository.</summary>
    public static IReadOnlyList<SourceFile> Files => files.Value;

    public static IEnumerable<SourceFile> Under(string folder, string extension) =>
        Files.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal) && file.Path.EndsWith(extension, StringComparison.Ordinal));

    public static SourceFile File(string path) => Files.FirstOrDefault(file => file.Path == path)
        ?? throw new FileNotFoundException($"{path} is not in the repository.");

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(Path.Combine(directory.FullName, "Sovereign.slnx"))) directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("Sovereign.slnx is not above the tests.");
    }

    private static IEnumerable<SourceFile> Walk(DirectoryInfo directory)
    {
        foreach (var entry in directory.EnumerateFileSystemInfos())
        {
            if (entry.LinkTarget is not null || skipped.Contains(entry.Name)) continue;
            if (entry is DirectoryInfo inner)
            {
                foreach (var file in Walk(inner)) yield return file;
            }
            else if (entry.Name != "packages.lock.json" && texts.Contains(entry.Extension))
            {
                yield return new SourceFile(Path.GetRelativePath(Root, entry.FullName), System.IO.File.ReadAllText(entry.FullName));
            }
        }
    }
}

/// <summary>One text file, or a planted example of one.</summary>
/// <param name="Path">Relative to the repository's root, with forward slashes.</param>
internal sealed record SourceFile(string Path, string Text)
{
    private readonly Lazy<Microsoft.CodeAnalysis.SyntaxTree> tree = new(() => Microsoft.CodeAnalysis.CSharp.CSharpSyntaxTree.ParseText(Text));

    public string[] Lines { get; } = Text.Split('\n');

    public bool IsCode => Path.EndsWith(".cs", StringComparison.Ordinal);

    public bool InTests => Path.StartsWith("tests/", StringComparison.Ordinal);

    /// <summary>The syntax of a C# file.</summary>
    public Microsoft.CodeAnalysis.SyntaxNode Syntax => tree.Value.GetRoot();
}

/// <summary>A broken rule, printed as a compiler would: path:line: rule.</summary>
internal sealed record Finding(string Path, int Line, string Rule, string Detail)
{
    public override string ToString() => $"{Path}:{Line}: {Rule}: {Detail}";
}
