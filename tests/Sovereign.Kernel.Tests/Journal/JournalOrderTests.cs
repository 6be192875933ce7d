using System.Collections.Concurrent;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Tests.Support;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests.Journal;

public sealed class JournalOrderTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Fact]
    public async Task Two_processes_on_one_database_number_their_entries_in_commit_order_without_a_gap()
    {
        await using var rig = await KernelRig.Start("postgres");
        var other = await rig.Another();
        var followed = new ConcurrentQueue<long>();
        rig.Kernel.Follow(entries => Add(followed, entries));
        using var stop = new CancellationTokenSource();
        var watcher = Watch(rig.Kernel, stop.Token);
        var writes = Enumerable.Range(0, 400).Select(i => Record(i % 2 == 0 ? rig.Kernel : other, $"id-{i}", i % 7 == 0));
        var outcomes = await Task.WhenAll(writes);
        await stop.CancelAsync();
        Assert.Equal("", await watcher);
        var standing = outcomes.Count(outcome => outcome.Ok);
        Assert.Equal(400 - 58, standing);
        Assert.Equal(standing, rig.Kernel.Journal.Head().Sequence);
        Assert.Empty(rig.Kernel.Journal.Verify());
        Assert.Equal(followed.Order(), followed);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Followers_see_each_committed_entry_once_in_order_and_nothing_that_was_rolled_back(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        var followed = new ConcurrentQueue<JournalEntry>();
        rig.Kernel.Follow(entries => entries.ToList().ForEach(followed.Enqueue));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Record(rig.Kernel, $"id-{i}", i % 10 == 3)));
        Assert.Equal(Enumerable.Range(1, 90).Select(i => (long)i), followed.Select(entry => entry.Sequence));
        Assert.DoesNotContain(followed, entry => entry.Id.EndsWith('3'));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task The_verifier_raises_no_false_alarm_while_others_write(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        using var stop = new CancellationTokenSource();
        var writer = Keep(rig.Kernel, stop.Token);
        for (var round = 0; round < 40; round++) Assert.Empty(rig.Kernel.Journal.Verify());
        await stop.CancelAsync();
        await writer;
        Assert.True(rig.Kernel.Journal.Head().Sequence > 0);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_deleted_resource_leaves_a_tombstone_with_its_last_document(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        await Record(rig.Kernel, "gone-1", false, Change.Deleted);
        await Record(rig.Kernel, "gone-2", false, Change.Deleted);
        await Record(rig.Kernel, "here", false);
        var buried = rig.Kernel.Journal.Buried("thing", "project-a", 0, 10);
        Assert.Equal(["gone-2", "gone-1"], buried.OrderByDescending(t => t.DeletedAt).ThenByDescending(t => t.Id).Select(t => t.Id));
        Assert.Contains("\"gone-1\"", System.Text.Encoding.UTF8.GetString(buried.Single(t => t.Id == "gone-1").Document), StringComparison.Ordinal);
        Assert.Empty(rig.Kernel.Journal.Buried("thing", "project-b", 0, 10));
        Assert.Empty(rig.Kernel.Journal.Buried("other", null, 0, 10));
        Assert.Single(rig.Kernel.Journal.Buried("thing", null, 0, 1));
        Assert.Empty(rig.Kernel.Journal.Buried("thing", null, buried.Max(t => t.DeletedAt) + 1, 10));
    }

    [Fact]
    public void No_two_headers_read_alike()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        string?[] texts = ["", "a", "ab", "b", "ba"];
        var digest = new byte[32];
        foreach (var request in texts)
        {
            foreach (var actor in texts)
            {
                foreach (var owner in texts.Append(null))
                {
                    var entry = new JournalEntry(1, "i", 2, request!, actor!, owner, "kind", "id", Change.Created);
                    Assert.True(
                        seen.Add(Convert.ToHexString(JournalChain.Hash(JournalChain.Origin, entry, digest))),
                        $"'{request}' '{actor}' '{owner ?? "null"}' hashes like another header.");
                }
            }
        }
    }

    [Fact]
    public void The_chain_depends_on_every_predecessor()
    {
        var heads = Enumerable.Range(0, 20).Select(changed =>
        {
            var hash = JournalChain.Origin;
            for (var i = 0; i < 20; i++)
            {
                var entry = new JournalEntry(i, "i", i == changed ? -1 : i, "req", "actor", "owner", "kind", "id", Change.Updated);
                hash = JournalChain.Hash(hash, entry, JournalChain.Digest(new byte[JournalChain.SaltBytes], [(byte)i]));
            }

            return Convert.ToHexString(hash);
        });
        Assert.Equal(20, heads.Distinct().Count());
    }

    private static void Add(ConcurrentQueue<long> followed, IReadOnlyList<JournalEntry> entries)
    {
        foreach (var entry in entries) followed.Enqueue(entry.Sequence);
    }

    /// <summary>Reads again and again: whoever sees entry n must see all before it.</summary>
    private static async Task<string> Watch(KernelServices kernel, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var gap = kernel.Database.Read(s => s.Scalar<long>("SELECT COALESCE(MAX(sequence), 0) - COUNT(*) FROM journal"));
            if (gap != 0) return $"A reader saw an entry without {gap} of those before it.";
            await Task.Yield();
        }

        return "";
    }

    private static async Task Keep(KernelServices kernel, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++) await Record(kernel, $"id-{i}", false);
    }

    private static Task<Outcome<Done>> Record(KernelServices kernel, string id, bool refuse, Change change = Change.Created) =>
        kernel.Queue.Write<Done>("record", new Origin("req-1", "user-1", "project-a"), tx =>
        {
            tx.Record("thing", id, "project-a", change, new Dictionary<string, string> { ["id"] = id }, TestJson.Default.DictionaryStringString);
            return refuse ? new Fault.Conflict("no") : Done.Value;
        });
}
