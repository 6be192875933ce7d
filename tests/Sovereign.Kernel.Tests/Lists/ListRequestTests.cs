using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Xunit;

namespace Sovereign.Kernel.Tests.Lists;

public sealed class ListRequestTests
{
    private static readonly ListShape shape = new(
        "things t",
        "t.id",
        [new("name", "t.name"), new("size", "t.size", ColumnKind.Number), new("up", "t.up", ColumnKind.Boolean), new("hidden", "t.hidden", Sortable: false, Filterable: false)],
        [new SortKey("name")],
        PageItemsMax: 50);

    [Theory]
    [InlineData("?limit=-1", "limit")]
    [InlineData("?limit=abc", "limit")]
    [InlineData("?limit=1.5", "limit")]
    [InlineData("?limit=", "limit")]
    [InlineData("?limit=%201", "limit")]
    [InlineData("?limit=1e3", "limit")]
    [InlineData("?limit=99999999999999999999", "limit")]
    [InlineData("?sort_key=nonsense", "sort_key")]
    [InlineData("?sort_key=hidden", "sort_key")]
    [InlineData("?sort_key=", "sort_key")]
    [InlineData("?sort_key=name;DROP", "sort_key")]
    [InlineData("?sort_key=name&sort_dir=sideways", "sort_dir")]
    [InlineData("?sort=name:up", "sort_dir")]
    [InlineData("?sort=nonsense:asc", "sort_key")]
    [InlineData("?size=ten", "size")]
    [InlineData("?size=99999999999999999999", "size")]
    [InlineData("?up=maybe", "up")]
    [InlineData("?name=a%00b", "name")]
    [InlineData("?marker=%00", "marker")]
    public void A_wrong_parameter_is_invalid_and_named(string query, string field) =>
        Assert.Equal(field, Assert.IsType<Fault.Invalid>(Parse(query).Fault).Field);

    [Fact]
    public void An_unknown_parameter_is_ignored_or_refused_as_the_service_says()
    {
        Assert.True(Parse("?colour=red").Ok);
        Assert.True(Parse("?hidden=1").Ok);
        var strict = shape with { RefuseUnknown = true };
        Assert.Equal("colour", Assert.IsType<Fault.Invalid>(Parse("?colour=red", strict).Fault).Field);
        Assert.Equal("hidden", Assert.IsType<Fault.Invalid>(Parse("?hidden=1", strict).Fault).Field);
        Assert.True(Parse("?all_tenants=1", strict, "all_tenants").Ok);
        Assert.True(Parse("?limit=1&marker=x&sort_key=name&sort_dir=asc&fields=id&page_reverse=true", strict).Ok);
    }

    [Theory]
    [InlineData("", 50)]
    [InlineData("?limit=0", 0)]
    [InlineData("?limit=50", 50)]
    [InlineData("?limit=51", 50)]
    public void A_page_is_never_longer_than_the_largest(string query, int limit) => Assert.Equal(limit, Parse(query).Value.Limit);

    [Fact]
    public void Sort_keys_pair_with_directions_in_order_in_every_spelling()
    {
        SortKey[] expected = [new("name", true), new("size"), new("id")];
        Assert.Equal(expected, Parse("?sort_key=name&sort_dir=desc&sort_key=size&sort_dir=asc&sort_key=id").Value.Sort);
        Assert.Equal(expected, Parse("?sort=name:desc,size:asc,id").Value.Sort);
        Assert.Equal([new SortKey("name")], Parse("").Value.Sort);
        Assert.Equal(["id", "name", "size"], Parse("?fields=id&fields=name,size").Value.Fields);
    }

    private static Outcome<ListRequest> Parse(string query, ListShape? of = null, params string[] handled) =>
        ListRequest.Parse(new QueryCollection(QueryHelpers.ParseQuery(query)), of ?? shape, handled);
}
