using Sovereign.Node.Contract;

namespace Sovereign.Testing.Simulated;

/// <summary>A control plane for tests of the agent: its manifest is set item by item, and it keeps the latest observation of each. It
/// outlives the agent.</summary>
public sealed class ScriptedControlPlane : IControlPlane
{
    private readonly Dictionary<string, ManifestItem> items = [];
    private readonly List<NodeRequest> requests = [];
    private TaskCompletionSource moved = new();
    private readonly Lock gate = new();

    public NodeWelcome Welcome { get; init; } = new("c0ffee00-0000-4000-8000-000000000001", "0de00000-0000-4000-8000-000000000002");

    public string Incarnation { get; set; } = "first";

    public long Version { get; private set; }

    /// <summary>While true every call fails, as when the control plane is away.</summary>
    public bool Away { get; set; }

    public NodeFacts? Facts { get; private set; }

    public Dictionary<string, ItemReport> Observed { get; } = [];

    public List<NodeReport> Reports { get; } = [];

    public IReadOnlyList<string> Foreign { get; private set; } = [];

    public Dictionary<string, byte[]> Images { get; } = [];

    public Dictionary<string, byte[]> Answers { get; } = [];

    /// <summary>Called with each observation as it arrives.</summary>
    public Action<ItemReport>? OnReport { get; set; }

    public IReadOnlyCollection<ManifestItem> Items => items.Values;

    public void Set(ManifestItem item)
    {
        lock (gate)
        {
            items[item.Kind + "/" + item.Id] = item with { Version = ++Version };
            Wake();
        }
    }

    public void Set(NetworkSpec spec) => Set(new ManifestItem(ItemKinds.Network, spec.Id, 0) { Network = spec });

    public void Set(GroupSpec spec) => Set(new ManifestItem(ItemKinds.Group, spec.Id, 0) { Group = spec });

    public void Set(PortSpec spec) => Set(new ManifestItem(ItemKinds.Port, spec.Id, 0) { Port = spec });

    public void Set(RouterSpec spec) => Set(new ManifestItem(ItemKinds.Router, spec.Id, 0) { Router = spec });

    public void Set(DomainSpec spec) => Set(new ManifestItem(ItemKinds.Domain, spec.Id, 0) { Domain = spec });

    public void Set(DepartureSpec spec) => Set(new ManifestItem(ItemKinds.Departure, spec.Id, 0) { Departure = spec });

    public void Set(CarrySpec spec) => Set(new ManifestItem(ItemKinds.Carry, spec.Id, 0) { Carry = spec });

    public void Set(VolumeSpec spec) => Set(new ManifestItem(ItemKinds.Volume, spec.Id, 0) { Volume = spec });

    public void Set(VolumeSnapshotSpec spec) => Set(new ManifestItem(ItemKinds.VolumeSnapshot, spec.Id, 0) { VolumeSnapshot = spec });

    public void Set(VolumeContentSpec spec) => Set(new ManifestItem(ItemKinds.VolumeContent, spec.Id, 0) { VolumeContent = spec });

    public void Set(VolumeSwapSpec spec) => Set(new ManifestItem(ItemKinds.VolumeSwap, spec.Id, 0) { VolumeSwap = spec });

    public void Set(SnapshotSpec spec) => Set(new ManifestItem(ItemKinds.Snapshot, spec.Id, 0) { Snapshot = spec });

    /// <summary>The thing must be absent; the item goes when its absence was reported.</summary>
    public void Remove(string kind, string id) => Set(new ManifestItem(kind, id, 0));

    /// <summary>The journal forgets that the item ever was, as after a restore from backup.</summary>
    public void Unknow(string kind, string id)
    {
        lock (gate) items.Remove(kind + "/" + id);
    }

    public void Ask(NodeRequest request)
    {
        lock (gate)
        {
            requests.Add(request);
            Wake();
        }
    }

    public ItemState? StateOf(string kind, string id)
    {
        lock (gate) return Observed.TryGetValue(kind + "/" + id, out var report) ? report.State : null;
    }

    public Task<NodeWelcome> Hello(NodeFacts facts, CancellationToken stop)
    {
        Refuse();
        Facts = facts;
        return Task.FromResult(Welcome);
    }

    public async Task<NodeManifest?> NextManifest(string node, string incarnation, long version, CancellationToken stop)
    {
        while (true)
        {
            Refuse();
            Task wait;
            lock (gate)
            {
                var full = version == 0 || incarnation != Incarnation;
                if (full || Version > version || requests.Count > 0)
                {
                    NodeRequest[] asked = [.. requests];
                    requests.Clear();
                    return new NodeManifest(Welcome.Cloud, Welcome.Node, Incarnation, Version, full,
                        [.. items.Values.Where(i => full || i.Version > version)], asked);
                }
                wait = moved.Task;
            }
            await wait.WaitAsync(stop);
        }
    }

    public Task Report(NodeReport report, CancellationToken stop)
    {
        Refuse();
        lock (gate)
        {
            Reports.Add(report);
            Foreign = report.Foreign;
            foreach (var item in report.Items)
            {
                var key = item.Kind + "/" + item.Id;
                Observed[key] = item;
                if (item.State == ItemState.Absent && items.TryGetValue(key, out var wanted) && wanted.Absent) items.Remove(key);
            }
        }
        foreach (var item in report.Items) OnReport?.Invoke(item);
        return Task.CompletedTask;
    }

    /// <summary>What opening an image fails with; null: it does not.</summary>
    public Exception? ImageFault { get; set; }

    public Task<Stream> OpenImage(string digest, long offset, CancellationToken stop)
    {
        Refuse();
        if (ImageFault is { } fault) throw fault;
        if (!Images.TryGetValue(digest, out var bytes)) throw new IOException($"There is no image {digest}.");
        return Task.FromResult<Stream>(new MemoryStream(bytes, (int)offset, bytes.Length - (int)offset));
    }

    public async Task Answer(string ticket, Stream content, CancellationToken stop)
    {
        Refuse();
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, stop);
        lock (gate) Answers[ticket] = copy.ToArray();
    }

    /// <summary>Snapshots that arrived, by id.</summary>
    public Dictionary<string, byte[]> Snapshots { get; } = [];

    /// <summary>Passwords that guests left, by domain.</summary>
    public Dictionary<string, string> Passwords { get; } = new(StringComparer.Ordinal);

    public Task<bool> LeavePassword(string domain, string password, CancellationToken stop)
    {
        Refuse();
        lock (gate) return Task.FromResult(Passwords.TryAdd(domain, password));
    }

    public async Task Upload(string snapshot, Stream content, CancellationToken stop)
    {
        Refuse();
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, stop);
        lock (gate) Snapshots[snapshot] = copy.ToArray();
    }

    /// <summary>Disks between nodes.</summary>
    public SimulatedCarries Carries { get; } = new();

    public async Task<string> SendDisk(string carry, string name, Stream content, CancellationToken stop)
    {
        Refuse();
        return (await Carries.Keep(carry, name, content, stop)).Digest;
    }

    public Task<Stream> OpenDisk(string carry, string name, long offset, CancellationToken stop)
    {
        Refuse();
        var content = Carries.Open(carry, name);
        content.Seek(offset, SeekOrigin.Begin);
        return Task.FromResult(content);
    }

    /// <summary>Contents of volumes, by id.</summary>
    public Dictionary<string, byte[]> Contents { get; } = [];

    public async Task<string> SendContent(string id, Stream content, CancellationToken stop)
    {
        Refuse();
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, stop);
        lock (gate) Contents[id] = copy.ToArray();
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(copy.ToArray()));
    }

    public Task<Stream> OpenContent(string id, long offset, CancellationToken stop)
    {
        Refuse();
        lock (gate) return Task.FromResult<Stream>(new MemoryStream(Contents[id]) { Position = offset });
    }

    /// <summary>Consoles that are being carried, by ticket.</summary>
    public Dictionary<string, Stream> Consoles { get; } = [];

    public async Task Carry(string ticket, Stream console, CancellationToken stop)
    {
        Refuse();
        lock (gate) Consoles[ticket] = console;
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
    }

    /// <summary>Ends the waits, as when the connection is cut.</summary>
    public void Wake()
    {
        var before = moved;
        moved = new TaskCompletionSource();
        before.TrySetResult();
    }

    private void Refuse()
    {
        if (Away) throw new IOException("The control plane is away.");
    }
}
