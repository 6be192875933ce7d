using Sovereign.Kernel.Access;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Tests.Support;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Kernel.Tests.Keys;

public sealed class MasterKeyRotationTests : IDisposable
{
    private const int RunsMax = 20;
    private readonly string directory = Directory.CreateTempSubdirectory("sovereign-rotation-").FullName;
    private readonly SystemRandomness randomness = new();

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    private string KeyFile => Path.Combine(directory, "master.key");

    private string Request => Path.Combine(directory, "rotate");

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task After_a_rotation_the_old_key_opens_nothing_and_the_new_one_everything(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        var master = MasterKey.LoadOrCreate(KeyFile, randomness);
        var keys = new ProjectKeys(master, randomness);
        var rows = new List<(string Owner, byte[] Bytes)>();
        for (var i = 0; i < 450; i++) rows.Add(($"p{i:d3}", await Seal(rig, keys, $"p{i:d3}")));
        var old = File.ReadAllBytes(KeyFile);
        var hashing = master.Derive("hashes");
        await File.WriteAllTextAsync(Request, "");
        await Finish(rig, master, keys);
        Assert.False(File.Exists(Request));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.Equal(hashing, master.Derive("hashes"));
        var next = MasterKey.LoadOrCreate(KeyFile, randomness);
        Assert.Equal(hashing, next.Derive("hashes"));
        foreach (var known in new[] { keys, new ProjectKeys(next, randomness) })
        {
            Assert.All(rows, row => Assert.NotNull(rig.Kernel.Database.Read(session => known.Open(session, row.Owner, row.Bytes, "row"))));
        }

        var stale = new ProjectKeys(new MasterKey(old), randomness);
        Assert.All(rows, row => Assert.Throws<InvalidOperationException>(() => rig.Kernel.Database.Read(session => stale.Open(session, row.Owner, row.Bytes, "row"))));
    }

    /// <summary>The process dies after each step that the file or the database shows; the next one goes on from what is there.</summary>
    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_process_that_dies_within_a_rotation_loses_nothing(string engine)
    {
        await using var rig = await KernelRig.Start(engine);
        var master = MasterKey.LoadOrCreate(KeyFile, randomness);
        var keys = new ProjectKeys(master, randomness);
        var bytes = await Seal(rig, keys, "before");
        for (var died = 0; died < 5; died++)
        {
            // 0: the new key is in the file, and the request still there; 1: the request is gone; 2: some keys are sealed anew; 3: all are; 4: once more.
            master.Turn(randomness);
            if (died == 0) await File.WriteAllTextAsync(Request, "");
            if (died >= 2) await rig.Kernel.Queue.Write<(string?, int)>("rewrap", Origin.System, tx => keys.Rewrap(tx, "", died == 2 ? 1 : 100));
            var fresh = await Seal(rig, keys, $"during-{died}");
            master = MasterKey.LoadOrCreate(KeyFile, randomness);
            keys = new ProjectKeys(master, randomness);
            Assert.True(master.Rotating);
            foreach (var (owner, kept) in new[] { ("before", bytes), ($"during-{died}", fresh) })
            {
                Assert.Equal("secret"u8.ToArray(), rig.Kernel.Database.Read(session => keys.Open(session, owner, kept, "row")));
            }

            await Finish(rig, master, keys);
            Assert.Equal(2 * MasterKey.Bytes, new FileInfo(KeyFile).Length);
            var next = new ProjectKeys(MasterKey.LoadOrCreate(KeyFile, randomness), randomness);
            Assert.NotNull(rig.Kernel.Database.Read(session => next.Open(session, "before", bytes, "row")));
        }
    }

    [Fact]
    public async Task A_neighbour_that_did_not_hear_of_the_new_key_reads_the_file_again()
    {
        await using var rig = await KernelRig.Start("sqlite");
        var master = MasterKey.LoadOrCreate(KeyFile, randomness);
        var neighbour = new ProjectKeys(MasterKey.LoadOrCreate(KeyFile, randomness), randomness);
        master.Turn(randomness);
        var bytes = await Seal(rig, new ProjectKeys(master, randomness), "p");
        Assert.NotNull(rig.Kernel.Database.Read(session => neighbour.Open(session, "p", bytes, "row")));
    }

    [Fact]
    public void Tokens_of_before_end_with_the_old_key()
    {
        var master = MasterKey.LoadOrCreate(KeyFile, randomness);
        var codec = new TokenCodec(master, randomness);
        var payload = new TokenPayload(new string('a', 32), ScopeKind.None, null, AuthMethods.Password, 1, 2, new byte[16], null, null);
        var token = codec.Seal(payload);
        Assert.NotNull(codec.Open(token));
        master.Turn(randomness);
        Assert.Null(codec.Open(token));
        Assert.NotNull(codec.Open(codec.Seal(payload)));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private async Task Finish(KernelRig rig, MasterKey master, ProjectKeys keys)
    {
        var rotation = new MasterKeyRotation(master, keys, rig.Kernel.Queue, randomness, Request);
        for (var runs = 0; runs == 0 || master.Rotating; runs++)
        {
            Assert.True(runs < RunsMax, "The rotation does not end.");
            await rotation.Run(TestContext.Current.CancellationToken);
        }
    }

    private static async Task<byte[]> Seal(KernelRig rig, ProjectKeys keys, string owner) =>
        (await rig.Kernel.Queue.Write<byte[]>("seal", Origin.System, tx => keys.Seal(tx, owner, "secret"u8, "row"))).Value;
}
