using System.Reflection;

namespace Sovereign.Launcher;

/// <summary>Makes the machine and the data directory ready for a start. Each step looks first, so a second run changes nothing.</summary>
internal sealed class Preparation(CloudDirectory cloud, Action<string> say)
{
    private const UnixFileMode Open = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private static readonly TimeSpan unpackLimit = TimeSpan.FromSeconds(60);
    private static readonly UserId root = new(0, 0);

    /// <param name="tinyImage">File of the test image; null: the one this program carries, or the one installed before.</param>
    public async Task Run(CloudOptions options, string? tinyImage, CancellationToken stop)
    {
        if (cloud.IsJoined) throw new LauncherException($"{cloud.Path} is a node of another machine's cloud. Start its agent: sovereign node serve --data {cloud.Path}");
        CheckDirectory();
        if (OsPackages.Missing() is { Count: > 0 } missing) await OsPackages.Install(missing, say, stop);
        await new KnownClouds().Enter(cloud, async () =>
        {
            var made = await SystemUsers.Ensure(SystemUsers.Control, stop) | await SystemUsers.Ensure(SystemUsers.Hypervisor, stop);
            if (made) say($"Made the system users {SystemUsers.Control} and {SystemUsers.Hypervisor}");
        }, stop);
        if (!cloud.IsCloud) say($"Preparing {cloud.Path}");
        MakeDirectories();
        InstallImage(tinyImage);
        await InstallProgram(stop);
        Write(cloud.WatchScript, Resource("watch.sh")!);
        Write(cloud.Config, new MemoryStream(System.Text.Encoding.UTF8.GetBytes(WrittenSettings.Write(options))));
    }

    /// <summary>The same for a machine that is a node of a cloud elsewhere: no control plane, no image.</summary>
    public async Task RunNode(CancellationToken stop)
    {
        CheckDirectory();
        if (OsPackages.Missing() is { Count: > 0 } missing) await OsPackages.Install(missing, say, stop);
        await new KnownClouds().Enter(cloud, async () =>
        {
            if (await SystemUsers.Ensure(SystemUsers.Hypervisor, stop)) say($"Made the system user {SystemUsers.Hypervisor}");
        }, stop);
        MakeDirectories([(cloud.Path, root, Open), (cloud.Bin, root, Open), (cloud.Native, root, Open), (cloud.Logs, root, Closed),
            (cloud.Node, root, Passable), (cloud.Join, root, Closed)]);
        await InstallProgram(stop);
        Write(cloud.WatchScript, Resource("watch.sh")!);
    }

    /// <summary>Refuses a directory that is somebody else's, or that the service users could not reach.</summary>
    public void CheckDirectory()
    {
        if (!cloud.IsCloud && Directory.Exists(cloud.Path)
            && Directory.EnumerateFileSystemEntries(cloud.Path).Any(entry => !cloud.Entries.Contains(entry)))
            throw new LauncherException($"{cloud.Path} has files in it that are no cloud's. Name an empty or a new directory with --data.");
        if (ClosedParent(cloud.Path) is { } closed)
            throw new LauncherException($"{cloud.Path} cannot be reached by the users {SystemUsers.Control} and {SystemUsers.Hypervisor}: "
                + $"{closed} is closed to others. Choose another place with --data, such as {CloudDirectory.Default}.");
    }

    /// <summary>The first existing parent that other users may not pass through, or null.</summary>
    internal static string? ClosedParent(string path)
    {
        var parents = new List<string>();
        for (var parent = Path.GetDirectoryName(path); parent is not null; parent = Path.GetDirectoryName(parent)) parents.Add(parent);
        return parents.AsEnumerable().Reverse()
            .FirstOrDefault(parent => Directory.Exists(parent) && !File.GetUnixFileMode(parent).HasFlag(UnixFileMode.OtherExecute));
    }

    private void MakeDirectories()
    {
        var control = SystemUsers.Find(SystemUsers.Control)
            ?? throw new LauncherException($"There is no system user {SystemUsers.Control}.");
        MakeDirectories(
        [
            (cloud.Path, root, Open), (cloud.Bin, root, Open), (cloud.Native, root, Open),
            (Path.GetDirectoryName(cloud.TinyImage)!, root, Open), (cloud.Logs, root, Closed),
            (cloud.Node, root, Passable), (cloud.Control, control, Closed), (cloud.Run, control, Closed),
        ]);
        // The control plane may fill these two, in place, in a directory that is not its own.
        foreach (var (path, mode) in new[] { (cloud.Clouds, Secret), (cloud.CaCertificate, Readable) })
        {
            File.Open(path, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            SystemUsers.Own(path, control);
            File.SetUnixFileMode(path, mode);
        }
    }

    private static void MakeDirectories((string Path, UserId Owner, UnixFileMode Mode)[] directories)
    {
        foreach (var (path, owner, mode) in directories)
        {
            Directory.CreateDirectory(path);
            SystemUsers.Own(path, owner);
            File.SetUnixFileMode(path, mode);
        }
    }

    private void InstallImage(string? file)
    {
        var installed = new FileInfo(cloud.TinyImage);
        if (file is not null)
        {
            if (!File.Exists(file)) throw new LauncherException($"The test image {file} is not there.");
            if (installed.Exists && installed.Length == new FileInfo(file).Length
                && installed.LastWriteTimeUtc == File.GetLastWriteTimeUtc(file))
                return;
            using (var date = File.OpenRead(file + ".date")) Write(cloud.TinyImageDate, date);
            using (var source = File.OpenRead(file)) Write(cloud.TinyImage, source);
            File.SetLastWriteTimeUtc(cloud.TinyImage, File.GetLastWriteTimeUtc(file));
        }
        else if (!installed.Exists)
        {
            using var carried = Resource("tiny.qcow2")
                ?? throw new LauncherException("This program carries no test image. Give one with --tiny-image, "
                    + "or start with ./sovereign of the source tree.");
            Write(cloud.TinyImageDate, Resource("tiny.qcow2.date")!);
            Write(cloud.TinyImage, carried);
        }
    }

    /// <summary>
    /// Copies the running program unless that very file is installed, and unpacks its native libraries where every role can read
    /// them.
    /// </summary>
    private async Task InstallProgram(CancellationToken stop)
    {
        var source = new FileInfo(Environment.ProcessPath ?? throw new LauncherException("The path of this program is not known."));
        var installed = new FileInfo(cloud.Program);
        if (source.FullName == installed.FullName
            || (installed.Exists && installed.Length == source.Length && installed.LastWriteTimeUtc == source.LastWriteTimeUtc)) return;
        say($"Installing the program to {cloud.Bin}");
        if (Directory.Exists(cloud.Native)) Directory.Delete(cloud.Native, recursive: true);
        Directory.CreateDirectory(cloud.Native);
        File.SetUnixFileMode(cloud.Native, Open);
        using (var bytes = source.OpenRead()) Write(cloud.Program, bytes, Open);
        var unpack = await Programs.Run("env", ["-i", $"DOTNET_BUNDLE_EXTRACT_BASE_DIR={cloud.Native}", cloud.Program, "--version"],
            unpackLimit, stop);
        if (!unpack.Succeeded) throw new LauncherException($"The installed program does not run: {unpack.Reason}");
        foreach (var unpacked in Directory.EnumerateFileSystemEntries(cloud.Native, "*", SearchOption.AllDirectories))
            File.SetUnixFileMode(unpacked, Open);
        // Last, so that an interrupted installation is done again.
        File.SetLastWriteTimeUtc(cloud.Program, source.LastWriteTimeUtc);
    }

    private static void Write(string path, Stream content, UnixFileMode mode = Readable)
    {
        var beside = path + ".new";
        File.Delete(beside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
        using (var file = new FileStream(beside, options))
        {
            content.CopyTo(file);
            file.Flush(flushToDisk: true);
        }
        File.SetUnixFileMode(beside, mode);
        File.Move(beside, path, overwrite: true);
    }

    private static Stream? Resource(string name) => Assembly.GetExecutingAssembly().GetManifestResourceStream(name);
}
