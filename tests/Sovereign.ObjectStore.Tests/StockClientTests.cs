using System.Diagnostics;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.ObjectStore.Tests;

/// <summary>The suite that boto3 runs against a real cloud (tests/e2e/s3/suite.py), here against the object store alone.</summary>
public sealed class StockClientTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    private static readonly TimeSpan timeMax = TimeSpan.FromMinutes(4);

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Boto3_finds_the_object_store_as_it_knows_S3(string engine)
    {
        await using var cloud = await TestCloud.Start(kernel => [new ObjectStoreModule(kernel, new ObjectOptions(["localhost"]))], engine: engine);
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("SOVEREIGN_TEST_PYTHON") ?? "/usr/bin/python3") { RedirectStandardError = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-Wignore");
        start.ArgumentList.Add(SuitePath());
        foreach (var name in (Environment.GetEnvironmentVariable("SOVEREIGN_TEST_S3_ONLY") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)) start.ArgumentList.Add(name);
        start.Environment["S3_URL"] = $"http://localhost:{cloud.Http.BaseAddress!.Port}";
        foreach (var (prefix, persona) in new[] { ("A", "member-a"), ("B", "member-b") })
        {
            start.Environment["S3_KEY_" + prefix] = persona;
            start.Environment["S3_SECRET_" + prefix] = Secret(persona);
        }

        (start.Environment["S3_READER"], start.Environment["S3_READER_SECRET"]) = ("reader-a", Secret("reader-a"));
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(timeMax);
        var said = process.StandardError.ReadToEndAsync(limit.Token);
        var printed = process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, await printed + await said);
        Assert.Empty(cloud.Kernel.Quotas.Verify());
    }

    private static string Secret(string persona) => new(persona.Reverse().ToArray());

    private static string SuitePath()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Sovereign.slnx"))) directory = Path.GetDirectoryName(directory)!;
        return Path.Combine(directory, "tests/e2e/s3/suite.py");
    }
}
