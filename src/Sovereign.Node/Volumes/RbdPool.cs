using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Volumes;

/// <summary>An operator's place of volumes in a Ceph cluster.</summary>
/// <param name="Name">Name of the backend, "ceph".</param>
/// <param name="Pool">A pool for this cloud alone.</param>
/// <param name="User">The Ceph user without "client.", whose caps are those of "profile rbd" on the pool.</param>
/// <param name="ConfPath">The cluster's ceph.conf.</param>
/// <param name="KeyringPath">The user's keyring.</param>
public sealed record RbdOptions(string Name, string Pool, string User, string ConfPath, string KeyringPath);

/// <summary>An image as the tool tells of it.</summary>
internal sealed record RbdInfo(string Id, long Size, RbdParent? Parent);

/// <param name="Trash">True: the image is in the trash, and goes when nothing stands on it.</param>
internal sealed record RbdParent(string Image, string Id, string Snapshot, bool Trash);

internal sealed record RbdSnapshot(string Name, long Size);

internal sealed record RbdTrashed(string Id, string Name);

/// <param name="Exists">"true" or "false": it was written, or became zeros.</param>
internal sealed record RbdExtent(long Offset, long Length, string Exists);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RbdInfo))]
[JsonSerializable(typeof(List<RbdSnapshot>))]
[JsonSerializable(typeof(List<RbdTrashed>))]
[JsonSerializable(typeof(List<RbdExtent>))]
[JsonSerializable(typeof(List<string>))]
internal sealed partial class RbdJson : JsonSerializerContext;

/// <summary>A pool by Ceph's own tools. What is absent is null or success; every other failure is the tool's words.</summary>
internal sealed class RbdPool(RbdOptions options, string directory, ProcessRunner runner)
{
    private const int Absent = 2, Exists = 17, NotEmpty = 39;
    private const long GibBytes = 1L << 30;
    private static readonly TimeSpan toolLimit = TimeSpan.FromMinutes(2);

    /// <summary>Removing gives back what was written, piece by piece.</summary>
    private static readonly TimeSpan removeLimit = TimeSpan.FromHours(2);

    private string Conf => Path.Combine(directory, "ceph.conf");

    private string Keyring => Path.Combine(directory, "keyring");

    /// <summary>What QEMU's user reads to reach the pool: copies of the operator's files, as they are now.</summary>
    public IReadOnlyList<string> Files()
    {
        PassableDirectory.Ensure(directory);
        foreach (var path in new[] { options.ConfPath, options.KeyringPath })
            if (!File.Exists(path)) throw new NodeException($"The file {path} of the volumes' place '{options.Name}' is not on this node. Put it there.");
        var more = $"\n[client.{options.User}]\nkeyring = {Keyring}\nadmin socket =\nlog file =\n";
        Copy(File.ReadAllText(options.ConfPath) + more, Conf);
        Copy(File.ReadAllText(options.KeyringPath), Keyring);
        return [Conf, Keyring];
    }

    public JsonObject Node(string image, string? snapshot)
    {
        var node = new JsonObject { ["driver"] = "rbd", ["pool"] = options.Pool, ["image"] = image, ["user"] = options.User, ["conf"] = Conf };
        if (snapshot is not null) node["snapshot"] = snapshot;
        return node;
    }

    /// <summary>The name by which qemu-img makes an image.</summary>
    public string Url(string image) => $"rbd:{options.Pool}/{image}:id={options.User}:conf={Conf}";

    public async Task<BackendFacts> Facts(CancellationToken stop)
    {
        Files();
        string[] access = ["--conf", Conf, "--id", options.User, "--connect-timeout", "10"];
        var cluster = (await runner.Must("ceph", [.. access, "fsid"], stop)).Trim();
        using var usage = JsonDocument.Parse(await runner.Must("ceph", [.. access, "df", "--format", "json"], stop));
        foreach (var pool in usage.RootElement.GetProperty("pools").EnumerateArray())
        {
            if (pool.GetProperty("name").GetString() != options.Pool) continue;
            var stats = pool.GetProperty("stats");
            var (stored, free) = (stats.GetProperty("stored").GetInt64(), stats.GetProperty("max_avail").GetInt64());
            return new BackendFacts(options.Name, "rbd", true, $"{cluster}/{options.Pool}", (stored + free) / GibBytes, free / GibBytes);
        }
        throw new NodeException($"The Ceph cluster {cluster} has no pool '{options.Pool}'. Make it, or name another one.");
    }

    public async Task<List<string>> Images(CancellationToken stop) =>
        JsonSerializer.Deserialize(await Must(["ls", "--format", "json", options.Pool], stop), RbdJson.Default.ListString) ?? [];

    public async Task<List<RbdTrashed>> Trash(CancellationToken stop) =>
        JsonSerializer.Deserialize(await Must(["trash", "ls", "--format", "json", options.Pool], stop), RbdJson.Default.ListRbdTrashed) ?? [];

    public async Task<RbdInfo?> Info(string image, CancellationToken stop) => Parse(await Ask(["info", "--format", "json", Spec(image)], [Absent], stop));

    public async Task<RbdInfo?> InfoOfTrashed(string id, CancellationToken stop) =>
        Parse(await Ask(["info", "--format", "json", "--pool", options.Pool, "--image-id", id], [Absent], stop));

    public async Task<List<RbdSnapshot>> Snapshots(string image, CancellationToken stop)
    {
        var answer = await Ask(["snap", "ls", "--format", "json", Spec(image)], [Absent], stop);
        return answer.ExitCode == 0 ? JsonSerializer.Deserialize(answer.Output, RbdJson.Default.ListRbdSnapshot) ?? [] : [];
    }

    /// <summary>Whether something stands on a snapshot.</summary>
    public async Task<bool> HasChildren(string image, string snapshot, CancellationToken stop)
    {
        var answer = await Ask(["children", "--all", "--format", "json", Spec(image, snapshot)], [Absent], stop);
        return answer.ExitCode == 0 && answer.Output.Contains('{', StringComparison.Ordinal);
    }

    public Task Create(string image, long sizeBytes, CancellationToken stop) => Must(["create", "--size", Size(sizeBytes), Spec(image)], stop);

    public Task Resize(string image, long sizeBytes, CancellationToken stop) => Must(["resize", "--no-progress", "--size", Size(sizeBytes), Spec(image)], stop);

    // The second format of clones: its snapshots need no protection, and go when nothing stands on them.
    public Task Clone(string image, string snapshot, string to, CancellationToken stop) =>
        Must(["clone", "--rbd-default-clone-format", "2", Spec(image, snapshot), Spec(to)], stop);

    public Task TakeSnapshot(string image, string snapshot, CancellationToken stop) =>
        Ask(["snap", "create", "--no-progress", Spec(image, snapshot)], [Exists], stop);

    public Task DropSnapshot(string image, string snapshot, CancellationToken stop) =>
        Ask(["snap", "rm", "--no-progress", Spec(image, snapshot)], [Absent], stop);

    /// <summary>Gives an image its name; false: that name is taken.</summary>
    public async Task<bool> Rename(string from, string to, CancellationToken stop) => (await Ask(["rename", Spec(from), Spec(to)], [Exists], stop)).ExitCode == 0;

    /// <summary>Removes an image without snapshots of its own; one that something stands on goes to the trash until nothing does.</summary>
    public async Task Remove(string image, CancellationToken stop)
    {
        if ((await Ask(["rm", "--no-progress", Spec(image)], [Absent, NotEmpty], stop, removeLimit)).ExitCode == NotEmpty)
            await Ask(["trash", "mv", Spec(image)], [Absent], stop);
    }

    /// <summary>False: something stands on it.</summary>
    public async Task<bool> RemoveTrashed(string id, CancellationToken stop) => (await Ask(
        ["trash", "rm", "--no-progress", "--pool", options.Pool, "--image-id", id], [Absent, NotEmpty], stop, removeLimit)).ExitCode != NotEmpty;

    /// <summary>What was written, in an image as it is or was at a snapshot.</summary>
    /// <param name="since">Only since this snapshot; null: ever.</param>
    public async Task<List<RbdExtent>> Written(string image, string? snapshot, string? since, CancellationToken stop)
    {
        string[] from = since is null ? [] : ["--from-snap", since];
        var text = await Must(["diff", "--format", "json", .. from, Spec(image, snapshot)], stop);
        return JsonSerializer.Deserialize(text, RbdJson.Default.ListRbdExtent) ?? [];
    }

    private async Task<string> Must(IReadOnlyList<string> arguments, CancellationToken stop) => (await Ask(arguments, [], stop)).Output;

    /// <param name="also">Exit codes that are answers too.</param>
    private async Task<RunResult> Ask(IReadOnlyList<string> arguments, int[] also, CancellationToken stop, TimeSpan? limit = null)
    {
        if (!File.Exists(Conf)) Files();
        var result = await runner.Run("rbd", ["--conf", Conf, "--id", options.User, .. arguments], stop, limit: limit ?? toolLimit).ConfigureAwait(false);
        // An image that is absent and a pool that is absent have the same code.
        if (result.ExitCode == 0 || (also.Contains(result.ExitCode) && !result.Error.Contains("error opening pool", StringComparison.Ordinal))) return result;
        throw new NodeException($"rbd {string.Join(' ', arguments)} ended with code {result.ExitCode}: {result.Error.Trim()}");
    }

    private string Spec(string image, string? snapshot = null) => snapshot is null ? $"{options.Pool}/{image}" : $"{options.Pool}/{image}@{snapshot}";

    private static RbdInfo? Parse(RunResult answer) => answer.ExitCode == 0 ? JsonSerializer.Deserialize(answer.Output, RbdJson.Default.RbdInfo) : null;

    private static string Size(long bytes) => bytes.ToString(CultureInfo.InvariantCulture) + "B";

    // A QEMU of another user may be reading the file that is there.
    private static void Copy(string text, string path)
    {
        if (File.Exists(path) && File.ReadAllText(path) == text) return;
        var fresh = new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var file = new FileStream(path + ".new", fresh)) file.Write(System.Text.Encoding.UTF8.GetBytes(text));
        File.Move(path + ".new", path, overwrite: true);
    }
}
