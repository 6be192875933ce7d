using Microsoft.Win32.SafeHandles;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Content;

/// <summary>The directories of images: uploads under way, and content by its digest. Only the control plane may look inside.</summary>
internal sealed class ContentStore(string dataDirectory, ICrashPoints crashPoints)
{
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string content = Path.Combine(dataDirectory, "images", "content");
    private readonly string uploads = Path.Combine(dataDirectory, "images", "uploads");

    /// <summary>Name of a new content file: address, and the image that brought it, which makes it unique for ever.</summary>
    public static string NameOf(string digest, string imageId) => $"{digest[..2]}/{digest}-{imageId}";

    public void Prepare()
    {
        foreach (var directory in new[] { Path.Combine(dataDirectory, "images"), content, uploads })
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
            else Directory.CreateDirectory(directory, DirectoryMode);
        }
    }

    public string UploadPath(string uploadId) => Path.Combine(uploads, uploadId);

    public SafeFileHandle CreateUpload(string uploadId)
    {
        crashPoints.Reach("before image.create-upload");
        var handle = File.OpenHandle(UploadPath(uploadId), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(handle, FileMode600);
        crashPoints.Reach("after image.create-upload");
        return handle;
    }

    public void DropUpload(string uploadId) => Effect("image.drop-upload", () => File.Delete(UploadPath(uploadId)));

    /// <summary>Moves a whole upload to its place; the bytes and the name are on disk when it returns.</summary>
    public void Keep(string uploadId, string file)
    {
        var path = PathOf(file);
        var directory = Path.GetDirectoryName(path)!;
        var fresh = !Directory.Exists(directory);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
        else Directory.CreateDirectory(directory, DirectoryMode);
        Effect("image.keep", () => File.Move(UploadPath(uploadId), path, overwrite: true));
        DirectorySync.Flush(directory);
        if (fresh) DirectorySync.Flush(content);
    }

    public bool Exists(string file) => File.Exists(PathOf(file));

    public SafeFileHandle Open(string file) => File.OpenHandle(PathOf(file), options: FileOptions.Asynchronous | FileOptions.SequentialScan);

    public FileStream OpenStream(string file) =>
        new(PathOf(file), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);

    public void Remove(string file)
    {
        if (Exists(file)) Effect("image.remove", () => File.Delete(PathOf(file)));
    }

    /// <summary>Removes uploads that a dead process left, and content that no row knows: bytes of an upload that died before its commit.</summary>
    /// <returns>How many files went.</returns>
    public int Sweep(IReadOnlySet<string> known)
    {
        var gone = 0;
        foreach (var path in Directory.EnumerateFiles(uploads))
        {
            File.Delete(path);
            gone++;
        }

        foreach (var file in Files().Where(file => !known.Contains(file)))
        {
            Remove(file);
            gone++;
        }

        return gone;
    }

    /// <summary>Every content file that is there.</summary>
    public List<string> Files() => Directory.EnumerateFiles(content, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(content, path).Replace('\\', '/')).ToList();

    private void Effect(string name, Action effect)
    {
        crashPoints.Reach("before " + name);
        effect();
        crashPoints.Reach("after " + name);
    }

    private string PathOf(string file) => Path.Combine(content, file);
}
