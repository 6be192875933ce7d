using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Store;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Disks;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Volumes;

/// <summary>What volumes begin as, and what leaves them.</summary>
public sealed partial class QcowVolumes
{
    public async Task<Stream> OpenContent(VolumeContentSpec content, VolumeSpec volume, CancellationToken stop)
    {
        var layer = content.SnapshotId is { } snapshot ? Frozen(volume.Id, snapshot) : Exists(volume.Id);
        var chain = await QcowChain.Read(layer.Path, stateDir, stop);
        if (content.SinceSnapshotId is { } since) return Changes(volume, Above(chain, Frozen(volume.Id, since), layer, since), false, stop);
        switch (content.Format)
        {
            case "backup":
                return Changes(volume, chain, true, stop);
            case "raw":
                return new ProducedStream(async (target, end) =>
                {
                    await using var export = await Export(volume, chain, writable: false, end).ConfigureAwait(false);
                    await DiskReader.Raw(export, await Map(volume, chain, end).ConfigureAwait(false), target, end).ConfigureAwait(false);
                }, stop);
            case "qcow2":
                var whole = Path.Combine(work, Plain(content.Id) + QcowLayer.Ending);
                if (!File.Exists(whole))
                {
                    await runner.Must("qemu-img", ["convert", "-q", "-O", "qcow2", .. Secrets(volume, chain), Image(volume, chain), whole + ".new"], stop,
                        Phrase(volume, chain), copyLimit);
                    DirectorySync.Rename(whole + ".new", whole);
                }
                return new FileStream(whole, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, DiskReader.CopyBytes, useAsync: true);
            default:
                throw new NodeException($"Contents of format {content.Format} can't be made here; update the node.");
        }
    }

    public Task DropContent(string id, CancellationToken stop)
    {
        foreach (var path in Directory.EnumerateFiles(work, Plain(id) + ".*")) File.Delete(path);
        return Task.CompletedTask;
    }

    private int exports;

    private async Task Make(VolumeSpec volume, VolumeMaterial material, string fresh, CancellationToken stop)
    {
        if (volume.Source is not { } source) await Create(volume, fresh, null, "", volume.SizeBytes, stop);
        else if (source.Image is { } image) await OverImage(volume, image, material.ImagePath!, fresh, stop);
        else if (source.Contents is { } contents)
        {
            await Create(volume, fresh, null, "", volume.SizeBytes, stop);
            foreach (var kept in contents)
                await Apply(volume, fresh, end => material.OpenKept!(kept, end), kept.Digest, stop);
        }
        else
        {
            var from = material.From ?? throw new NodeException($"What the volume {volume.Id} begins as is not on this node.");
            var frozen = Frozen(from.Id, source.SnapshotId ?? volume.Id);
            var size = Math.Max(volume.SizeBytes, await QcowHeader.VirtualSize(frozen.Path, stop));
            // Another key: what was written under the first one is written anew.
            var same = from.Key == volume.Key;
            await Create(volume, fresh, same ? frozen.Path : null, "qcow2", size, stop);
            if (same) return;
            var content = new VolumeContentSpec(volume.Id, null, source.SnapshotId ?? volume.Id, null, "backup");
            await Apply(volume, fresh, end => OpenContent(content, from, end), null, stop);
        }
    }

    private async Task OverImage(VolumeSpec volume, VolumeImageSpec image, string path, string fresh, CancellationToken stop)
    {
        if (!File.Exists(path)) throw new NodeException($"Image {image.Digest} is not on this node; it is fetched before the volume is made.");
        var format = image.Format is "raw" or "qcow2" ? image.Format
            : throw new NodeException($"A volume can't be made from an image of format {image.Format}; convert the image to qcow2 or raw.");
        if (format == "qcow2") await QcowHeader.RefuseOutsideFiles(path, stop);
        var size = format == "raw" ? new FileInfo(path).Length : await QcowHeader.VirtualSize(path, stop);
        if (size > volume.SizeBytes) throw new NodeException($"The image {image.Digest} has {size} bytes as a disk: the volume {volume.Id} is too small for it.");
        await Create(volume, fresh, path, format, volume.SizeBytes, stop);
    }

    /// <summary>Writes a backup's stream into a file.</summary>
    /// <param name="digest">What its bytes must have; null: they never left the machine.</param>
    private async Task Apply(VolumeSpec volume, string path, Func<CancellationToken, Task<Stream>> open, string? digest, CancellationToken stop)
    {
        await using var export = await Export(volume, [new ChainFile(path, "qcow2", volume.Key is not null)], writable: true, stop);
        await using var content = await open(stop);
        await using var read = new HashedStream(content);
        await DiskReader.Apply(export, read, stop).ConfigureAwait(false);
        var found = read.Digest();
        if (digest is null || string.Equals(found, digest, StringComparison.OrdinalIgnoreCase)) return;
        throw new NodeException($"A kept content of the volume {volume.Id} should have the digest {digest} and arrived with {found}. "
            + "It is fetched again from the start.");
    }

    private ProducedStream Changes(VolumeSpec volume, List<ChainFile> chain, bool whole, CancellationToken stop) => new(async (target, end) =>
    {
        if (chain.Count == 0)
        {
            await DiskReader.Nothing(volume.SizeBytes, target, end).ConfigureAwait(false);
            return;
        }
        var pieces = (await Map(volume, chain, end).ConfigureAwait(false)).Where(piece => piece.Present && !(whole && piece.Zero));
        await using var export = await Export(volume, chain, writable: false, end).ConfigureAwait(false);
        await DiskReader.Changes(export, pieces.Select(piece => new DiskPiece(piece.Start, piece.Length, piece.Zero)), target, end).ConfigureAwait(false);
    }, stop);

    /// <summary>The part of a chain that was written after a layer was frozen.</summary>
    private static List<ChainFile> Above(List<ChainFile> chain, QcowLayer frozen, QcowLayer target, string since)
    {
        var at = chain.FindIndex(file => file.Path == frozen.Path);
        return at >= 0 ? chain[..at]
            : throw new NodeException($"{target.Path} does not stand on the snapshot {since}: what changed since is not known. Take all of it.");
    }

    private async Task<List<MapPiece>> Map(VolumeSpec volume, List<ChainFile> chain, CancellationToken stop)
    {
        string[] arguments = ["map", "--output=json", .. Secrets(volume, chain), Image(volume, chain)];
        var text = await runner.Must("qemu-img", arguments, stop, Phrase(volume, chain), toolLimit).ConfigureAwait(false);
        return JsonSerializer.Deserialize(text, MapJson.Default.ListMapPiece) ?? [];
    }

    private Task<NbdExport> Export(VolumeSpec volume, List<ChainFile> chain, bool writable, CancellationToken stop) => NbdExport.Open(
        runner, Image(volume, chain), Phrase(volume, chain) is { } phrase ? (VolumeNames.Secret(volume.Id), phrase) : null, writable,
        Path.Combine(work, string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref exports)}.sock")), stop);

    private static string? Phrase(VolumeSpec volume, List<ChainFile> chain) => chain.Exists(file => file.Encrypted) ? Key(volume) : null;

    private static string[] Secrets(VolumeSpec volume, List<ChainFile> chain) => chain.Exists(file => file.Encrypted) ? Secret(volume) : [];

    private static string Image(VolumeSpec volume, List<ChainFile> chain) => Json(QcowChain.Node(chain, VolumeNames.Secret(volume.Id)));
}
