using Xunit;

namespace Sovereign.Kernel.Tests.Support;

/// <summary>Compares what we promise to the outside byte for byte with a checked-in file. SOVEREIGN_RENEW_GOLDEN=1 writes the files anew.</summary>
internal static class Golden
{
    public const string RenewVariable = "SOVEREIGN_RENEW_GOLDEN";

    public static void Matches(string name, string text)
    {
        var path = Path.Combine(Folder(), name);
        if (Environment.GetEnvironmentVariable(RenewVariable) == "1")
        {
            File.WriteAllText(path, text);
            return;
        }

        Assert.True(File.Exists(path), $"There is no golden file {name}: run once with {RenewVariable}=1 and read what it wrote.");
        Assert.Equal(File.ReadAllText(path), text);
    }

    private static string Folder()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Sovereign.slnx"))) directory = directory.Parent;
        return Path.Combine(directory?.FullName ?? throw new InvalidOperationException("Sovereign.slnx is not above the tests."),
            "tests", "Sovereign.Kernel.Tests", "golden");
    }
}
