using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Disks;
using Sovereign.Node.Fabric;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;
using Sovereign.Node.Volumes;

namespace Sovereign.Testing.Simulated;

/// <summary>A fabric in memory.</summary>
public sealed class SimulatedFabric(SimulatedMachine world) : IFabric
{
    public async Task<string> Open(CancellationToken stop)
    {
        await world.Effect("fabric.open", () => { });
        return "198.18.0.0/24";
    }

    public Task EnsureNetwork(NetworkSpec network, CancellationToken stop) => world.Effect("fabric.ensure-network", () =>
        world.Networks[network.Id] = network);

    public Task RemoveNetwork(string id, CancellationToken stop) => world.Effect("fabric.remove-network", () =>
    {
        if (world.Ports.Values.Any(p =>
            p.NetworkId == id)) throw new InvalidOperationException($"Network {id} is removed before its ports.");
        world.Networks.Remove(id);
    });

    public Task EnsureGroup(GroupSpec group, CancellationToken stop) => world.Effect("fabric.ensure-group", () =>
        world.Groups[group.Id] = group);

    public Task RemoveGroup(string id, CancellationToken stop) => world.Effect("fabric.remove-group", () => world.Groups.Remove(id));

    public Task EnsurePort(PortSpec port, IReadOnlyList<GroupSpec> groups, CancellationToken stop) => world.Effect("fabric.ensure-port",
        () =>
    {
        if (!world.Networks.ContainsKey(port.NetworkId)) throw new InvalidOperationException($"Port {port.Id} is made before its network.");
        if (port.GroupIds.Any(g =>
            !world.Groups.ContainsKey(g))) throw new InvalidOperationException($"Port {port.Id} is made before its groups.");
        world.Ports[port.Id] = port;
    });

    public Task RemovePort(string id, CancellationToken stop) => world.Effect("fabric.remove-port", () =>
    {
        if (world.Balancers.Values.Any(balancer => balancer.PortId == id))
            throw new InvalidOperationException($"Port {id} is removed before the load balancer on it.");
        world.Ports.Remove(id);
    });

    public Task EnsureRouter(RouterSpec router, CancellationToken stop) => world.Effect("fabric.ensure-router", () =>
        world.Routers[router.Id] = router);

    public Task RemoveRouter(string id, CancellationToken stop) => world.Effect("fabric.remove-router", () => world.Routers.Remove(id));

    public Task<IReadOnlyList<FabricThing>> List(CancellationToken stop) => Task.FromResult<IReadOnlyList<FabricThing>>(
    [
        .. world.Networks.Keys.Select(id => new FabricThing(ItemKinds.Network, id)), .. world.Ports.Keys.Select(id =>
            new FabricThing(ItemKinds.Port, id)),
        .. world.Routers.Keys.Select(id => new FabricThing(ItemKinds.Router, id)),
    ]);
}

/// <summary>Virtual machines in memory.</summary>
public sealed partial class SimulatedHypervisor(SimulatedMachine world) : IHypervisor
{
    public Action<string>? Changed { get => world.Changed; set => world.Changed = value; }

    public Task<HypervisorFacts> Probe(CancellationToken stop) => Task.FromResult(new HypervisorFacts("tcg", 7_002_022));

    public Task<IReadOnlyList<DomainSight>> List(CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<DomainSight>>([.. world.Domains.Keys.Order(StringComparer.Ordinal).Select(Sight)]);

    public async Task<DomainSight> Look(string id, CancellationToken stop)
    {
        await world.Effect("hypervisor.look", () => { });
        return Sight(id);
    }

    public Task Start(DomainSpec domain, DomainDisks disks, CancellationToken stop) => world.Effect("hypervisor.start", () =>
    {
        if (domain.Root is not null && !world.Disks.ContainsKey(domain.Id)) throw new InvalidOperationException($"Domain {domain.Id} is started before its disk "
            + "is made.");
        if (domain.Nics.Any(n =>
            !world.Ports.ContainsKey(n.PortId))) throw new InvalidOperationException($"Domain {domain.Id} is started before its ports "
                + "are made.");
        if (!world.Domains.TryGetValue(domain.Id, out var known)) world.Domains[domain.Id] = known = new SimulatedDomain();
        if (known.Power is DomainPower.Running or DomainPower.Paused) return;
        if (known.Power is DomainPower.Arriving or DomainPower.Departed) throw new InvalidOperationException($"Domain {domain.Id} is started while it is on its way.");
        known.Volumes.Clear();
        known.Mirrors.Clear();
        if (known.Power != DomainPower.Suspended || known.Boots < domain.RebootCount) known.Starts++;
        foreach (var place in disks.Volumes) Open(known, place);
        (known.Power, known.Boots, known.Nics) = (DomainPower.Running, domain.RebootCount, [.. domain.Nics.Select(n => n.PortId)]);
    });

    public Task Pause(string id, CancellationToken stop) => world.Effect("hypervisor.pause", () =>
    {
        if (world.Domains.TryGetValue(id, out var domain) && domain.Power == DomainPower.Running) domain.Power = DomainPower.Paused;
    });

    public Task Unpause(string id, CancellationToken stop) => world.Effect("hypervisor.unpause", () =>
    {
        if (world.Domains.TryGetValue(id, out var domain) && domain.Power == DomainPower.Paused) domain.Power = DomainPower.Running;
    });

    public Task Suspend(string id, CancellationToken stop) => world.Effect("hypervisor.suspend", () =>
    {
        if (world.Domains.TryGetValue(id, out var domain)
            && domain.Power is DomainPower.Running or DomainPower.Paused) domain.Power = DomainPower.Suspended;
    });

    public async Task<IReadOnlyList<string>> Fit(DomainSpec domain, Func<string, Task<VolumePlace>> open, CancellationToken stop)
    {
        var wanted = domain.Nics.Select(n => n.PortId).ToList();
        if (!world.Domains.TryGetValue(domain.Id, out var known)) return [];
        if (!known.Nics.SequenceEqual(wanted))
        {
            await world.Effect("hypervisor.fit-nics", () =>
            {
                if (wanted.Exists(n => !world.Ports.ContainsKey(n)))
                    throw new InvalidOperationException($"A NIC of {domain.Id} is made before its port.");
                known.Nics = wanted;
            });
        }
        var going = known.Volumes.Keys.Where(id => domain.Volumes.All(disk => disk.VolumeId != id)).ToList();
        if (going.Count > 0 && !world.GuestsKeepVolumes) await world.Effect("hypervisor.unplug", () => going.ForEach(id => known.Volumes.Remove(id)));
        foreach (var disk in domain.Volumes)
        {
            var place = await open(disk.VolumeId);
            if (known.Volumes.GetValueOrDefault(disk.VolumeId) < place.Head) await world.Effect("hypervisor.plug", () => Open(known, place));
        }
        return world.GuestsKeepVolumes ? going : [];
    }

    public Task<IReadOnlyList<string>> VolumesOf(string id, CancellationToken stop) => Task.FromResult<IReadOnlyList<string>>(
        world.Domains.TryGetValue(id, out var domain) && domain.Power is DomainPower.Running or DomainPower.Paused ? [.. domain.Volumes.Keys] : []);

    public Task Follow(string id, IReadOnlyList<VolumePlace> places, CancellationToken stop) => world.Effect("hypervisor.follow", () =>
    {
        foreach (var place in places) Open(world.Domains[id], place);
    });

    public Task Grow(string id, VolumePlace place, long sizeBytes, CancellationToken stop) => world.Effect("hypervisor.grow", () =>
    {
        var known = world.Volumes[place.VolumeId];
        world.Volumes[place.VolumeId] = known with { Spec = known.Spec with { SizeBytes = sizeBytes } };
    });

    public async Task<bool> Mirror(string id, VolumeDiskSpec disk, VolumePlace to, CancellationToken stop)
    {
        if (!world.Domains.TryGetValue(id, out var domain) || domain.Power is not (DomainPower.Running or DomainPower.Paused))
            throw new NodeException($"The server {id} does not run.");
        if (domain.Volumes.ContainsKey(to.VolumeId)) return true;
        await world.Effect("hypervisor.mirror", () =>
        {
            if (!domain.Volumes.ContainsKey(disk.VolumeId)) throw new InvalidOperationException($"Domain {id} has no volume {disk.VolumeId} to copy.");
            domain.Mirrors[disk.VolumeId] = to.VolumeId;
        });
        return true;
    }

    public async Task Pivot(string id, string volumeId, VolumePlace to, CancellationToken stop)
    {
        if (!world.Domains.TryGetValue(id, out var domain) || domain.Power is not (DomainPower.Running or DomainPower.Paused)
            || domain.Mirrors.GetValueOrDefault(volumeId) != to.VolumeId) return;
        await world.Effect("hypervisor.pivot", () =>
        {
            domain.Mirrors.Remove(volumeId);
            domain.Volumes.Remove(volumeId);
            Open(domain, to);
        });
    }

    public async Task EndMirror(string id, string volumeId, CancellationToken stop)
    {
        if (!world.Domains.TryGetValue(id, out var domain)) return;
        foreach (var from in domain.Mirrors.Where(mirror => mirror.Value == volumeId).Select(mirror => mirror.Key).ToList())
            await world.Effect("hypervisor.end-mirror", () => domain.Mirrors.Remove(from));
    }

    public async Task AtRest(string id, Func<Task> work, CancellationToken stop)
    {
        await world.Effect("hypervisor.rest", () => world.Resting.Add(id));
        try { await work(); }
        finally { world.Resting.Remove(id); }
    }

    private void Open(SimulatedDomain domain, VolumePlace place)
    {
        if (!world.Volumes.TryGetValue(place.VolumeId, out var volume) || volume.Number != place.Head)
            throw new InvalidOperationException($"Volume {place.VolumeId} is opened where it is not written to any more.");
        domain.Volumes[place.VolumeId] = place.Head;
    }

    public Task CopyDisk(string id, string target, CancellationToken stop) => world.Effect("hypervisor.copy-disk", () =>
    {
        if (!world.Domains.TryGetValue(id, out var domain) || domain.Power is not (DomainPower.Running or DomainPower.Paused))
            throw new InvalidOperationException($"The disk of {id} is copied by its process, which does not run.");
    });

    public async Task<bool> Interrupt(string id, CancellationToken stop)
    {
        await world.Effect("hypervisor.interrupt", () => { });
        return world.Domains.TryGetValue(id, out var domain) && domain.Power is DomainPower.Running or DomainPower.Paused;
    }

    public Task<DomainDiagnostics?> Diagnose(string id, CancellationToken stop) => Task.FromResult(
        world.Domains.TryGetValue(id, out var domain) && domain.Power is DomainPower.Running or DomainPower.Paused
            ? new DomainDiagnostics(domain.Power == DomainPower.Paused ? "paused" : "running", 1, 1, [new CpuUse(0, 1)], [], []) : null);

    public async Task PowerDown(string id, CancellationToken stop)
    {
        await world.Effect("hypervisor.power-down", () => { });
        if (!world.GuestsIgnoreTheButton && world.Domains.TryGetValue(id, out var domain)
            && domain.Power == DomainPower.Running) world.EndByItself(id, DomainPower.Halted);
    }

    public Task Kill(string id, CancellationToken stop) => world.Effect("hypervisor.kill", () =>
    {
        if (world.Domains.TryGetValue(id, out var domain) && domain.Power is DomainPower.Running or DomainPower.Paused or DomainPower.Suspended
            or DomainPower.Arriving or DomainPower.Departed) domain.Power = DomainPower.Halted;
    });

    public Task Remove(string id, CancellationToken stop) => world.Effect("hypervisor.remove", () =>
    {
        if (world.Domains.TryGetValue(id, out var domain)
            && domain.Power is DomainPower.Running or DomainPower.Paused or DomainPower.Arriving)
            throw new InvalidOperationException($"Domain {id} is removed while it runs.");
        world.Domains.Remove(id);
    });

    public Task<byte[]> ConsoleTail(string id, int bytesMax, CancellationToken stop)
    {
        var console = world.Domains.TryGetValue(id, out var domain) ? domain.Console : [];
        return Task.FromResult(console[^Math.Min(bytesMax, console.Length)..]);
    }

    public Task<Stream> OpenConsole(string id, string kind, CancellationToken stop) =>
        world.Domains.TryGetValue(id, out var domain) && domain.Power is DomainPower.Running or DomainPower.Paused
            ? Task.FromResult<Stream>(new SimulatedConsoleStream())
            : throw new InvalidOperationException($"Domain {id} does not run.");

    public Task Trim(CancellationToken stop) => Task.CompletedTask;

    private DomainSight Sight(string id) =>
        world.Domains.TryGetValue(id, out var domain) ? new DomainSight(id, domain.Power, domain.Boots) { Migration = domain.Migration }
            : new DomainSight(id, DomainPower.Absent, 0);
}

/// <summary>Disks in memory.</summary>
public sealed class SimulatedDisks(SimulatedMachine world) : IDisks
{
    public async Task EnsureImage(string digest, Func<long, CancellationToken, Task<Stream>> open, CancellationToken stop)
    {
        if (world.Images.Contains(digest)) return;
        await using var source = await open(0, stop);
        await world.Effect("disks.ensure-image", () => world.Images.Add(digest));
    }

    public string ImagePath(string digest) => digest;

    public Task<bool> HasImage(string digest, CancellationToken stop) => Task.FromResult(world.Images.Contains(digest));

    public async Task<string> EnsureOverlay(string domainId, RootDiskSpec root, CancellationToken stop)
    {
        await world.Effect("disks.ensure-overlay", () =>
        {
            if (!world.Images.Contains(root.ImageDigest)) throw new InvalidOperationException($"The disk of {domainId} is made before "
                + "its image is there.");
            if (world.Domains.TryGetValue(domainId, out var domain) && domain.Power == DomainPower.Running)
                throw new InvalidOperationException($"The disk of {domainId} is worked on while it runs.");
            world.Disks.TryAdd(domainId, root.ImageDigest);
            var generations = world.Generations.TryGetValue(domainId, out var known) ? known : world.Generations[domainId] = [];
            generations.Add(root.Generation);
            if (root.CopyOf is null) generations.RemoveWhere(g => g != root.Generation);
        });
        return domainId;
    }

    public Task Settle(string domainId, RootDiskSpec root, CancellationToken stop) => world.Effect("disks.settle", () =>
    {
        if (root.CopyOf is null && world.Generations.TryGetValue(domainId, out var known)) known.RemoveWhere(g => g != root.Generation);
    });

    public async Task<string> EnsureRescue(string domainId, RootDiskSpec rescue, CancellationToken stop)
    {
        await world.Effect("disks.ensure-rescue", () => world.Rescues.Add(domainId));
        return domainId + "-rescue";
    }

    public Task DropRescue(string domainId, CancellationToken stop) => world.Rescues.Contains(domainId)
        ? world.Effect("disks.drop-rescue", () => world.Rescues.Remove(domainId)) : Task.CompletedTask;

    public Task<string> EnsureBlank(string domainId, BlankDiskSpec blank, CancellationToken stop) => Task.FromResult(domainId + "-" + blank.Name);

    public Task<bool> HasSnapshot(string id, CancellationToken stop) => Task.FromResult(world.Snapshots.GetValueOrDefault(id));

    public async Task<string> BeginSnapshot(string id, string domainId, RootDiskSpec root, CancellationToken stop)
    {
        await world.Effect("disks.begin-snapshot", () => (world.Snapshots[id], world.CopyBytes[id]) = (false, root.SizeBytes));
        return id;
    }

    public Task CopyRoot(string id, string domainId, RootDiskSpec root, CancellationToken stop) => world.Effect("disks.copy-root", () =>
    {
        if (world.Domains.TryGetValue(domainId, out var domain) && domain.Power is DomainPower.Running or DomainPower.Paused)
            throw new InvalidOperationException($"The disk of {domainId} is copied while it runs.");
        (world.Snapshots[id], world.CopyBytes[id]) = (true, root.SizeBytes);
    });

    public Task EndSnapshot(string id, CancellationToken stop) => world.Effect("disks.end-snapshot", () => world.Snapshots[id] = true);

    public Task<Stream> OpenSnapshot(string id, CancellationToken stop) => Task.FromResult<Stream>(new MemoryStream(
        world.CopyBytes[id] is > 0 and var bytes ? SmallImages.Empty(bytes) : SmallImages.Qcow2));

    public Task DropSnapshot(string id, CancellationToken stop) => world.Effect("disks.drop-snapshot", () => world.Snapshots.Remove(id));

    public Task<Stream> OpenPacked(string carry, string domainId, RootDiskSpec? root, string name, CancellationToken stop) =>
        world.Disks.TryGetValue(domainId, out var image) ? Task.FromResult<Stream>(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(domainId + name + image)))
            : throw new InvalidOperationException($"The disk of {domainId} is sent and is not there.");

    public Task DropPacked(string carry, CancellationToken stop) => Task.CompletedTask;

    public async Task EnsureCarried(
        string domainId, RootDiskSpec? root, CarriedDiskSpec disk, Func<long, CancellationToken, Task<Stream>> open, CancellationToken stop)
    {
        if (world.Disks.ContainsKey(domainId)) return;
        await using (await open(0, stop)) await world.Effect("disks.ensure-carried", () =>
        {
            world.Disks[domainId] = root?.ImageDigest ?? "";
            world.Carried.Add(domainId);
        });
    }

    public Task<bool> HasOverlay(string domainId, CancellationToken stop) => Task.FromResult(world.Disks.ContainsKey(domainId));

    public Task Remove(string domainId, CancellationToken stop) => world.Effect("disks.remove", () =>
    {
        if (world.Domains.TryGetValue(domainId, out var domain)
            && domain.Power == DomainPower.Running) throw new InvalidOperationException($"The disk of {domainId} is removed while it "
                + "runs.");
        world.Disks.Remove(domainId);
        world.Rescues.Remove(domainId);
        world.Carried.Remove(domainId);
        world.Generations.Remove(domainId);
    });

    public Task<IReadOnlyList<string>> List(CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<string>>([.. world.Disks.Keys.Order(StringComparer.Ordinal)]);

    public async Task<int> Reclaim(IReadOnlySet<string> wanted, CancellationToken stop)
    {
        var unused = world.Images.Where(i => !wanted.Contains(i) && !world.Disks.ContainsValue(i)).ToList();
        await world.Effect("disks.reclaim", () => world.Images.ExceptWith(unused));
        return unused.Count;
    }
}

/// <summary>The agent's memory in memory; it outlives the agent as files do.</summary>
public sealed class SimulatedStore(SimulatedMachine world) : IAgentStore
{
    public Task<IReadOnlyList<StoredItem>> Load(CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<StoredItem>>([.. world.Stored.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => s.Value)]);

    public Task Save(StoredItem item, CancellationToken stop) => world.Effect("store.save", () =>
        world.Stored[item.Item.Kind + "/" + item.Item.Id] = item);

    public Task Forget(string kind, string id, CancellationToken stop) => world.Effect("store.forget", () =>
        world.Stored.Remove(kind + "/" + id));
}
