using System.Buffers.Binary;
using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Volumes;

namespace Sovereign.Testing.Simulated;

/// <summary>A volume in memory.</summary>
/// <param name="Number">Rises with every snapshot, as the place that is written to does.</param>
public sealed record SimulatedVolume(VolumeSpec Spec, int Number, byte[] Bytes);

/// <summary>Volumes in memory.</summary>
public sealed class SimulatedVolumes(SimulatedMachine world, string name = QcowVolumes.BackendName) : IVolumeBackend
{
    /// <summary>More of a simulated volume than this is not kept.</summary>
    private const int BytesMax = 1 << 20;

    /// <summary>All places of a simulated node: those of these names, or the usual one.</summary>
    public static IReadOnlyDictionary<string, IVolumeBackend> Of(SimulatedMachine world, params string[] names) =>
        (names.Length > 0 ? names : [QcowVolumes.BackendName]).ToDictionary(name => name, IVolumeBackend (name) => new SimulatedVolumes(world, name));

    private static readonly byte[] backupHeader = "rbd diff v1\n"u8.ToArray();

    public bool Shared => false;

    public Task<BackendFacts> Facts(CancellationToken stop) => Task.FromResult(new BackendFacts(name, "qcow2", false, "", 1000, 900));

    public async Task Ensure(VolumeSpec volume, VolumeMaterial material, CancellationToken stop)
    {
        if (world.Volumes.TryGetValue(volume.Id, out var known) && known.Spec.Generation >= volume.Generation)
        {
            if (known.Spec.SizeBytes >= volume.SizeBytes) return;
            await world.Effect("volumes.grow", () => world.Volumes[volume.Id] = known with { Spec = volume, Bytes = Sized(known.Bytes, volume.SizeBytes) });
            return;
        }
        var bytes = Sized(await Begin(volume, material, stop), volume.SizeBytes);
        await world.Effect("volumes.make", () => world.Volumes[volume.Id] = new SimulatedVolume(volume, (known?.Number ?? 0) + 1, bytes));
    }

    public Task<VolumePlace?> Open(VolumeSpec volume, CancellationToken stop) => Task.FromResult(
        world.Volumes.TryGetValue(volume.Id, out var known) && known.Spec.Generation >= volume.Generation
            ? new VolumePlace(volume.Id, known.Number, known.Spec.SizeBytes, "{}", "{}", volume.Key, []) : null);

    public Task PrepareSnapshot(VolumeSpec volume, string snapshotId, CancellationToken stop) => Task.CompletedTask;

    public Task Snapshot(VolumeSpec volume, string snapshotId, CancellationToken stop) => world.Effect("volumes.snapshot", () =>
    {
        if (world.VolumeSnapshots.ContainsKey((volume.Id, snapshotId))) return;
        var known = Exists(volume.Id);
        world.VolumeSnapshots[(volume.Id, snapshotId)] = [.. known.Bytes];
        world.Volumes[volume.Id] = known with { Number = known.Number + 1 };
    });

    public Task<bool> HasSnapshot(string volumeId, string snapshotId, CancellationToken stop) =>
        Task.FromResult(world.VolumeSnapshots.ContainsKey((volumeId, snapshotId)));

    public Task DropSnapshot(string volumeId, string snapshotId, CancellationToken stop) => world.Effect("volumes.drop-snapshot", () =>
        world.VolumeSnapshots.Remove((volumeId, snapshotId)));

    public Task Remove(string volumeId, CancellationToken stop) => world.Effect("volumes.remove", () =>
    {
        if (world.Domains.Values.Any(domain => domain.Power is DomainPower.Running && domain.Volumes.ContainsKey(volumeId)))
            throw new InvalidOperationException($"Volume {volumeId} is removed while a domain has it.");
        world.Volumes.Remove(volumeId);
        foreach (var key in world.VolumeSnapshots.Keys.Where(key => key.Volume == volumeId).ToList()) world.VolumeSnapshots.Remove(key);
    });

    public Task<IReadOnlyList<string>> List(CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<string>>([.. world.Volumes.Keys.Order(StringComparer.Ordinal)]);

    public Task<Stream> OpenContent(VolumeContentSpec content, VolumeSpec volume, CancellationToken stop)
    {
        var bytes = content.SnapshotId is { } snapshot ? Frozen(volume.Id, snapshot) : Exists(volume.Id).Bytes;
        var since = content.SinceSnapshotId is { } before ? Frozen(volume.Id, before) : null;
        return Task.FromResult<Stream>(new MemoryStream(content.Format == "backup" ? Backup(bytes, since) : bytes));
    }

    public Task DropContent(string id, CancellationToken stop) => Task.CompletedTask;

    private async Task<byte[]> Begin(VolumeSpec volume, VolumeMaterial material, CancellationToken stop)
    {
        if (volume.Source is not { } source) return [];
        if (source.Image is { } image)
            return world.Images.Contains(image.Digest) ? SmallImages.Qcow2
                : throw new InvalidOperationException($"Volume {volume.Id} is made before its image is there.");
        if (source.Contents is null) return Frozen(material.From!.Id, source.SnapshotId ?? volume.Id);
        var bytes = new byte[Math.Min(volume.SizeBytes, BytesMax)];
        foreach (var kept in source.Contents)
        {
            await using var content = await material.OpenKept!(kept, stop);
            Apply(await All(content, stop), bytes);
        }
        return bytes;
    }

    /// <summary>Not CopyToAsync, which goes on without its context: on another thread, which no seed replays.</summary>
    private static async Task<byte[]> All(Stream content, CancellationToken stop)
    {
        using var copy = new MemoryStream();
        var buffer = new byte[65_536];
        while (await content.ReadAsync(buffer, stop) is > 0 and var count) copy.Write(buffer.AsSpan(0, count));
        return copy.ToArray();
    }

    private SimulatedVolume Exists(string id) => world.Volumes.TryGetValue(id, out var known) ? known
        : throw new InvalidOperationException($"There is no volume {id}.");

    private byte[] Frozen(string volumeId, string snapshotId) => world.VolumeSnapshots.TryGetValue((volumeId, snapshotId), out var bytes) ? bytes
        : throw new InvalidOperationException($"There is no snapshot {snapshotId} of {volumeId}.");

    private static byte[] Sized(byte[] bytes, long size)
    {
        var sized = new byte[Math.Min(size, BytesMax)];
        bytes.AsSpan(0, Math.Min(bytes.Length, sized.Length)).CopyTo(sized);
        return sized;
    }

    /// <summary>In pieces of 4 KiB: what is not zero, or differs.</summary>
    private static byte[] Backup(byte[] bytes, byte[]? since)
    {
        const int pieceBytes = 4096;
        using var made = new MemoryStream();
        var number = new byte[8];
        made.Write(backupHeader);
        made.WriteByte((byte)'s');
        Put(bytes.Length);
        for (var at = 0; at < bytes.Length; at += pieceBytes)
        {
            var piece = bytes.AsSpan(at, Math.Min(pieceBytes, bytes.Length - at));
            var before = since is null || at >= since.Length ? new byte[piece.Length] : since.AsSpan(at, Math.Min(piece.Length, since.Length - at));
            if (piece.SequenceEqual(before)) continue;
            made.WriteByte((byte)'w');
            Put(at);
            Put(piece.Length);
            made.Write(piece);
        }
        made.WriteByte((byte)'e');
        return made.ToArray();

        void Put(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, value);
            made.Write(number);
        }
    }

    private static void Apply(byte[] backup, byte[] bytes)
    {
        for (var at = backupHeader.Length; backup[at] != 'e';)
        {
            var (kind, first) = (backup[at], BinaryPrimitives.ReadInt64LittleEndian(backup.AsSpan(at + 1)));
            at += 9;
            if (kind == 's') continue;
            var length = (int)BinaryPrimitives.ReadInt64LittleEndian(backup.AsSpan(at));
            at += 8;
            var target = bytes.AsSpan((int)first, length);
            if (kind == 'z') target.Clear();
            else backup.AsSpan(at, length).CopyTo(target);
            if (kind == 'w') at += length;
        }
    }
}
