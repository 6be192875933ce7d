using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Tests.Support;
using Sovereign.Kernel.Tests.Toy;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests.Quota;

public sealed class QuotaTests
{
    private const string Project = "project-a";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Many_takes_at_once_stop_exactly_at_the_limit(string engine)
    {
        await using var rig = await Start(engine);
        // SQLite has one writer of one process; on PostgreSQL two processes race.
        var other = engine == "postgres" ? await rig.Another(Toy) : rig.Kernel;
        await Limit(rig.Kernel, 25);
        var takes = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Make(i % 2 == 0 ? rig.Kernel : other, $"w{i}")));
        Assert.Equal(25, takes.Count(take => take.Ok));
        Assert.All(takes.Where(take => !take.Ok), take => Assert.Equal(new Fault.OverQuota("widgets", 25, 25, 1), take.Fault));
        Assert.Equal(25, Used(rig.Kernel));
        Assert.Empty(rig.Kernel.Quotas.Verify());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task The_limit_is_reached_by_the_last_that_fits_and_not_one_past_it(string engine)
    {
        await using var rig = await Start(engine);
        for (var i = 0; i < 3; i++) Assert.True((await Make(rig.Kernel, $"w{i}")).Ok);
        Assert.IsType<Fault.OverQuota>((await Make(rig.Kernel, "w3")).Fault);
        Assert.Equal(3, rig.Kernel.Database.Read(s => s.Scalar<long>("SELECT COUNT(*) FROM widgets")));
        await rig.Kernel.Queue.Write<Done>("give", Origin.System, tx =>
        {
            tx.Execute("DELETE FROM widgets WHERE id = 'w0'");
            rig.Kernel.Quotas.Give(tx, "toy", "widgets", Project, 1);
            return Done.Value;
        });
        Assert.True((await Make(rig.Kernel, "w3")).Ok);
        Assert.Empty(rig.Kernel.Quotas.Verify());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Own_limits_hold_for_their_project_only_and_go_back_to_the_default(string engine)
    {
        await using var rig = await Start(engine);
        await Limit(rig.Kernel, 0);
        Assert.IsType<Fault.OverQuota>((await Make(rig.Kernel, "w0")).Fault);
        Assert.True((await Make(rig.Kernel, "w1", "project-b")).Ok);
        await Limit(rig.Kernel, -1);
        for (var i = 10; i < 20; i++) Assert.True((await Make(rig.Kernel, $"w{i}")).Ok);
        await Limit(rig.Kernel, null);
        Assert.Equal(3, rig.Kernel.Database.Read(s => rig.Kernel.Quotas.Limit(s, "toy", "widgets", Project)));
        var state = rig.Kernel.Database.Read(s => rig.Kernel.Quotas.State(s, "toy", Project));
        Assert.Equal([new Sovereign.Kernel.Quota.QuotaState("widgets", 3, 10)], state);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task The_verifier_finds_a_planted_difference_in_either_book(string engine)
    {
        await using var rig = await Start(engine);
        await Make(rig.Kernel, "w0");
        Assert.Empty(rig.Kernel.Quotas.Verify());
        rig.Tamper("UPDATE quota_usage SET used = 2");
        Assert.Equal(["Project project-a has 1 toy widgets, its usage row says 2."], rig.Kernel.Quotas.Verify());
        rig.Tamper("UPDATE quota_usage SET used = 1; INSERT INTO widgets (id, project_id, status, deleting) VALUES ('x', 'project-z', '', 0)");
        Assert.Equal(["Project project-z has 1 toy widgets, its usage row says 0."], rig.Kernel.Quotas.Verify());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task The_verifier_raises_no_false_alarm_while_others_take_and_give(string engine)
    {
        await using var rig = await Start(engine);
        await Limit(rig.Kernel, -1);
        using var stop = new CancellationTokenSource();
        var writer = Keep(rig.Kernel, stop.Token);
        for (var round = 0; round < 60; round++) Assert.Empty(rig.Kernel.Quotas.Verify());
        await stop.CancelAsync();
        await writer;
    }

    private static async Task Keep(KernelServices kernel, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++) await Make(kernel, $"k{i}");
    }

    private static Task<KernelRig> Start(string engine) => KernelRig.Start(engine, Toy);

    private static ToyModule Toy(KernelServices kernel) => new(kernel, new ToyMachine(), PlantedBug.None);

    private static long Used(KernelServices kernel) => kernel.Database.Read(s => kernel.Quotas.State(s, "toy", Project)).Single().Used;

    private static Task<Outcome<Done>> Limit(KernelServices kernel, long? limit) => kernel.Queue.Write<Done>("limit", Origin.System, tx =>
    {
        kernel.Quotas.SetLimit(tx, "toy", "widgets", Project, limit);
        return Done.Value;
    });

    private static Task<Outcome<Done>> Make(KernelServices kernel, string id, string project = Project) => kernel.Queue.Write<Done>("make", Origin.System, tx =>
    {
        tx.Execute("INSERT INTO widgets (id, project_id, status, deleting) VALUES (@id, @project, '', 0)", new { id, project });
        return kernel.Quotas.Take(tx, "toy", "widgets", project, 1);
    });
}
