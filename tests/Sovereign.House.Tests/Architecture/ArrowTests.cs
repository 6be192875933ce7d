using System.Text.RegularExpressions;
using Xunit;

namespace Sovereign.House.Tests.Architecture;

/// <summary>The plan of the house as data: who may refer to whom, and what a service shows.</summary>
public sealed partial class ArrowTests
{
    private const string PublicTypesPath = "tests/Sovereign.House.Tests/public-types.txt";

    // The executable's assembly is called sovereign, its project Sovereign.
    private static readonly Dictionary<string, string[]> arrows = new()
    {
        ["Sovereign.Kernel"] = [],
        ["Sovereign.Node"] = ["Sovereign.Kernel"],
        ["Sovereign.Identity"] = ["Sovereign.Kernel"],
        ["Sovereign.Image"] = ["Sovereign.Kernel"],
        ["Sovereign.ObjectStore"] = ["Sovereign.Kernel"],
        ["Sovereign.Placement"] = ["Sovereign.Kernel"],
        ["Sovereign.KeyManager"] = ["Sovereign.Kernel"],
        ["Sovereign.Network"] = ["Sovereign.Kernel", "Sovereign.Node"],
        ["Sovereign.Volume"] = ["Sovereign.Image", "Sovereign.Kernel", "Sovereign.KeyManager", "Sovereign.Node"],
        ["Sovereign.Compute"] =
            ["Sovereign.Image", "Sovereign.Kernel", "Sovereign.Network", "Sovereign.Node", "Sovereign.Placement", "Sovereign.Volume"],
        ["Sovereign.LoadBalancer"] = ["Sovereign.Kernel", "Sovereign.KeyManager", "Sovereign.Network", "Sovereign.Node"],
        ["Sovereign"] =
        [
            "Sovereign.Compute", "Sovereign.Identity", "Sovereign.Image", "Sovereign.Kernel", "Sovereign.KeyManager", "Sovereign.LoadBalancer", "Sovereign.Network",
            "Sovereign.Node", "Sovereign.ObjectStore", "Sovereign.Placement", "Sovereign.Volume",
        ],
    };

    private static readonly string[] services =
        [
            "Sovereign.Identity", "Sovereign.Image", "Sovereign.KeyManager", "Sovereign.Placement", "Sovereign.Network", "Sovereign.Volume", "Sovereign.Compute",
            "Sovereign.ObjectStore", "Sovereign.LoadBalancer",
        ];

    private static readonly string[] drivers = ["Hypervisor", "Fabric", "Disks", "Machine", "Balancers"];

    [Fact]
    public void Every_project_refers_to_exactly_what_the_plan_says()
    {
        var projects = Repository.Under("src/", ".csproj").ToDictionary(file => Path.GetFileNameWithoutExtension(file.Path), References);
        Assert.Equal(arrows.Keys.Order(StringComparer.Ordinal), projects.Keys.Order(StringComparer.Ordinal));
        Findings.None(arrows.Where(box => !projects[box.Key].SequenceEqual(box.Value))
            .Select(box => $"{box.Key} -> {string.Join(", ", projects[box.Key])}; the plan says {string.Join(", ", box.Value)}"));
    }

    [Fact]
    public void Every_assembly_uses_no_other_than_the_plan_says() => Findings.None(Strays(AssemblyFacts.Of));

    [Fact]
    public void A_stray_arrow_and_a_missing_assembly_are_found()
    {
        var strays = Strays(name => AssemblyFacts.Of(name) with { References = ["Sovereign.Identity", "System.Runtime"] });
        Assert.Contains("Sovereign.Network -> Sovereign.Identity", strays);
        Assert.Throws<FileNotFoundException>(() => AssemblyFacts.Of("Sovereign.Nothing"));
    }

    [Fact]
    public void Services_show_exactly_the_types_that_the_list_names()
    {
        var listed = Repository.File(PublicTypesPath).Lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').ToList();
        var shown = services.SelectMany(service => AssemblyFacts.Of(service).PublicTypes).Order(StringComparer.Ordinal).ToList();
        Findings.None(shown.Except(listed).Select(type => $"{PublicTypesPath}: + {type} (is public and not in the list)")
            .Concat(listed.Except(shown).Select(type => $"{PublicTypesPath}: - {type} (is in the list and not public)")));
        Assert.Equal(listed.Distinct(), listed);
        Assert.True(shown.Count > 5, "No public types were seen.");
    }

    [Fact]
    public void Drivers_know_nothing_of_the_web_server()
    {
        var files = drivers.SelectMany(driver => Repository.Under($"src/Sovereign.Node/{driver}/", ".cs")).ToList();
        Findings.None(files.SelectMany(WebNames));
        // The folders' files say their namespaces, so a driver can't hide in another folder.
        var strangers = Repository.Under("src/Sovereign.Node/", ".cs").Except(files)
            .Where(file => drivers.Any(driver => file.Text.Contains($"namespace Sovereign.Node.{driver}", StringComparison.Ordinal)));
        Findings.None(strangers.Select(file => file.Path));
        Assert.DoesNotContain(Repository.Under("src/Sovereign.Node/", ".cs"), file => file.Text.Contains("global using", StringComparison.Ordinal));
    }

    [Fact]
    public void A_driver_that_names_the_web_server_is_found()
    {
        var file = new SourceFile(
            "src/Sovereign.Node/Fabric/A.cs",
            "using System;\nusing Microsoft.AspNetCore.Http;\nclass A { Microsoft.AspNetCore.Http.HttpContext? b; }");
        Assert.Equal(["src/Sovereign.Node/Fabric/A.cs:2", "src/Sovereign.Node/Fabric/A.cs:3"], WebNames(file).Select(finding => $"{finding.Path}:{finding.Line}"));
    }

    private static List<string> Strays(Func<string, AssemblyFacts> facts) =>
    [
        .. from box in arrows
           from reference in facts(box.Key == "Sovereign" ? "sovereign" : box.Key).References
           where reference.StartsWith("Sovereign", StringComparison.OrdinalIgnoreCase) && !box.Value.Contains(reference)
           select $"{box.Key} -> {reference}",
    ];

    private static IEnumerable<Finding> WebNames(SourceFile file) => file.Lines
        .Select((line, index) => (line, index))
        .Where(at => at.line.Contains("Microsoft.AspNetCore", StringComparison.Ordinal))
        .Select(at => new Finding(file.Path, at.index + 1, "driver", "a driver names ASP.NET Core"));

    private static List<string> References(SourceFile project) =>
        [.. Reference().Matches(project.Text).Select(match => Path.GetFileNameWithoutExtension(match.Groups[1].Value)).Order(StringComparer.Ordinal)];

    [GeneratedRegex("<ProjectReference Include=\"([^\"]+)\"")]
    private static partial Regex Reference();
}
