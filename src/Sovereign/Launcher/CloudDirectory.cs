namespace Sovereign.Launcher;

/// <summary>
/// The places inside a cloud's data directory, named once. The directory itself and all that root runs or reads from is root's.
/// </summary>
public sealed record CloudDirectory(string Path)
{
    public const string Default = "/var/lib/sovereign";

    /// <summary>The installed program and its supervisor; only root writes here.</summary>
    public string Bin => Under("bin");
    public string Program => Under("bin/sovereign");
    public string WatchScript => Under("bin/watch.sh");

    /// <summary>Native libraries that the single file unpacks; unpacked once by root, read by every role.</summary>
    public string Native => Under("bin/native");

    /// <summary>The settings this cloud runs with; also the sign that the directory is a cloud's.</summary>
    public string Config => Under("config.yaml");

    /// <summary>The operator's overrides of access rules; need not be there.</summary>
    public string Policy => Under("policy.yaml");

    /// <summary>The control plane's own: database, keys, images. Owned by the user sovereign, closed to others.</summary>
    public string Control => Under("control");

    /// <summary>Where the two processes meet: the control plane's Unix socket.</summary>
    public string Run => Under("run");
    public string NodeSocket => Under("run/node.sock");

    /// <summary>Of a machine that joined another machine's cloud: where that is, and its key and certificates. Root's, closed to others.</summary>
    public string Join => Under("join");
    public string JoinSettings => Under("join/join.json");

    /// <summary>The node agent's own: disks, console logs, sockets of the hypervisor.</summary>
    public string Node => Under("node");

    /// <summary>The test image as installed, and the day on which it was built.</summary>
    public string TinyImage => Under("image/tiny.qcow2");
    public string TinyImageDate => Under("image/tiny.qcow2.date");

    public string Logs => Under("logs");
    public string ControlLog => Under("logs/sovereign.log");
    public string NodeLog => Under("logs/node.log");
    public string WatchLog => Under("logs/watch.log");

    public string ControlPid => Under("sovereign.pid");
    public string NodePid => Under("node.pid");
    public string WatchPid => Under("watch.pid");
    public string Lock => Under("up.lock");

    /// <summary>Written in place by the control plane (its owner) at first start: the operator's client configuration and the CA.</summary>
    public string Clouds => Under("clouds.yaml");
    public string CaCertificate => Under("ca.pem");

    /// <summary>Everything that a cloud makes at the top of its directory; what is not listed is not ours to remove.</summary>
    public IEnumerable<string> Entries =>
    [
        Bin, Control, Run, Node, Join, Under("image"), Logs, ControlPid, NodePid, WatchPid, Lock, Clouds, CaCertificate, Config, Policy,
        .. Directory.Exists(Path) ? Directory.EnumerateFiles(Path, "clouds.*.yaml") : [],
    ];

    public bool IsCloud => File.Exists(Config);

    /// <summary>True: the directory is a node of a cloud whose control plane is elsewhere.</summary>
    public bool IsJoined => File.Exists(JoinSettings);

    /// <summary>The same directory always under the same name: absolute, without a slash at the end, without links on the way.</summary>
    public static CloudDirectory At(string path)
        => new(WithoutLinks(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path))));

    private static string WithoutLinks(string path)
    {
        if (System.IO.Path.GetDirectoryName(path) is not { } parent) return path;
        var here = System.IO.Path.Combine(WithoutLinks(parent), System.IO.Path.GetFileName(path));
        return Directory.Exists(here) && new DirectoryInfo(here).ResolveLinkTarget(returnFinalTarget: true) is { } target
            ? WithoutLinks(target.FullName) : here;
    }

    private string Under(string name) => $"{Path}/{name}";
}
