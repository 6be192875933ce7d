using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Placement;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulated;
using Sovereign.Volume;
using Xunit;

namespace Sovereign.Compute.Tests;

/// <summary>A cloud with compute and simulated nodes; images, networks and placement are fakes with the same rules.</summary>
internal sealed class ComputeWorld : IAsyncDisposable
{
    public const string Image = "11111111-1111-4111-8111-111111111111";
    public const string PrivateImage = "22222222-2222-4222-8222-222222222222";
    public const string Network = "33333333-3333-4333-8333-333333333333";
    private readonly CancellationTokenSource stop = new();
    private Task agents = Task.CompletedTask;

    private ComputeWorld(TestCloud cloud, NodeHub hub, FakeNetworks networks, FakePlacement placement, FakeImages images) =>
        (Cloud, Hub, Networks, Placement, Images) = (cloud, hub, networks, placement, images);

    public FakeImages Images { get; }

    public TestCloud Cloud { get; }

    public NodeHub Hub { get; }

    public FakeNetworks Networks { get; }

    public FakePlacement Placement { get; }

    public List<FakeAgent> Nodes { get; } = [];

    public static async Task<ComputeWorld> Start(int nodes = 1, string engine = "sqlite")
    {
        NodeHub? hub = null;
        FakeNetworks? networks = null;
        FakePlacement? placement = null;
        FakeImages? images = null;
        var cloud = await TestCloud.Start(
            kernel =>
            {
                var node = new NodeModule(kernel);
                hub = node.Hub;
                images = new FakeImages(kernel);
                node.Hub.SnapshotSink = images.Receive;
                networks = new FakeNetworks(kernel, hub);
                placement = new FakePlacement();
                var keys = new KeyManagerModule(kernel);
                var volume = new VolumeModule(kernel, hub, images, keys.Secrets, new VolumeOptions());
                var compute = new ComputeModule(kernel, hub, images, placement, networks, volume.Volumes, new ComputeOptions());
                hub.PasswordSink = compute.LeavePassword;
                return [node, keys, volume, compute];
            },
            engine: engine);
        var world = new ComputeWorld(cloud, hub!, networks!, placement!, images!);
        for (var i = 0; i < nodes; i++) world.Nodes.Add(new FakeAgent(hub!, $"node-{i:d3}"));
        foreach (var agent in world.Nodes) await agent.Hello(world.stop.Token);
        world.agents = Task.WhenAll(world.Nodes.Select(agent => agent.Run(world.stop.Token)));
        return world;
    }

    public Task<TestReply> Send(string method, string path, string? token = "member-a", object? body = null, string? version = null) =>
        Cloud.Send(method, "/compute/v2.1" + path, token, body, version is null ? [] : [("OpenStack-API-Version", "compute " + version)]);

    public Task<TestReply> Volumes(string method, string path, string? token = "member-a", object? body = null) =>
        Cloud.Send(method, "/volume/v3" + path, token, body, [("OpenStack-API-Version", "volume 3.67")]);

    /// <summary>Waits until the volume has this status; null waits until it is gone.</summary>
    public async Task<TestReply> UntilVolume(string id, string? status)
    {
        for (var i = 0; i < 800; i++)
        {
            var reply = await Volumes("GET", "/volumes/" + id);
            if (status is null ? reply.Status == 404 : reply.Status == 200 && (string?)reply.Json["volume"]!["status"] == status) return reply;
            await Task.Delay(25);
        }

        throw new TimeoutException($"Volume {id} does not become {status ?? "gone"}: {(await Volumes("GET", "/volumes/" + id)).Text}");
    }

    /// <summary>The id of the flavor with this name.</summary>
    public async Task<string> Flavor(string name = "SCS-1L-1") =>
        (await Send("GET", "/flavors")).Json["flavors"]!.AsArray().Single(f => (string)f!["name"]! == name)!["id"]!.GetValue<string>();

    public async Task<string> Create(string name = "vm", string token = "member-a", object? networks = null)
    {
        var reply = await Send("POST", "/servers", token, new
        {
            server = new { name, imageRef = Image, flavorRef = await Flavor(), networks = networks ?? new[] { new { uuid = Network } } },
        });
        Assert.True(reply.Status == 202, reply.Text);
        return (string)reply.Json["server"]!["id"]!;
    }

    /// <summary>What the reconcilers do next: looked at again and again for ten seconds.</summary>
    public static async Task Eventually(Func<bool> condition)
    {
        for (var i = 0; i < 400 && !condition(); i++) await Task.Delay(25);
        Assert.True(condition());
    }

    /// <summary>Waits until the server shows this status; null waits until it is gone.</summary>
    public async Task<TestReply> Until(string id, string? status, string token = "member-a")
    {
        for (var i = 0; i < 2400; i++)
        {
            var reply = await Send("GET", "/servers/" + id, token, version: "2.1");
            if (status is null ? reply.Status == 404 : reply.Status == 200 && (string?)reply.Json["server"]!["status"] == status
                && reply.Json["server"]!["OS-EXT-STS:task_state"] is null) return reply;
            await Task.Delay(25);
        }

        throw new TimeoutException($"Server {id} does not become {status ?? "gone"}: {(await Send("GET", "/servers/" + id, token)).Text}");
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

/// <summary>Two images that are there, and those that are made of disks: their bytes are not looked at.</summary>
internal sealed class FakeImages(KernelServices kernel) : IImages
{
    private readonly ConcurrentDictionary<string, (string Project, DiskImage Image, string Status, long At)> made = new();
    private long last;

    public Func<Session, string, bool> StandsOn { get; private set; } = (_, _) => false;

    public ConcurrentBag<string> WasLeft { get; } = [];

    public IEnumerable<(string Id, DiskImage Image, string Status)> Made =>
        made.OrderBy(image => image.Value.At).Select(image => (image.Key, image.Value.Image, image.Value.Status));

    public void KeepFor(Func<Session, string, bool> standsOn) => StandsOn = standsOn;

    public void Left(Tx tx, string digest) => tx.AfterCommit(() => WasLeft.Add(digest));

    public IImageCatalog Catalog => throw new NotSupportedException("The whole cloud's tests ask for it.");

    public Outcome<string> Announce(Tx tx, AccessGrant access, DiskImage image)
    {
        var id = kernel.Ids.Uuid();
        made[id] = (access.ProjectId, image, image.Empty ? "active" : "queued", Interlocked.Increment(ref last));
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
        if (!made.TryGetValue(imageId, out var image)) return;
        made[imageId] = image with { Image = image.Image with { Properties = image.Image.Properties.Concat(properties).ToDictionary() } };
    }

    public string? StatusOf(Session session, string imageId) => made.TryGetValue(imageId, out var image) ? image.Status : null;

    public void Remove(Tx tx, string imageId) => made.TryRemove(imageId, out _);

    public IReadOnlyList<string> Having(Session session, string projectId, IReadOnlyDictionary<string, string> properties) =>
        [.. made.Where(image => image.Value.Project == projectId && properties.All(p => image.Value.Image.Properties.GetValueOrDefault(p.Key) == p.Value))
            .OrderByDescending(image => image.Value.At).Select(image => image.Key)];

    public Outcome<ImageInfo> Find(AccessGrant access, string imageId)
    {
        if (made.TryGetValue(imageId, out var disk) && access.Covers(disk.Project))
        {
            return Info(imageId, "private", disk.Project) with { Status = disk.Status, Digest = new string('b', 64), Properties = disk.Image.Properties };
        }

        if (imageId == ComputeWorld.Image) return Info(imageId, "public", "");
        return imageId == ComputeWorld.PrivateImage && access.Covers(TestCallers.Id("project-b")) ? Info(imageId,
            "private", TestCallers.Id("project-b")) : new Fault.NotFound("Image", imageId);
    }

    public Outcome<Stream> OpenContent(string digest) =>
        digest == new string('a', 64) ? Outcome.Of<Stream>(new MemoryStream([1])) : new Fault.NotFound("Image", digest);

    private static ImageInfo Info(string id, string visibility, string project) => new(
        id, "tiny", project, "active", visibility, "qcow2", new string('a', 64), 13_000_000, 100L << 20, 0, 64,
        new Dictionary<string, string> { ["hw_disk_bus"] = "scsi", ["os_distro"] = "cirros" });
}

/// <summary>One network for everybody; ports in memory.</summary>
internal sealed class FakeNetworks(KernelServices kernel, INodes nodes) : INetworks
{
    private readonly ConcurrentDictionary<string, IReadOnlyList<PortInfo>> ports = new();
    private readonly List<Action<Tx, string>> listeners = [];
    private int last = 10;

    public ISecurityGroups SecurityGroups => throw new NotSupportedException("The whole cloud's tests ask for them.");

    public INetworkCatalog Catalog => throw new NotSupportedException("The whole cloud's tests ask for it.");

    public Outcome<IReadOnlyList<NicRequest>> DefaultNics(Session session, AccessGrant access) =>
        Outcome.Of<IReadOnlyList<NicRequest>>([new NicRequest(ComputeWorld.Network, null, null, null)]);

    public Fault? CannotAllocate(Session session, AccessGrant access) => null;

    public Outcome<NicRequest> Allocate(Tx tx, AccessGrant access) => new NicRequest(ComputeWorld.Network, null, null, null);

    public Outcome<IReadOnlyList<PortInfo>> Attach(
        Tx tx, AccessGrant access, string serverId, string serverHostName, string zone, IReadOnlyList<NicRequest> nics, IReadOnlyList<string> securityGroups)
    {
        if (nics.FirstOrDefault(nic => nic.NetworkId != ComputeWorld.Network) is { } foreign)
        {
            return new Fault.NotFound("Network", foreign.NetworkId ?? foreign.PortId!);
        }
        if (securityGroups.FirstOrDefault(group => group is not "default") is { } unknown) return new Fault.NotFound("Security group", unknown);
        var made = nics.Select(nic => Port(nic, serverHostName)).ToList();
        ports[serverId] = [.. ports.GetValueOrDefault(serverId, []), .. made];
        return Outcome.Of<IReadOnlyList<PortInfo>>(made);
    }

    public void Bind(Tx tx, string serverId, string nodeId)
    {
        foreach (var port in ports[serverId])
        {
            nodes.Put(tx, nodeId, new ManifestItem(ItemKinds.Port, port.Id, 0)
            {
                Port = new PortSpec(port.Id, port.NetworkId, serverId, port.Mac, [], true, true, [], [], port.DnsName),
            });
        }
    }

    public void Admit(Tx tx, string serverId, string nodeId) => Bind(tx, serverId, nodeId);

    public void Dismiss(Tx tx, string serverId)
    {
    }

    public void Unbind(Tx tx, string serverId)
    {
        foreach (var port in ports[serverId])
        {
            foreach (var node in nodes.NodesOf(tx, ItemKinds.Port, port.Id)) nodes.Remove(tx, node, ItemKinds.Port, port.Id);
        }
    }

    public void Detach(Tx tx, string serverId) => ports.TryRemove(serverId, out _);

    public void DetachPort(Tx tx, string serverId, string portId)
    {
        ports[serverId] = [.. ports[serverId].Where(port => port.Id != portId)];
        foreach (var node in nodes.NodesOf(tx, ItemKinds.Port, portId)) nodes.Remove(tx, node, ItemKinds.Port, portId);
    }

    public Outcome<Done> SetGroup(Tx tx, AccessGrant access, string serverId, string group, bool member)
    {
        if (group is not ("default" or "web")) return new Fault.NotFound("Security group", group);
        ports[serverId] = [.. ports[serverId].Select(port => port with
        {
            SecurityGroupNames = member ? [.. port.SecurityGroupNames, group] : [.. port.SecurityGroupNames.Where(name => name != group)],
        })];
        foreach (var listener in listeners) listener(tx, serverId);
        return Done.Value;
    }

    public bool Gone(Session session, string serverId) => ports.GetValueOrDefault(serverId, []).All(port => nodes.NodesOf(session, ItemKinds.Port, port.Id).Count == 0);

    public IReadOnlyDictionary<string, IReadOnlyList<PortInfo>> PortsOf(Session session, IReadOnlyCollection<string> serverIds) =>
        serverIds.Where(ports.ContainsKey).ToDictionary(id => id, id => ports[id]);

    public void OnPortChange(Action<Tx, string> serverChanged) => listeners.Add(serverChanged);

    /// <summary>Gives the server's first port a floating address.</summary>
    public Task Float(string serverId, string address) => kernel.Queue.Write<Done>("test.float", Origin.System, tx =>
    {
        var port = ports[serverId][0];
        ports[serverId] = [port with { FloatingIps = new Dictionary<string, string> { [port.Addresses[0].Address] = address } }];
        foreach (var listener in listeners) listener(tx, serverId);
        return Done.Value;
    });

    private PortInfo Port(NicRequest nic, string name)
    {
        var number = Interlocked.Increment(ref last);
        var address = nic.FixedIp ?? $"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}";
        return new PortInfo(
            kernel.Ids.Uuid(), ComputeWorld.Network, "net", $"fa:16:3e:00:{(number >> 8) & 255:x2}:{number & 255:x2}", 1450,
            [new PortAddress("44444444-4444-4444-8444-444444444444", address, "10.0.0.0/8", "10.0.0.1", true, ["9.9.9.9"], [])],
            ["55555555-5555-4555-8555-555555555555"], ["default"], "DOWN", true, new Dictionary<string, string>(), name);
    }
}
