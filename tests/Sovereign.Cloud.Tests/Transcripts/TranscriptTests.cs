using Xunit;

namespace Sovereign.Cloud.Tests.Transcripts;

/// <summary>Recorded exchanges of stock clients with a stock cloud, replayed on ours: the answers are the same, but for what differences.tsv names.</summary>
public sealed class TranscriptTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Answers_differ_from_a_stock_clouds_only_where_the_list_says_so()
    {
        var exchanges = TranscriptFiles.Exchanges();
        var known = TranscriptFiles.Differences();
        Assert.All(known, difference => Assert.NotEmpty(difference.Reason));
        await using var cloud = await TranscriptCloud.Start();
        var replay = new Replay(cloud, exchanges, TranscriptFiles.Bridges(), known.Select(d => (d.Number, d.Field)).ToHashSet());
        var found = await replay.Run(TestContext.Current.CancellationToken);

        var seen = found.SelectMany(f => f.Value.Select(d => (f.Key, d.Field))).ToHashSet();
        var listed = known.Select(d => (d.Number, d.Field)).ToHashSet();
        var unlisted = found.SelectMany(f => f.Value.Where(d => !listed.Contains((f.Key, d.Field)))
            .Select(d => $"{f.Key}\t{d.Field}\t{d.Recorded} -> {d.Ours}")).ToList();
        var gone = listed.Except(seen).Select(d => $"{d.Item1}\t{d.Item2}\tno longer differs: take it out of differences.tsv").ToList();
        var summary = $"transcripts: {exchanges.Count} exchanges, {exchanges.Count - found.Count} equal, {found.Count} with differences "
            + $"({100.0 * found.Count / exchanges.Count:F1} %), {known.Count} differences listed, {unlisted.Count} not listed, {gone.Count} gone";
        output.WriteLine(summary);
        Console.WriteLine(summary);
        Assert.True(unlisted.Count + gone.Count == 0, string.Join("\n", [summary, .. unlisted, .. gone]));
    }
}
