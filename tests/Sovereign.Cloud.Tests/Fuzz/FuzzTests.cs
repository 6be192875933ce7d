using System.Globalization;
using Sovereign.Cloud.Tests.AccessMatrix;
using Xunit;

namespace Sovereign.Cloud.Tests.Fuzz;

/// <summary>Generated, changed and hostile requests to every route, with and without rights. SOVEREIGN_TEST_SEED runs a seed again.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const long RequestsInCi = 200_000;
    private const long RequestsInLong = 2_000_000;
    private const long RequestsForPlanted = 40_000;

    private static bool Long => Environment.GetEnvironmentVariable("SOVEREIGN_TEST_LONG") == "1";

    private static int Seed => (int)(Given("SOVEREIGN_TEST_SEED") ?? 1);

    /// <summary>A run takes at least this long; one of fewer requests, to try something, does not.</summary>
    private static TimeSpan Least => Given("SOVEREIGN_TEST_REQUESTS") is null ? TimeSpan.FromMinutes(5) : TimeSpan.Zero;

    private static long Requests => Given("SOVEREIGN_TEST_REQUESTS") ?? (Long ? RequestsInLong : RequestsInCi);

    [Fact]
    public async Task No_request_gives_a_500_a_hang_or_foreign_data_and_the_journal_stays_whole()
    {
        await using var cloud = await MatrixCloud.Start();
        using var client = new HttpMessageInvoker(Handler());
        using var fuzzer = new Fuzzer(cloud, client, Seed, TimeSpan.FromSeconds(60));
        var result = await fuzzer.Run(Requests, Least, only: null, TestContext.Current.CancellationToken);
        Say(result);
        // A thing can go while another is made of it; more than a few are a fault of the fuzzer.
        Assert.True(result.Unmade.Count * 1000 < result.Requests, $"{result.Unmade.Count} requests could not be made.");
        Assert.Empty(result.Findings);
        Assert.Empty(result.Unreached);
        Assert.Empty(cloud.Test.Kernel.Journal.Verify());
    }

    [Fact]
    public async Task Three_planted_bugs_are_found_and_nothing_else()
    {
        await using var cloud = await MatrixCloud.Start();
        using var client = new HttpMessageInvoker(new PlantedBugs(Handler(), cloud.Known["project-b"]));
        string[] asked = ["POST /network/v2.0/networks", "GET /network/v2.0/ports", "GET /compute/v2.1/servers"];
        using var fuzzer = new Fuzzer(cloud, client, Seed, TimeSpan.FromSeconds(10));
        var result = await fuzzer.Run(
            RequestsForPlanted, TimeSpan.Zero, row => asked.Contains(row.ToString()), TestContext.Current.CancellationToken);
        Say(result);
        Assert.Equal(["500 POST /network/v2.0/networks", "foreign GET /compute/v2.1/servers", "hang GET /network/v2.0/ports"],
            result.Findings.Select(f => $"{f.Kind} {f.Request.Row}").Order(StringComparer.Ordinal));
    }

    private static long? Given(string variable) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static SocketsHttpHandler Handler() => new() { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };

    private void Say(FuzzResult result)
    {
        var lines = new List<string>
        {
            $"fuzz: seed {result.Seed}, {result.Requests} requests in {result.Took.TotalSeconds:F0} s, {result.Findings.Count} findings, "
                + $"{result.Unreached.Count} routes without success, {result.Unmade.Count} not made; "
                + string.Join(", ", result.Statuses.OrderBy(s => s.Key).Select(s => $"{s.Key}: {s.Value}")),
        };
        lines.AddRange(result.Findings.Select(f => f.ToString()));
        lines.AddRange(result.Unreached.Select(r => "without success: " + r));
        lines.AddRange(result.Unmade.Distinct().Take(20).Select(u => "not made: " + u));
        foreach (var line in lines)
        {
            output.WriteLine(line);
            Console.WriteLine(line);
        }
    }
}
