using System.Text;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Objects;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.ObjectStore.Tests;

/// <summary>Lists of random buckets, held against the same list made the slow way.</summary>
public sealed class ListingTests
{
    private const int Rounds = 60;
    private static readonly string[] pieces = ["a", "b", "/", "//", "ä", "\uE000", "\U0001F600", "z", "-", "\uD7FF"];

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Pages_of_any_size_with_any_prefix_and_delimiter_are_the_whole_list_without_loss_or_doubles(string engine)
    {
        await using var cloud = await TestCloud.Start(kernel => [new ObjectStoreModule(kernel)], engine: engine);
        var random = new Random(7);
        for (var round = 1; round <= Rounds; round++)
        {
            var names = Enumerable.Range(0, random.Next(40)).Select(_ => Name(random, 1 + random.Next(5))).Distinct(StringComparer.Ordinal).ToList();
            await Fill(cloud, round, names);
            for (var question = 0; question < 6; question++)
            {
                var (prefix, delimiter) = (random.Next(2) == 0 ? "" : Name(random, 1 + random.Next(2)), random.Next(2) == 0 ? "" : pieces[random.Next(pieces.Length)]);
                var expected = Slowly(names, prefix, delimiter);
                Assert.Equal(expected, Paged(cloud, round, prefix, delimiter, 1 + random.Next(7)));
            }
        }
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("a\uD7FF", "a\uE000")]
    [InlineData("a\U0010FFFF", "b")]
    [InlineData("\U0010FFFF", null)]
    [InlineData("", null)]
    public void The_first_text_after_all_that_begin_like_this(string prefix, string? expected) => Assert.Equal(expected, ObjectListing.AfterPrefix(prefix));

    private static List<string> Paged(TestCloud cloud, long bucket, string prefix, string delimiter, int itemsMax)
    {
        var seen = new List<string>();
        var after = "";
        while (true)
        {
            var page = cloud.Kernel.Database.Read(session => ObjectListing.Current(session, bucket, new ListingWish(prefix, delimiter, after, itemsMax)));
            Assert.True(page.Items.Count + page.Prefixes.Count <= itemsMax);
            seen.AddRange(page.Items.Select(item => item.Name).Concat(page.Prefixes.Select(rolled => "+" + rolled)));
            if (page.Last is null) return [.. seen.OrderBy(Bytes, StringComparer.Ordinal)];
            after = page.Last;
        }
    }

    private static List<string> Slowly(List<string> names, string prefix, string delimiter) =>
    [
        .. names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name =>
        {
            var at = delimiter.Length == 0 ? -1 : name.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal);
            return at < 0 ? name : "+" + name[..(at + delimiter.Length)];
        }).Distinct(StringComparer.Ordinal).OrderBy(Bytes, StringComparer.Ordinal),
    ];

    private static string Bytes(string name) => Convert.ToHexString(Encoding.UTF8.GetBytes(name));

    private static string Name(Random random, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => pieces[random.Next(pieces.Length)]));

    private static async Task Fill(TestCloud cloud, long bucket, List<string> names) => await cloud.Kernel.Queue.Write<Done>("test.fill", Origin.System, tx =>
    {
        foreach (var name in names) ObjectRows.Insert(tx, new ObjectRow { Bucket = bucket, Name = name, Version = 1 });
        return Done.Value;
    });
}
