using System.Text;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Backups.Keeping;
using Xunit;

namespace Sovereign.Volume.Tests;

/// <summary>What every store of backups does.</summary>
public abstract class BackupStoreContract : IDisposable
{
    private const string Name = "44444444-4444-4444-8444-444444444444";
    private static readonly CancellationToken stop = CancellationToken.None;

    internal abstract IBackupStore Store { get; }

    [Fact]
    public async Task What_is_put_is_read_from_any_offset()
    {
        await Store.Prepare(stop);
        Assert.Equal(6, await Put("abcdef"));
        Assert.Equal("abcdef", await Read(0));
        Assert.Equal("def", await Read(3));
        Assert.Equal("", await Read(6));
        Assert.Equal(6, await Store.Size(Name, stop));
        Assert.Equal([Name], await Store.List(stop));
    }

    [Fact]
    public async Task A_second_put_takes_the_place_of_the_first()
    {
        await Store.Prepare(stop);
        await Put("abc");
        await Put("xy");
        Assert.Equal("xy", await Read(0));
    }

    [Fact]
    public async Task A_put_that_breaks_leaves_nothing_and_what_was_there_stays()
    {
        await Store.Prepare(stop);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Broken());
        Assert.Empty(await Store.List(stop));
        await Put("abc");
        await Assert.ThrowsAsync<InvalidOperationException>(() => Broken());
        Assert.Equal([Name], await Store.List(stop));
        Assert.Equal("abc", await Read(0));
    }

    [Fact]
    public async Task Removing_again_is_fine_and_what_is_absent_has_no_size_and_is_not_opened()
    {
        await Store.Prepare(stop);
        await Put("abc");
        await Store.Remove(Name, stop);
        await Store.Remove(Name, stop);
        Assert.Null(await Store.Size(Name, stop));
        await Assert.ThrowsAsync<BackupStoreException>(() => Store.Open(Name, 0, stop));
    }

    [Fact]
    public async Task No_name_leads_out_of_the_store()
    {
        await Store.Prepare(stop);
        foreach (var name in new[] { "../x", "a/b", "", "..", new string('a', 65) })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => Store.Put(name, (_, _) => Task.CompletedTask, stop));
        }
    }

    public virtual void Dispose() => GC.SuppressFinalize(this);

    private Task<long> Put(string text) => Store.Put(Name, (target, end) => target.WriteAsync(Encoding.UTF8.GetBytes(text), end).AsTask(), stop);

    private Task<long> Broken() => Store.Put(
        Name,
        async (target, end) =>
        {
            await target.WriteAsync(new byte[100_000], end);
            throw new InvalidOperationException("It broke.");
        },
        stop);

    private async Task<string> Read(long offset)
    {
        await using var content = await Store.Open(Name, offset, stop);
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, stop);
        return Encoding.UTF8.GetString(copy.ToArray());
    }
}

public sealed class MemoryBackupsTests : BackupStoreContract
{
    internal override IBackupStore Store { get; } = new MemoryBackups([], new NoCrashPoints());
}

public sealed class DirectoryBackupsTests : BackupStoreContract
{
    private readonly string directory = Directory.CreateTempSubdirectory("sovereign-backups-").FullName;

    public DirectoryBackupsTests() => Store = new DirectoryBackups(directory, make: false, new NoCrashPoints());

    internal override IBackupStore Store { get; }

    [Fact]
    public async Task Half_written_files_of_a_dead_process_go_at_its_next_start()
    {
        var left = Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "44")).FullName, "44444444.1.new");
        await File.WriteAllTextAsync(left, "half");
        await Store.Prepare(CancellationToken.None);
        Assert.False(File.Exists(left));
    }

    [Fact]
    public async Task A_full_disk_is_said_with_what_to_do()
    {
        if (!File.Exists("/dev/full")) return;
        var error = await Assert.ThrowsAsync<BackupStoreException>(() => Store.Put(
            "44444444-4444-4444-8444-444444444444",
            async (_, stop) =>
            {
                await using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
                await full.WriteAsync(new byte[1], stop);
            },
            CancellationToken.None));
        Assert.Contains("is full. Make room there", error.Message, StringComparison.Ordinal);
        Assert.Empty(await Store.List(CancellationToken.None));
    }

    public override void Dispose()
    {
        Directory.Delete(directory, recursive: true);
        base.Dispose();
    }
}
