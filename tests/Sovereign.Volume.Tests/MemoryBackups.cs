using Sovereign.Kernel.Store;
using Sovereign.Volume.Backups.Keeping;

namespace Sovereign.Volume.Tests;

/// <summary>Backups in memory, for simulations: every call ends before it returns, and what is kept outlives the process.</summary>
/// <param name="kept">Bytes by name.</param>
internal sealed class MemoryBackups(SortedDictionary<string, byte[]> kept, ICrashPoints crashPoints) : IBackupStore
{
    public string Name => "memory";

    public Task Prepare(CancellationToken stop) => Task.CompletedTask;

    public async Task<long> Put(string name, Func<Stream, CancellationToken, Task> write, CancellationToken stop)
    {
        var place = PlaceOf(name);
        crashPoints.Reach("before backup.put");
        using var written = new MemoryStream();
        await write(written, stop);
        kept[place] = written.ToArray();
        crashPoints.Reach("after backup.put");
        return written.Length;
    }

    public Task<long?> Size(string name, CancellationToken stop) => Task.FromResult(kept.TryGetValue(PlaceOf(name), out var bytes) ? bytes.LongLength : (long?)null);

    public Task<Stream> Open(string name, long offset, CancellationToken stop) => kept.TryGetValue(PlaceOf(name), out var bytes)
        ? Task.FromResult<Stream>(new MemoryStream(bytes, writable: false) { Position = Math.Min(offset, bytes.Length) })
        : Task.FromException<Stream>(new BackupStoreException($"The bytes {name} are gone."));

    public Task Remove(string name, CancellationToken stop)
    {
        if (!kept.ContainsKey(PlaceOf(name))) return Task.CompletedTask;
        crashPoints.Reach("before backup.remove");
        kept.Remove(name);
        crashPoints.Reach("after backup.remove");
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<string>> List(CancellationToken stop) => Task.FromResult<IReadOnlyList<string>>([.. kept.Keys]);

    private static string PlaceOf(string name) => name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
        ? name : throw new ArgumentException($"'{name}' is no name of a backup's bytes.", nameof(name));
}
