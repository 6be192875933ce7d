using System.Collections.Concurrent;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

/// <summary>A cloud with volumes and simulated nodes; images are fakes with the same rules.</summary>
internal sealed class VolumeWorld : IAsyncDisposable
{
    public const string Image = "11111111-1111-4111-8111-111111111111";
    private readonly CancellationTokenSource stop = new();
    private Task agents = Task.CompletedTask;

    private VolumeWorld(TestCloud cloud, NodeHub hub, VolumeModule module, FakeImages images) => (Cloud, Hub, Module, Images) = (cloud, hub, module, images);

    public TestCloud Cloud { get; }

    public NodeHub Hub { get; }

    public VolumeModule Module { get; }

    public FakeImages Images { get; }

    public List<FakeNode> Nodes { get; } = [];

    public FakeNode Node => Nodes[0];

    /// <param name="freeGib">Room of each node's backend.</param>
    public static async Task<VolumeWorld> Start(int nodes = 1, string engine = "sqlite", long freeGib = 500, VolumeOptions? options = null)
    {
        NodeHub? hub = null;
        VolumeModule? module = null;
        FakeImages? images = null;
        var cloud = await TestCloud.Start(
            kernel =>
            {
                var node = new NodeModule(kernel);
                hub = node.Hub;
                images = new FakeImages(kernel);
                hub.SnapshotSink = images.Receive;
                var keys = new KeyManagerModule(kernel);
                module = new VolumeModule(kernel, hub, images, keys.Secrets, options ?? new VolumeOptions());
                hub.ContentSource = module.OpenContent;
                hub.ContentSink = module.ReceiveContent;
                return [node, keys, module];
            },
            engine: engine);
        var world = new VolumeWorld(cloud, hub!, module!, images!);
        for (var i = 0; i < nodes; i++) world.Nodes.Add(new FakeNode(hub!, $"node-{i:d3}", freeGib));
        foreach (var node in world.Nodes) await node.Hello(world.stop.Token);
        world.agents = Task.WhenAll(world.Nodes.Select(node => node.Run(world.stop.Token)));
        return world;
    }

    public Task<TestReply> Send(string method, string path, string? token = "member-a", object? body = null, string? version = null) => Cloud.Send(
        method, "/volume/v3" + path, token, body, version is null ? [] : [("OpenStack-API-Version", "volume " + version)]);

    /// <summary>Makes a volume and waits until it is there.</summary>
    public async Task<string> Volume(
        string members = "\"size\": 1", string token = "member-a", string? status = "available", string? version = null)
    {
        var reply = await Send("POST", "/volumes", token, $"{{\"volume\": {{{members}}}}}", version);
        Assert.True(reply.Status == 202, reply.Text);
        var id = (string)reply.Json["volume"]!["id"]!;
        if (status is not null) await Until("volumes", id, status, token);
        return id;
    }

    public async Task<string> Snapshot(string volume, string name = "s", string token = "member-a")
    {
        var reply = await Send("POST", "/snapshots", token, new { snapshot = new { volume_id = volume, name, force = true } });
        Assert.True(reply.Status == 202, reply.Text);
        var id = (string)reply.Json["snapshot"]!["id"]!;
        await Until("snapshots", id, "available", token);
        return id;
    }

    /// <summary>Waits until the resource shows this status; null waits until it is gone.</summary>
    public async Task<TestReply> Until(string collection, string id, string? status, string token = "member-a")
    {
        TestReply? reply = null;
        for (var i = 0; i < 800; i++)
        {
            reply = await Send("GET", $"/{collection}/{id}", token);
            if (status is null ? reply.Status == 404 : reply.Status == 200 && (string?)reply.Json[collection[..^1]]!["status"] == status) return reply;
            await Task.Delay(25);
        }

        throw new TimeoutException($"{collection} {id} does not become {status ?? "gone"}: {reply?.Text}");
    }

    public async Task Act(string id, string body, int status = 202, string token = "member-a", string? version = null)
    {
        var reply = await Send("POST", $"/volumes/{id}/action", token, body, version);
        Assert.True(reply.Status == status, $"{body}: {reply.Status} {reply.Text}");
    }

    /// <summary>One operation of compute on the interface that it sees.</summary>
    public async Task<T> Write<T>(Func<Tx, Outcome<T>> change)
    {
        var done = await Cloud.Kernel.Queue.Write<T>("test", Origin.System, change, CancellationToken.None);
        Assert.True(done.Ok, done.Fault?.Message);
        return done.Value;
    }

    public AccessGrant Grant(string token = "member-a") => new(Cloud.Callers[token], Reach.Project, Origin.System);

    public void Verified()
    {
        Assert.Empty(Cloud.Kernel.Quotas.Verify());
        Assert.Empty(Cloud.Kernel.Journal.Verify());
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        try
        {
            await agents;
        }
        catch (OperationCanceledException)
        {
            // That is how agents end.
        }

        await Cloud.DisposeAsync();
        stop.Dispose();
    }
}

/// <summary>A node that does at once what its manifest says, and reports it.</summary>
internal sealed class FakeNode(NodeHub hub, string name, long freeGib)
{
    private readonly ConcurrentDictionary<(string Kind, string Id), ManifestItem> items = new();
    private string node = "";

    public string Id => node;

    public ConcurrentDictionary<(string Kind, string Id), ManifestItem> Items => items;

    /// <summary>What an item should be reported as, instead of what was asked for.</summary>
    public Func<ManifestItem, ItemReport?>? Twist { get; set; }

    /// <summary>What a volume holds now; what its snapshots hold is copied from it.</summary>
    public ConcurrentDictionary<string, string> Bytes { get; } = new();

    public VolumeSpec Volume(string id) => items[(ItemKinds.Volume, id)].Volume!;

    public async Task Hello(CancellationToken stop)
    {
        var facts = new NodeFacts(name, "127.0.0.1", 64, 262_144, 10_000, "tcg", "qemu64", 7_002_022, "")
        {
            Backends = [new BackendFacts("files", "qcow2", false, "", freeGib, freeGib), new BackendFacts("pool", "rbd", true, "ceph/volumes", 100, 100)],
        };
        node = (await hub.Hello(facts, stop)).Node;
    }

    public async Task Run(CancellationToken stop)
    {
        var (incarnation, version) = ("", 0L);
        while (!stop.IsCancellationRequested)
        {
            var manifest = await hub.NextManifest(node, incarnation, version, stop);
            if (manifest is null) continue;
            (incarnation, version) = (manifest.Incarnation, manifest.Version);
            var reports = new List<ItemReport>();
            foreach (var item in manifest.Items) reports.Add(await Make(item, stop));
            if (reports.Count > 0) await hub.Report(new NodeReport(node, false, reports, []), stop);
        }
    }

    private async Task<ItemReport> Make(ManifestItem item, CancellationToken stop)
    {
        if (Twist?.Invoke(item) is { } twisted) return twisted;
        if (item.Absent)
        {
            items.TryRemove((item.Kind, item.Id), out _);
            return new ItemReport(item.Kind, item.Id, item.Version, ItemState.Absent);
        }

        var old = items.GetValueOrDefault((item.Kind, item.Id));
        items[(item.Kind, item.Id)] = item;
        try
        {
            await Content(item, old, stop);
        }
        catch (Exception failure) when (failure is Node.Machine.NodeException or FileNotFoundException)
        {
            return new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, failure.Message);
        }

        return new ItemReport(item.Kind, item.Id, item.Version, ItemState.Present);
    }

    /// <summary>Contents are texts: one of changes names what it stands on, as "+" and what the volume holds now.</summary>
    private async Task Content(ManifestItem item, ManifestItem? old, CancellationToken stop)
    {
        if (item.VolumeSnapshot is { } snapshot) Bytes.TryAdd(snapshot.Id, Bytes.GetValueOrDefault(snapshot.VolumeId, ""));
        if (old is null && item.Volume?.Source is { } source && (source.VolumeId ?? source.SnapshotId) is { } from) Bytes[item.Id] = Bytes.GetValueOrDefault(from, "");
        if (item.VolumeContent is { Format: "backup" } backup)
        {
            var text = (backup.SinceSnapshotId is null ? "" : "+") + Bytes.GetValueOrDefault(backup.SnapshotId!, "");
            await hub.SendContent(item.Id, new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)), stop);
        }
        else if (item.VolumeContent is not null) await hub.Upload(item.Id, new MemoryStream([1, 2, 3]), stop);
        if (item.Volume?.Source?.Contents is not { } contents || (old is not null && old.Volume!.Generation >= item.Volume.Generation)) return;
        var restored = "";
        foreach (var kept in contents)
        {
            await using var content = await hub.OpenContent(kept.Id, 0, stop);
            using var copy = new MemoryStream();
            await content.CopyToAsync(copy, stop);
            if (copy.Length != kept.Bytes || Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(copy.ToArray())) != kept.Digest)
            {
                throw new Node.Machine.NodeException("Another digest.");
            }

            restored += System.Text.Encoding.UTF8.GetString(copy.ToArray());
        }

        Bytes[item.Id] = restored;
    }
}

/// <summary>One image that is there, and those that are made of volumes: their bytes are not looked at.</summary>
internal sealed class FakeImages(KernelServices kernel) : IImages
{
    private readonly ConcurrentDictionary<string, (string Project, DiskImage Image, string Status)> made = new();

    public IEnumerable<(string Id, DiskImage Image, string Status)> Made => made.Select(image => (image.Key, image.Value.Image, image.Value.Status));

    public void KeepFor(Func<Session, string, bool> standsOn)
    {
    }

    public void Left(Tx tx, string digest)
    {
    }

    public IImageCatalog Catalog => throw new NotSupportedException("The whole cloud's tests ask for it.");

    public Outcome<string> Announce(Tx tx, AccessGrant access, DiskImage image)
    {
        var id = kernel.Ids.Uuid();
        made[id] = (access.ProjectId, image, "queued");
        return id;
    }

    public Task<Outcome<Done>> Receive(string imageId, Stream content, CancellationToken stop)
    {
        if (!made.TryGetValue(imageId, out var image)) return Task.FromResult<Outcome<Done>>(new Fault.Gone("The image is gone."));
        made[imageId] = image with { Status = "active" };
        return Task.FromResult<Outcome<Done>>(Done.Value);
    }

    public void Describe(Tx tx, string imageId, IReadOnlyDictionary<string, string> properties)
    {
    }

    public string? StatusOf(Session session, string imageId) => made.TryGetValue(imageId, out var image) ? image.Status : null;

    public void Remove(Tx tx, string imageId) => made.TryRemove(imageId, out _);

    public IReadOnlyList<string> Having(Session session, string projectId, IReadOnlyDictionary<string, string> properties) => [];

    public Outcome<ImageInfo> Find(AccessGrant access, string imageId) => imageId == VolumeWorld.Image
        ? new ImageInfo(
            imageId, "tiny", "", "active", "public", "qcow2", new string('a', 64), 13_000_000, 2L << 30, 1, 64,
            new Dictionary<string, string> { ["hw_disk_bus"] = "scsi" })
        : new Fault.NotFound("Image", imageId);

    public Outcome<Stream> OpenContent(string digest) => new Fault.NotFound("Image", digest);
}
