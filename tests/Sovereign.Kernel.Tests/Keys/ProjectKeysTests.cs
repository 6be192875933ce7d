using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Tests.Support;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests.Keys;

public sealed class ProjectKeysTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task What_a_project_sealed_opens_for_that_project_and_that_row_only(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        var bytes = await Seal(rig.Kernel, "project-a", "row-1");
        Assert.Equal("secret"u8.ToArray(), Open(rig.Kernel, "project-a", bytes, "row-1"));
        Assert.Null(Open(rig.Kernel, "project-a", bytes, "row-2"));
        Assert.Null(Open(rig.Kernel, "project-b", bytes, "row-1"));
        await Seal(rig.Kernel, "project-b", "row-1");
        Assert.Null(Open(rig.Kernel, "project-b", bytes, "row-1"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Destroying_a_key_erases_what_it_sealed_in_this_process_and_the_next(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        var bytes = await Seal(rig.Kernel, "project-a", "row");
        Assert.NotNull(Open(rig.Kernel, "project-a", bytes, "row"));
        await rig.Kernel.Queue.Write<Done>("erase", Origin.System, tx => Destroy(rig.Kernel, tx));
        Assert.Null(Open(rig.Kernel, "project-a", bytes, "row"));
        var next = await rig.Another();
        Assert.Null(Open(next, "project-a", bytes, "row"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task What_is_sealed_after_the_key_was_destroyed_in_the_same_transaction_can_be_opened(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        var before = await Seal(rig.Kernel, "project-a", "row");
        Assert.NotNull(Open(rig.Kernel, "project-a", before, "row"));
        var after = await rig.Kernel.Queue.Write<byte[]>("again", Origin.System, tx =>
        {
            rig.Kernel.Keys.Destroy(tx, "project-a");
            return rig.Kernel.Keys.Seal(tx, "project-a", "secret"u8, "row");
        });
        Assert.Null(Open(rig.Kernel, "project-a", before, "row"));
        Assert.Equal("secret"u8.ToArray(), Open(rig.Kernel, "project-a", after.Value, "row"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_key_made_by_a_write_that_was_rolled_back_is_not_remembered(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        byte[] lost = [];
        await rig.Kernel.Queue.Write<Done>("rolled back", Origin.System, tx =>
        {
            lost = rig.Kernel.Keys.Seal(tx, "project-a", "secret"u8, "row");
            Assert.NotNull(rig.Kernel.Keys.Open(tx, "project-a", lost, "row"));
            return new Fault.Conflict("no");
        });
        Assert.Null(Open(rig.Kernel, "project-a", lost, "row"));
        var kept = await Seal(rig.Kernel, "project-a", "row");
        Assert.NotNull(Open(rig.Kernel, "project-a", kept, "row"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_key_file_that_does_not_belong_to_the_database_is_named_as_the_reason(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        var bytes = await Seal(rig.Kernel, "project-a", "row");
        var keys = new Sovereign.Kernel.Keys.ProjectKeys(new Sovereign.Kernel.Keys.MasterKey(new byte[32]), rig.Kernel.Randomness);
        var error = Assert.Throws<InvalidOperationException>(() => rig.Kernel.Database.Read(s => keys.Open(s, "project-a", bytes, "row")));
        Assert.Contains("do not belong together", error.Message, StringComparison.Ordinal);
    }

    private static Outcome<Done> Destroy(KernelServices kernel, Tx tx)
    {
        kernel.Keys.Destroy(tx, "project-a");
        return Done.Value;
    }

    private static async Task<byte[]> Seal(KernelServices kernel, string owner, string row) =>
        (await kernel.Queue.Write<byte[]>("seal", Origin.System, tx => kernel.Keys.Seal(tx, owner, "secret"u8, row))).Value;

    private static byte[]? Open(KernelServices kernel, string owner, byte[] bytes, string row) =>
        kernel.Database.Read(session => kernel.Keys.Open(session, owner, bytes, row));
}
