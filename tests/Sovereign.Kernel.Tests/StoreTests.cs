using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests;

public sealed class StoreTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_write_is_journaled_chained_and_verifiable(string engine)
    {
        await using var cloud = await TestCloud.Start(_ => [], engine: engine);
        var writes = Enumerable.Range(0, 100).Select(i => cloud.Kernel.Queue.Write<long>("test", Origin.System, tx =>
        {
            tx.Record("thing", $"id-{i}", "project-a", Change.Created, new Dictionary<string, string> { ["name"] = $"n{i}" }, TestJson.Default.DictionaryStringString);
            return i;
        }));
        var outcomes = await Task.WhenAll(writes);
        Assert.All(outcomes, outcome => Assert.True(outcome.Ok));
        Assert.Equal(100, cloud.Kernel.Journal.Head().Sequence);
        Assert.Empty(cloud.Kernel.Journal.Verify());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_faulting_operation_leaves_the_others_of_its_group_standing(string engine)
    {
        await using var cloud = await TestCloud.Start(_ => [], engine: engine);
        var good = cloud.Kernel.Queue.Write<Done>("good", Origin.System, tx => Put(tx, "a"));
        var bad = cloud.Kernel.Queue.Write<Done>("bad", Origin.System, tx =>
        {
            Put(tx, "b");
            return new Fault.Conflict("no");
        });
        var broken = cloud.Kernel.Queue.Write<Done>("broken", Origin.System, tx =>
        {
            Put(tx, "c");
            tx.Execute("INSERT INTO no_such_table VALUES (1)");
            return Done.Value;
        });
        var after = cloud.Kernel.Queue.Write<Done>("after", Origin.System, tx => Put(tx, "d"));
        Assert.True((await good).Ok);
        Assert.IsType<Fault.Conflict>((await bad).Fault);
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => broken);
        Assert.True((await after).Ok);
        Assert.Equal(["a", "d"], cloud.Kernel.Database.Read(s => s.Query<string>("SELECT name FROM cloud WHERE name <> 'id' ORDER BY name")));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_list_in_a_statement_means_any_of_it_whatever_its_form_and_an_empty_one_means_none(string engine)
    {
        await using var cloud = await TestCloud.Start(_ => [], engine: engine);
        await cloud.Kernel.Queue.Write<Done>("fill", Origin.System, tx =>
        {
            foreach (var name in (string[])["a", "b", "c"]) Put(tx, name);
            return Done.Value;
        });
        foreach (var list in (IEnumerable<string>[])[(string[])["a", "c"], new List<string> { "a", "c" }, new HashSet<string> { "a", "c" }, "ac".Select(c => c.ToString())])
        {
            Assert.Equal(["a", "c"], cloud.Kernel.Database.Read(s => s.Query<string>("SELECT name FROM cloud WHERE name IN @list AND name <> @not ORDER BY name", new { list, not = "id" })));
            Assert.Equal(["b"], cloud.Kernel.Database.Read(s => s.Query<string>("SELECT name FROM cloud WHERE name NOT IN @list AND name <> 'id'", new { list })));
        }

        var empty = Array.Empty<string>();
        Assert.Equal(0, cloud.Kernel.Database.Read(s => s.Scalar<long>("SELECT COUNT(*) FROM cloud WHERE name IN @empty", new { empty })));
        Assert.Equal(4, cloud.Kernel.Database.Read(s => s.Scalar<long>("SELECT COUNT(*) FROM cloud WHERE name NOT IN @empty", new { empty })));
        Assert.Equal(1, cloud.Kernel.Database.Read(s => s.Scalar<long>("SELECT COUNT(*) FROM journal_head WHERE id IN @ids", new { ids = new long[] { 1, 2 } })));
        var gone = await cloud.Kernel.Queue.Write<int>("delete", Origin.System, tx => tx.Execute("DELETE FROM cloud WHERE name IN @list", new { list = new List<string> { "a", "b" } }));
        Assert.Equal(2, gone.Value);
    }

    private static Outcome<Done> Put(Tx tx, string name)
    {
        tx.Execute("INSERT INTO cloud (name, value) VALUES (@name, '')", new { name });
        return Done.Value;
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class TestJson : System.Text.Json.Serialization.JsonSerializerContext;
