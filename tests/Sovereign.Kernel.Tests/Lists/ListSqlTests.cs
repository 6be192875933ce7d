using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Tests.Support;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Sources;
using Xunit;
using SortKey = Sovereign.Kernel.Lists.SortKey;

namespace Sovereign.Kernel.Tests.Lists;

/// <summary>Pages over random rows with many duplicates and nulls, against a sort in memory; the same expectation for both engines.</summary>
public sealed class ListSqlTests
{
    private const int Rows = 150;
    private static readonly string[] names = ["", "a", "A", "b", "Ab", "aB", "a b", "a_b", "a%b", "é", "z", "Ω", "\uFFFD", "😀", "10", "9"];
    private static readonly string?[] notes = [null, null, "", "x", "y", "Y"];

    private static readonly ListShape shape = new(
        "items i",
        "i.id",
        [
            new ListColumn("name", "i.name"), new ListColumn("size", "i.size", ColumnKind.Number, Nullable: true),
            new ListColumn("flag", "i.flag", ColumnKind.Boolean), new ListColumn("note", "i.note", Nullable: true),
        ],
        [new SortKey("name")]);

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Pages_forwards_and_backwards_are_the_reference_sort_cut_into_pieces(string engine)
    {
        await using var rig = await KernelRig.Start(engine, QuietToy);
        var random = new SeededSource(42);
        var rows = await Fill(rig.Kernel, random);
        for (var round = 0; round < 60; round++)
        {
            var sort = RandomSort(random);
            var limit = 1 + random.Below(round % 10 == 0 ? 200 : 40);
            var filter = random.Below(3) == 0 ? "&flag=true" : "";
            var expected = rows.Where(row => filter.Length == 0 || row.Flag == 1).Order(new Reference(sort)).Select(row => row.Id).ToList();
            var query = string.Join("&", sort.Select(key => $"sort_key={key.Name}&sort_dir={(key.Descending ? "desc" : "asc")}")) + filter;
            Assert.Equal(expected, Walk(rig.Kernel, query, limit, reverse: false));
            Assert.Equal(expected, Walk(rig.Kernel, query, limit, reverse: true));
            Assert.Equal(expected, Walk(rig.Kernel, query, limit, reverse: round % 2 == 0, Apart));
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_marker_that_the_list_does_not_show_is_invalid(string engine)
    {
        await using var rig = await KernelRig.Start(engine, QuietToy);
        var rows = await Fill(rig.Kernel, new SeededSource(1));
        var hidden = rows.First(row => row.Flag == 0).Id;
        Assert.IsType<Fault.Invalid>(Page(rig.Kernel, Parse("?marker=no-such-id")).Fault);
        Assert.IsType<Fault.Invalid>(Page(rig.Kernel, Parse($"?marker={hidden}&flag=true")).Fault);
        Assert.IsType<Fault.Invalid>(Page(rig.Kernel, Parse($"?marker={hidden}").Where("i.project_id = @value", "project-b")).Fault);
        Assert.True(Page(rig.Kernel, Parse($"?marker={hidden}").Where("i.project_id = @value", "project-a")).Ok);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Filters_match_exactly_and_several_values_mean_any_of_them(string engine)
    {
        await using var rig = await KernelRig.Start(engine, QuietToy);
        var rows = await Fill(rig.Kernel, new SeededSource(2));
        void Same(string query, Func<Item, bool> wanted)
        {
            var request = Parse(query);
            var expected = rows.Where(wanted).Select(row => row.Id).Order(StringComparer.Ordinal);
            Assert.Equal(expected, Page(rig.Kernel, request).Value.Items.Select(row => row.Id).Order(StringComparer.Ordinal));
            Assert.Equal(rows.Count(wanted), rig.Kernel.Database.Read(s => ListSql.Count(s, request)));
        }

        Same("?name=a", row => row.Name == "a");
        Same("?name=a&name=%F0%9F%98%80", row => row.Name is "a" or "😀");
        Same("?name=a%25b", row => row.Name == "a%b");
        Same("?size=1&size=2", row => row.Size is 1 or 2);
        Same("?note=", row => string.IsNullOrEmpty(row.Note));
        Same("?note=&note=x", row => string.IsNullOrEmpty(row.Note) || row.Note == "x");
        Same("?flag=False", row => row.Flag == 0);
        Same("?flag=1&flag=no", _ => true);
        Same("?name=' OR 1=1 --", _ => false);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Like_is_case_sensitive_and_its_wildcards_mean_the_same_on_both_engines(string engine)
    {
        await using var rig = await KernelRig.Start(engine, QuietToy);
        var rows = await Fill(rig.Kernel, new SeededSource(3));
        (string Pattern, Func<string, bool> Matches)[] cases =
        [
            ("a%", name => name.StartsWith('a')), ("A%", name => name.StartsWith('A')), ("%b", name => name.EndsWith('b')), ("_", name => name.EnumerateRunes().Count() == 1),
            (@"a\_b", name => name == "a_b"), (@"a\%b", name => name == "a%b"), ("é", name => name == "é"), ("", name => name.Length == 0),
        ];
        foreach (var (pattern, matches) in cases)
        {
            var found = Page(rig.Kernel, ListRequest.All(shape).Where(@"i.name LIKE @value ESCAPE '\'", pattern)).Value.Items.Select(row => row.Name);
            Assert.Equal(rows.Select(row => row.Name).Where(matches).Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_page_of_nothing_shows_nothing_and_the_last_page_says_that_it_is_the_last(string engine)
    {
        await using var rig = await KernelRig.Start(engine, QuietToy);
        await Fill(rig.Kernel, new SeededSource(4));
        Assert.Empty(Page(rig.Kernel, Parse("?limit=0")).Value.Items);
        Assert.False(Page(rig.Kernel, Parse($"?limit={Rows}")).Value.More);
        Assert.True(Page(rig.Kernel, Parse($"?limit={Rows - 1}")).Value.More);
        Assert.Equal(Rows, Page(rig.Kernel, ListRequest.All(shape)).Value.Items.Count);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Alternatives_are_counted_together_and_bound_what_a_marker_may_be(string engine)
    {
        await using var rig = await KernelRig.Start(engine, QuietToy);
        var rows = await Fill(rig.Kernel, new SeededSource(5));
        Assert.Equal(Rows, rig.Kernel.Database.Read(session => ListSql.Count(session, Apart(Parse("?limit=3")))));
        var flagged = Parse("?limit=3&marker=" + rows.First(row => row.Flag == 0).Id).WhereOneOf("project-a", ["i.flag = 1 AND i.project_id = @value"]);
        Assert.IsType<Fault.Invalid>(Page(rig.Kernel, flagged).Fault);
        Assert.Empty(Page(rig.Kernel, Parse("?limit=3").WhereOneOf("project-b", ["i.flag = 1 AND i.project_id = @value"])).Value.Items);
    }

    /// <summary>All rows, said as two conditions that exclude each other.</summary>
    private static ListRequest Apart(ListRequest request) =>
        request.WhereOneOf("project-a", ["i.flag = 1 AND i.project_id = @value", "i.flag = 0 AND i.project_id = @value"]);

    private static List<string> Walk(KernelServices kernel, string query, int limit, bool reverse, Func<ListRequest, ListRequest>? with = null)
    {
        var (seen, marker) = (new List<string>(), "");
        for (var pages = 0; pages <= Rows; pages++)
        {
            var request = Parse($"?limit={limit}&page_reverse={(reverse ? "True" : "False")}&{query}{marker}");
            var page = Page(kernel, with?.Invoke(request) ?? request).Value;
            var ids = page.Items.Select(item => item.Id).ToList();
            Assert.InRange(ids.Count, page.More ? limit : 0, limit);
            if (reverse) seen.InsertRange(0, ids);
            else seen.AddRange(ids);
            if (!page.More) return seen;
            marker = "&marker=" + (reverse ? ids[0] : ids[^1]);
        }

        throw new InvalidOperationException("The pages do not end.");
    }

    private static List<SortKey> RandomSort(SeededSource random)
    {
        string[] all = ["name", "size", "flag", "note", "id"];
        return [.. Enumerable.Range(0, 1 + random.Below(3)).Select(_ => new SortKey(all[random.Below(all.Length)], random.Below(2) == 0))];
    }

    private static ListRequest Parse(string query) => ListRequest.Parse(new QueryCollection(QueryHelpers.ParseQuery(query)), shape).Value;

    private static Outcome<Page<Item>> Page(KernelServices kernel, ListRequest request) =>
        kernel.Database.Read(session => ListSql.Page<Item>(session, request, "i.*"));

    private static async Task<List<Item>> Fill(KernelServices kernel, SeededSource random)
    {
        var rows = Enumerable.Range(0, Rows).Select(i => new Item
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{random.Below(16):x}{i:d4}"), ProjectId = "project-a", Name = names[random.Below(names.Length)],
            Size = random.Below(4) == 0 ? null : random.Below(5) - 2, Flag = random.Below(2), Note = notes[random.Below(notes.Length)],
        }).ToList();
        await kernel.Queue.Write<Done>("fill", Origin.System, tx =>
        {
            foreach (var row in rows) tx.Execute("INSERT INTO items (id, project_id, name, size, flag, note) VALUES (@Id, @ProjectId, @Name, @Size, @Flag, @Note)", row);
            return Done.Value;
        });
        return rows;
    }

    private static Toy.ToyModule QuietToy(KernelServices kernel) => new(kernel, new Toy.ToyMachine(), Toy.PlantedBug.None);

    internal sealed record Item
    {
        public string Id { get; init; } = "";

        public string ProjectId { get; init; } = "";

        public string Name { get; init; } = "";

        public long? Size { get; init; }

        public long Flag { get; init; }

        public string? Note { get; init; }
    }

    /// <summary>What the SQL must mean: nulls as empty text or 0, text by its UTF-8 bytes, the id last in the direction of the last key.</summary>
    private sealed class Reference(List<SortKey> sort) : IComparer<Item>
    {
        public int Compare(Item? x, Item? y)
        {
            foreach (var key in sort)
            {
                var order = key.Name switch
                {
                    "name" => Text(x!.Name, y!.Name),
                    "note" => Text(x!.Note ?? "", y!.Note ?? ""),
                    "size" => (x!.Size ?? 0).CompareTo(y!.Size ?? 0),
                    "flag" => x!.Flag.CompareTo(y!.Flag),
                    _ => Text(x!.Id, y!.Id),
                };
                if (order != 0) return key.Descending ? -order : order;
            }

            return sort[^1].Descending ? -Text(x!.Id, y!.Id) : Text(x!.Id, y!.Id);
        }

        private static int Text(string left, string right) => Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));
    }
}
