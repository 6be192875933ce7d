using Sovereign.Kernel.Store;

namespace Sovereign.Volume.Backups.Keeping;

/// <summary>Backups as files of a directory: of the machine's own disk, or of one that is mounted there.</summary>
/// <param name="make">True: the directory is the cloud's own and is made; false: it must be there, for a mount point without its mount is no place for backups.</param>
internal sealed class DirectoryBackups(string directory, bool make, ICrashPoints crashPoints) : IBackupStore
{
    private const string Unfinished = ".new";
    private const int PrefixChars = 2;
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode ClosedFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Errno of a full disk or quota, as the runtime gives them on Linux.</summary>
    private static readonly int[] full = [28, 122];
    private int puts;

    public string Name => "directory";

    public Task Prepare(CancellationToken stop)
    {
        if (!Directory.Exists(directory)) return Task.CompletedTask;   // each use makes it, or says that it is gone
        foreach (var path in Directory.EnumerateFiles(directory, "*" + Unfinished, SearchOption.AllDirectories)) File.Delete(path);
        return Task.CompletedTask;
    }

    public async Task<long> Put(string name, Func<Stream, CancellationToken, Task> write, CancellationToken stop)
    {
        var path = PathOf(name);
        var fresh = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}.{Interlocked.Increment(ref puts)}{Unfinished}");
        try
        {
            Present();
            Make(Path.GetDirectoryName(path)!);
            crashPoints.Reach("before backup.put");
            long bytes;
            await using (var file = new FileStream(fresh, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous,
                UnixCreateMode = OperatingSystem.IsWindows() ? null : ClosedFile,
            }))
            {
                await write(file, stop);
                bytes = file.Length;
            }

            DirectorySync.Rename(fresh, path);
            DirectorySync.Flush(directory);
            crashPoints.Reach("after backup.put");
            return bytes;
        }
        catch (Exception error)
        {
            Forget(fresh);
            if (error is IOException or UnauthorizedAccessException) throw Told(error);
            throw;
        }
    }

    public Task<long?> Size(string name, CancellationToken stop) => Task.FromResult(Reached(() =>
    {
        Present();
        return new FileInfo(PathOf(name)) is { Exists: true } file ? file.Length : (long?)null;
    }));

    public Task<Stream> Open(string name, long offset, CancellationToken stop) => Task.FromResult(Reached<Stream>(() =>
    {
        Present();
        var path = PathOf(name);
        if (!File.Exists(path)) throw new BackupStoreException($"The backup's file {path} is gone. Put it back, or delete the backup.");
        var file = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        file.Seek(Math.Min(offset, file.Length), SeekOrigin.Begin);
        return file;
    }));

    public Task Remove(string name, CancellationToken stop)
    {
        Reached(() =>
        {
            Present();
            var path = PathOf(name);
            if (!File.Exists(path)) return true;
            crashPoints.Reach("before backup.remove");
            File.Delete(path);
            crashPoints.Reach("after backup.remove");
            return true;
        });
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<string>> List(CancellationToken stop) => Task.FromResult(Reached<IReadOnlyList<string>>(() =>
    {
        Present();
        return [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }));

    private void Present()
    {
        if (make) Make(directory);
        else if (!Directory.Exists(directory))
        {
            throw new BackupStoreException($"The directory of backups {directory} is not there. Mount it, or name another one with backup_directory.");
        }
    }

    private T Reached<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Told(error);
        }
    }

    private BackupStoreException Told(Exception error) => error is IOException && Array.IndexOf(full, error.HResult & 0xFFFF) >= 0
        ? new BackupStoreException($"The directory of backups {directory} is full. Make room there, or name a larger one with backup_directory. Then try again.", error)
        : new BackupStoreException($"The directory of backups {directory} can't be used: {error.Message} Look at its mount and its permissions.", error);

    private static void Forget(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The store is away: what is left goes at the next start.
        }
    }

    private string PathOf(string name) => name.Length is >= PrefixChars and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
        ? Path.Combine(directory, name[..PrefixChars], name)
        : throw new ArgumentException($"'{name}' is no name of a backup's bytes.", nameof(name));

    private static void Make(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, Closed);
    }
}
