using Sovereign.Kernel.Store;
using Sovereign.Kernel.Tests.Support;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests.Store;

public sealed class MigrationTests
{
    private static readonly System.Reflection.Assembly[] owners = [typeof(KernelServices).Assembly, typeof(MigrationTests).Assembly];

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Migrating_twice_changes_nothing_the_second_time(string engine)
    {
        await using var rig = KernelRig.Empty(engine);
        using var opened = rig.OpenEngine();
        Migrations.Run(opened, owners);
        rig.Tamper("INSERT INTO items (id, project_id, name, flag) VALUES ('kept', 'p', 'n', 0)");
        Migrations.Run(opened, owners);
        using var database = new Database(opened);
        Assert.Equal(["kept"], database.Read(s => s.Query<string>("SELECT id FROM items")));
        var names = database.Read(s => s.Query<string>("SELECT name FROM migrations ORDER BY name"));
        Assert.Contains(names, name => name.EndsWith("0001.kernel.sql", StringComparison.Ordinal));
        Assert.Equal(names.Distinct(), names);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_database_that_no_longer_admits_this_release_is_refused_and_left_alone(string engine)
    {
        await using var rig = KernelRig.Empty(engine);
        using var opened = rig.OpenEngine();
        Migrations.Run(opened, owners[..1]);
        rig.Tamper("UPDATE releases SET newest = 9, oldest = 8");
        var refusal = Assert.Throws<InvalidOperationException>(() => Migrations.Run(opened, owners));
        Assert.Contains("release 9 and admits releases from 8 on", refusal.Message, StringComparison.Ordinal);
        using var database = new Database(opened);
        Assert.DoesNotContain(database.Read(s => s.Query<string>("SELECT name FROM migrations")), name => name.Contains("toy", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_older_release_that_is_still_admitted_does_not_open_the_door_wider(string engine)
    {
        await using var rig = KernelRig.Empty(engine);
        using var opened = rig.OpenEngine();
        Migrations.Run(opened, owners);
        rig.Tamper("UPDATE releases SET newest = 9, oldest = 1");
        Migrations.Run(opened, owners);
        using var database = new Database(opened);
        Assert.Equal(9, database.Read(s => s.Scalar<long>("SELECT newest FROM releases WHERE id = 1")));
    }

    [Fact]
    public async Task Two_processes_that_start_on_one_empty_database_together_both_come_up()
    {
        for (var round = 0; round < 3; round++)
        {
            await using var rig = KernelRig.Empty("postgres");
            var starts = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
            {
                using var engine = rig.OpenEngine();
                Migrations.Run(engine, owners);
            }));
            await Task.WhenAll(starts);
        }
    }
}
