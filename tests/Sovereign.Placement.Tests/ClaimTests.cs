using System.Diagnostics;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Placement.Tests;

public sealed class ClaimTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Concurrent_claims_fill_every_provider_and_never_one_over_its_capacity(string engine)
    {
        await using var place = await Place.Start(engine, providers: 5, vcpus: 8);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => place.Claim(Place.Id(i), ("VCPU", 1))));
        Assert.Equal(40, outcomes.Count(o => o.Ok));
        Assert.All(outcomes.Where(o => !o.Ok), o => Assert.IsType<Fault.Conflict>(o.Fault));
        Assert.All(place.Providers, id => Assert.Equal(8, place.Usage(id)["VCPU"]));
        Assert.Empty(place.Module.Verify());
    }

    [Fact]
    public async Task Claims_go_to_the_least_loaded_provider_and_ties_by_id()
    {
        await using var place = await Place.Start("sqlite", providers: 3, vcpus: 8);
        var taken = new List<string>();
        for (var i = 0; i < 6; i++) taken.Add((await place.Claim(Place.Id(i), ("VCPU", 1))).Value);
        Assert.Equal([.. place.Providers, .. place.Providers], taken);
    }

    [Fact]
    public async Task The_same_consumer_again_gives_its_provider_and_takes_nothing()
    {
        await using var place = await Place.Start("sqlite", providers: 3, vcpus: 8);
        var first = await place.Claim(Place.Id(1), ("VCPU", 2));
        var again = await place.Claim(Place.Id(1), ("VCPU", 2));
        Assert.Equal(first.Value, again.Value);
        Assert.Equal(2, place.Providers.Sum(id => place.Usage(id)["VCPU"]));
        await place.Write(tx => { place.Module.Release(tx, Place.Id(1)); place.Module.Release(tx, Place.Id(1)); });
        Assert.Equal(0, place.Providers.Sum(id => place.Usage(id)["VCPU"]));
        Assert.Empty(place.Module.Verify());
    }

    [Fact]
    public async Task A_claim_among_some_takes_them_in_order_of_preference()
    {
        await using var place = await Place.Start("sqlite", providers: 3, vcpus: 2);
        var wanted = new[] { place.Providers[2], place.Providers[0] };
        var taken = new List<Outcome<string>>();
        for (var i = 0; i < 5; i++) taken.Add(await place.Claim(Place.Id(i), wanted, ("VCPU", 1)));
        Assert.Equal([wanted[0], wanted[0], wanted[1], wanted[1]], taken.Take(4).Select(o => o.Value));
        Assert.IsType<Fault.Conflict>(taken[4].Fault);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(3)]
    [InlineData(10)]
    public async Task Amounts_outside_of_what_the_inventory_admits_are_refused(long amount)
    {
        await using var place = await Place.Start("sqlite", providers: 1, vcpus: 16, minUnit: 2, maxUnit: 8, step: 2);
        Assert.NotNull((await place.Claim(Place.Id(1), ("VCPU", amount))).Fault);
        Assert.Equal(0, place.Usage(place.Providers[0])["VCPU"]);
        Assert.True((await place.Claim(Place.Id(1), ("VCPU", 4))).Ok);
    }

    [Fact]
    public async Task A_class_that_the_node_no_longer_has_but_that_is_taken_gives_nothing_more()
    {
        await using var place = await Place.Start("sqlite", providers: 1, vcpus: 16);
        Assert.True((await place.Claim(Place.Id(1), ("VCPU", 4))).Ok);
        await place.Write(tx => place.Module.EnsureProvider(tx, place.Providers[0], "node-0", [new Inventory("DISK_GB", 10, 0, 1, 10, 1, 1)]));
        Assert.False((await place.Claim(Place.Id(2), ("VCPU", 1))).Ok);
        Assert.Empty(place.Module.Verify());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Thousands_of_concurrent_claims_on_a_hundred_providers_keep_the_books_and_spread_evenly(string engine)
    {
        await using var place = await Place.Start(engine, providers: 100, vcpus: 64);
        var clock = Stopwatch.StartNew();
        const int count = 2000;
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
            Assert.True((await place.Claim(Place.Id(i), ("VCPU", 1), ("MEMORY_MB", 512), ("DISK_GB", 1))).Ok));
        TestContext.Current.TestOutputHelper?.WriteLine($"{engine}: {count / clock.Elapsed.TotalSeconds:F0} claims/s");
        Assert.All(place.Providers, id => Assert.Equal(count / 100, place.Usage(id)["VCPU"]));
        Assert.Empty(place.Module.Verify());
    }

    [Fact]
    public async Task The_verifier_finds_a_book_that_was_changed()
    {
        await using var place = await Place.Start("sqlite", providers: 1, vcpus: 8);
        await place.Claim(Place.Id(1), ("VCPU", 2));
        await place.Write(tx => tx.Execute("UPDATE placement_inventories SET used = 1 WHERE resource_class = 'VCPU'"));
        Assert.Contains("its inventory says 1", Assert.Single(place.Module.Verify()), StringComparison.Ordinal);
    }
}

/// <summary>A cloud with providers of one kind.</summary>
internal sealed class Place : IAsyncDisposable
{
    private Place(TestCloud cloud, PlacementModule module, IReadOnlyList<string> providers) => (Cloud, Module, Providers) = (cloud, module, providers);

    public TestCloud Cloud { get; }

    public PlacementModule Module { get; }

    public IReadOnlyList<string> Providers { get; }

    public static string Id(int number) => $"00000000-0000-4000-8000-{number:D12}";

    public static async Task<Place> Start(string engine, int providers, long vcpus, long minUnit = 1, long maxUnit = 1000, long step = 1)
    {
        PlacementModule? module = null;
        var cloud = await TestCloud.Start(kernel => [module = new PlacementModule(kernel)], engine: engine);
        var ids = Enumerable.Range(1, providers).Select(i => $"10000000-0000-4000-8000-{i:D12}").ToList();
        var place = new Place(cloud, module!, ids);
        await place.Write(tx =>
        {
            foreach (var (id, i) in ids.Select((id, i) => (id, i)))
            {
                module!.EnsureProvider(tx, id, $"node-{i}",
                [
                    new Inventory("VCPU", vcpus, 0, minUnit, maxUnit, step, 1), new Inventory("MEMORY_MB", 65536, 0, 1, 65536, 1, 1),
                    new Inventory("DISK_GB", 1000, 0, 1, 1000, 1, 1),
                ]);
            }
        });
        return place;
    }

    public Task<Outcome<string>> Claim(string consumer, params (string Class, long Amount)[] amounts) => Claim(consumer, null, amounts);

    public Task<Outcome<string>> Claim(string consumer, IReadOnlyList<string>? among, params (string Class, long Amount)[] amounts) => Cloud.Kernel.Queue.Write<string>(
        "test.claim", Origin.System, tx => Module.Claim(tx, new ClaimRequest(consumer, "project", "user", amounts.ToDictionary(a => a.Class, a => a.Amount), among)));

    public async Task Write(Action<Tx> body) => Assert.True((await Cloud.Kernel.Queue.Write<Done>("test", Origin.System, tx =>
    {
        body(tx);
        return Done.Value;
    })).Ok);

    public IReadOnlyDictionary<string, long> Usage(string provider) => Cloud.Kernel.Database.Read(session => Module.Usages(session, provider));

    public ValueTask DisposeAsync() => Cloud.DisposeAsync();
}
