using Xunit;

namespace Sovereign.House.Tests;

/// <summary>How a check ends: with nothing, or with one line for each thing that is wrong, as a compiler prints them.</summary>
internal static class Findings
{
    public static void None(IEnumerable<string> lines)
    {
        var all = lines.ToList();
        if (all.Count > 0) Assert.Fail(string.Join('\n', all.Prepend($"{all.Count} findings:")));
    }

    public static void None(IEnumerable<Finding> findings) => None(findings.Select(finding => finding.ToString()));
}
