using Microsoft.Win32.SafeHandles;
using Sovereign.Kernel.Store;

namespace Sovereign.ObjectStore.Contents;

/// <summary>Contents as files of one directory of the control plane's data: drafts by themselves, kept ones in folders by the beginning of their names.</summary>
internal sealed class DirectoryContents(string dataDirectory, ICrashPoints crashPoints) : IObjectContents
{
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const int FolderCharacters = 3;
    private readonly string drafts = Path.Combine(dataDirectory, "objects", "drafts");
    private readonly string kept = Path.Combine(dataDirectory, "objects", "content");
    private readonly SharedFlush names = new(Path.Combine(dataDirectory, "objects", "drafts"));

    public void Prepare()
    {
        foreach (var directory in new[] { Path.Combine(dataDirectory, "objects"), drafts, kept }) Make(directory);
    }

    public IContentDraft Create(string name)
    {
        crashPoints.Reach("before object.create-draft");
        var path = Path.Combine(drafts, name);
        var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        crashPoints.Reach("after object.create-draft");
        return new Draft(path, handle, names);
    }

    public void Keep(string name)
    {
        crashPoints.Reach("before object.keep");
        var (from, to) = (Path.Combine(drafts, name), PathOf(name));
        try
        {
            File.Move(from, to);
        }
        catch (DirectoryNotFoundException)
        {
            Make(Path.GetDirectoryName(to)!);
            File.Move(from, to);
        }
        catch (FileNotFoundException) when (File.Exists(to))
        {
            // An earlier try did it.
        }

        crashPoints.Reach("after object.keep");
    }

    public Stream? Open(string name, long offset, long length)
    {
        var handle = OpenFile(PathOf(name)) ?? OpenFile(Path.Combine(drafts, name)) ?? OpenFile(PathOf(name));
        return handle is null ? null : new FileRange(handle, offset, length);
    }

    public void Remove(string name)
    {
        crashPoints.Reach("before object.remove");
        Delete(Path.Combine(drafts, name));
        Delete(PathOf(name));
        crashPoints.Reach("after object.remove");
    }

    public IReadOnlyList<string> Drafts() => Directory.EnumerateFiles(drafts).Select(path => Path.GetFileName(path)).ToList();

    public IEnumerable<string> Names() => Directory.EnumerateFiles(kept, "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path));

    private string PathOf(string name) => Path.Combine(kept, name[..FolderCharacters], name);

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Its folder was never made.
        }
    }

    private static SafeFileHandle? OpenFile(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static void Make(string directory)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
        else Directory.CreateDirectory(directory, DirectoryMode);
    }

    private sealed class Draft(string path, SafeFileHandle handle, SharedFlush names) : IContentDraft
    {
        private long length;
        private bool durable;

        public async ValueTask Write(ReadOnlyMemory<byte> bytes, CancellationToken stop)
        {
            await RandomAccess.WriteAsync(handle, bytes, length, stop);
            length += bytes.Length;
        }

        public Task Flush(CancellationToken stop)
        {
            RandomAccess.FlushToDisk(handle);
            names.Flush();
            durable = true;
            return Task.CompletedTask;
        }

        public void Dispose()
        {
            handle.Dispose();
            if (!durable) File.Delete(path);
        }
    }
}
