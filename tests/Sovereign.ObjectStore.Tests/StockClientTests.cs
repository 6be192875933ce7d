using System.Diagnostics;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.ObjectStore.Tests;

/// <summary>The suites that the stock clients run against a real cloud (tests/e2e/s3), here against the object store alone.</summary>
public sealed class StockClientTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    private static readonly TimeSpan timeMax = TimeSpan.FromMinutes(5);

    [Theory]
    [MemberData(nameof(Engines))]
    public Task Boto3_finds_the_object_store_as_it_knows_S3(string engine) => Run("suite.py", engine);

    [Theory]
    [MemberData(nameof(Engines))]
    public Task The_swift_client_finds_the_object_store_as_it_knows_Swift(string engine) => Run("swift_suite.py", engine);

    private static async Task Run(string suite, string engine)
    {
        await using var cloud = await TestCloud.Start(kernel => [new ObjectStoreModule(kernel, new ObjectOptions(["localhost"]))], engine: engine);
        using var working = new CancellationTokenSource();
        var periodics = cloud.Kernel.Periodics.Run(working.Token);
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("SOVEREIGN_TEST_PYTHON") ?? "/usr/bin/python3")
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true
        };
        start.ArgumentList.Add("-Wignore");
        start.ArgumentList.Add(SuitePath(suite));
        foreach (var name in (Environment.GetEnvironmentVariable("SOVEREIGN_TEST_ONLY") ?? "").Split(' ',
            StringSplitOptions.RemoveEmptyEntries)) start.ArgumentList.Add(name);
        var root = start.Environment["S3_URL"] = $"http://localhost:{cloud.Http.BaseAddress!.Port}";
        foreach (var (prefix, persona) in new[] { ("A", "member-a"), ("B", "member-b") })
        {
            start.Environment["S3_KEY_" + prefix] = persona;
            start.Environment["S3_SECRET_" + prefix] = Secret(persona);
            start.Environment["SWIFT_TOKEN_" + prefix] = persona;
        }

        (start.Environment["S3_READER"], start.Environment["S3_READER_SECRET"], start.Environment["SWIFT_TOKEN_READER"]) = ("reader-a", Secret("reader-a"), "reader-a");
        (start.Environment["SWIFT_URL"], start.Environment["SWIFT_URL_B"]) = (Account("project-a"), Account("project-b"));
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(timeMax);
        var said = process.StandardError.ReadToEndAsync(limit.Token);
        var printed = process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        await working.CancelAsync();
        await periodics;
        Assert.True(process.ExitCode == 0, await printed + await said);
        Assert.Empty(cloud.Kernel.Quotas.Verify());

        string Account(string project) => $"{root}/object-store/v1/AUTH_{TestCallers.Id(project)}";
    }

    private static string Secret(string persona) => new(persona.Reverse().ToArray());

    private static string SuitePath(string suite)
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Sovereign.slnx"))) directory = Path.GetDirectoryName(directory)!;
        return Path.Combine(directory, "tests/e2e/s3", suite);
    }
}
