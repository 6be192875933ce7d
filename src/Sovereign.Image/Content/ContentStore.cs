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
    private readonly string staging = Path.Combine(dataDirectory, "images", "staging");

    /// <summary>Name of a new content file: address, and the image that brought it, which makes it unique for ever.</summary>
    public static string NameOf(string digest, string imageId) => $"{digest[..2]}/{digest}-{imageId}";

    /// <summary>The digest in a file's name.</summary>
    public static string DigestOf(string file) => file.Split('/', '-')[1];

    public void Prepare()
    {
        foreach (var directory in new[] { Path.Combine(dataDirectory, "images"), content, uploads, staging })
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

    public string StagePath(string stage) => Path.Combine(staging, stage);

    public bool Staged(string stage) => File.Exists(StagePath(stage));

    public long StagedBytes(string stage) => new FileInfo(StagePath(stage)) is { Exists: true } file ? file.Length : 0;

    /// <summary>Opens what is staged to go on writing it; makes it when it is not there.</summary>
    public SafeFileHandle OpenStage(string stage)
    {
        crashPoints.Reach("before image.open-stage");
        var handle = File.OpenHandle(StagePath(stage), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, FileOptions.Asynchronous);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(handle, FileMode600);
        crashPoints.Reach("after image.open-stage");
        return handle;
    }

    public void DropStage(string stage)
    {
        if (Staged(stage)) Effect("image.drop-stage", () => File.Delete(StagePath(stage)));
    }

    /// <summary>Moves what is staged to its place, unless an earlier try did; true when the bytes are there.</summary>
    public bool KeepStage(string stage, string file)
    {
        if (!Staged(stage)) return Exists(file);
        Keep(StagePath(stage), file, "image.keep-stage");
        return true;
    }

    /// <summary>Moves a whole upload to its place; the bytes and the name are on disk when it returns.</summary>
    public void Keep(string uploadId, string file) => Keep(UploadPath(uploadId), file, "image.keep");

    private void Keep(string source, string file, string effect)
    {
        var path = PathOf(file);
        var directory = Path.GetDirectoryName(path)!;
        var fresh = !Directory.Exists(directory);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
        else Directory.CreateDirectory(directory, DirectoryMode);
        Effect(effect, () => File.Move(source, path, overwrite: true));
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

    /// <summary>Removes uploads that a dead process left, and what no row knows: bytes of an upload that died before its commit.</summary>
    /// <param name="known">Content files that rows speak of.</param>
    /// <param name="stages">Staged files that rows speak of.</param>
    /// <returns>How many files went.</returns>
    public int Sweep(IReadOnlySet<string> known, IReadOnlySet<string> stages)
    {
        var gone = 0;
        foreach (var stage in Directory.EnumerateFiles(staging).Select(path => Path.GetFileName(path)).Where(stage => !stages.Contains(stage)))
        {
            DropStage(stage);
            gone++;
        }

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
