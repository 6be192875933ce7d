using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Disks;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Volumes;

/// <summary>What volumes of a pool begin as, and what leaves them.</summary>
public sealed partial class RbdVolumes
{
    private static readonly TimeSpan toolLimit = TimeSpan.FromMinutes(2), copyLimit = TimeSpan.FromHours(6);
    private int exports;

    public async Task<Stream> OpenContent(VolumeContentSpec content, VolumeSpec volume, CancellationToken stop)
    {
        pool.Files();
        var image = content.SnapshotId is { } snapshot ? await Frozen(volume.Id, snapshot, stop) : (await Exists(volume, stop)).Name;
        if (content.SinceSnapshotId is { } since && await Frozen(volume.Id, since, stop) != image)
            throw new NodeException($"The volume {volume.Id} was made anew after the snapshot {since}: what changed since is not known. Take all of it.");
        var node = Node(volume, image, content.SnapshotId);
        switch (content.Format)
        {
            case "backup":
                return new ProducedStream(async (target, end) =>
                {
                    await using var export = await Export(volume, node, writable: false, end).ConfigureAwait(false);
                    var pieces = Pieces(volume, await pool.Written(image, content.SnapshotId, content.SinceSnapshotId, end).ConfigureAwait(false), export.SizeBytes);
                    if (content.SinceSnapshotId is null) pieces = [.. pieces.Where(piece => !piece.Zero)];
                    await DiskReader.Changes(export, pieces, target, end, keepZeros: content.SinceSnapshotId is not null).ConfigureAwait(false);
                }, stop);
            case "raw":
                return new ProducedStream(async (target, end) =>
                {
                    await using var export = await Export(volume, node, writable: false, end).ConfigureAwait(false);
                    var pieces = Pieces(volume, await pool.Written(image, content.SnapshotId, null, end).ConfigureAwait(false), export.SizeBytes);
                    await DiskReader.Raw(export, Map(pieces, export.SizeBytes), target, end).ConfigureAwait(false);
                }, stop);
            case "qcow2":
                return await Converted(content.Id, volume, node, stop);
            default:
                throw new NodeException($"Contents of format {content.Format} can't be made here; update the node.");
        }
    }

    public Task DropContent(string id, CancellationToken stop)
    {
        foreach (var path in Directory.EnumerateFiles(work, Plain(id) + ".qcow2*")) File.Delete(path);
        return Task.CompletedTask;
    }

    private async Task<Stream> Converted(string id, VolumeSpec volume, JsonObject node, CancellationToken stop)
    {
        var whole = Path.Combine(work, Plain(id) + ".qcow2");
        if (!File.Exists(whole))
        {
            await runner.Must("qemu-img", ["convert", "-q", "-O", "qcow2", .. Secret(volume), Json(node), whole + ".new"], stop, volume.Key, copyLimit);
            File.Move(whole + ".new", whole, overwrite: true);
        }
        return new FileStream(whole, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, DiskReader.CopyBytes, useAsync: true);
    }

    private async Task Make(VolumeSpec volume, VolumeMaterial material, string fresh, CancellationToken stop)
    {
        if (volume.Source is not { } source) await Create(volume, fresh, stop);
        else if (source.Image is { } image) await OfImage(volume, image, material.ImagePath!, fresh, stop);
        else if (source.Contents is { } contents)
        {
            await Create(volume, fresh, stop);
            for (var number = 0; number < contents.Count; number++)
            {
                var content = contents[number];
                await Apply(volume, fresh, end => material.OpenKept!(content, end), content.Digest, number == 0, stop);
            }
        }
        else
        {
            var from = material.From ?? throw new NodeException($"What the volume {volume.Id} begins as is not on this node.");
            var snapshot = source.SnapshotId ?? volume.Id;
            var kept = await Frozen(from.Id, snapshot, stop);
            if (from.Key == volume.Key)
            {
                await Clone(volume, kept, Plain(snapshot), fresh, stop);
                return;
            }
            // Another key: what was written under the first one is written anew.
            await Create(volume, fresh, stop);
            await Apply(volume, fresh, end => OpenContent(new VolumeContentSpec(volume.Id, null, snapshot, null, "backup"), from, end), null, true, stop);
        }
    }

    private async Task OfImage(VolumeSpec volume, VolumeImageSpec image, string path, string fresh, CancellationToken stop)
    {
        if (!File.Exists(path)) throw new NodeException($"Image {image.Digest} is not on this node; it is fetched before the volume is made.");
        var format = image.Format is "raw" or "qcow2" ? image.Format
            : throw new NodeException($"A volume can't be made from an image of format {image.Format}; convert the image to qcow2 or raw.");
        if (format == "qcow2") await QcowHeader.RefuseOutsideFiles(path, stop);
        var size = format == "raw" ? new FileInfo(path).Length : await QcowHeader.VirtualSize(path, stop);
        if (size > volume.SizeBytes) throw new NodeException($"The image {image.Digest} has {size} bytes as a disk: the volume {volume.Id} is too small for it.");
        if (volume.Key is null)
        {
            await Guarded(async () => await Clone(volume, await Cached(image.Digest, format, path, stop), ImageSnapshot, fresh, stop), stop);
            return;
        }
        await Create(volume, fresh, stop);
        var target = string.Create(CultureInfo.InvariantCulture, $"driver=luks,key-secret={VolumeNames.Secret(volume.Id)},file.driver=rbd,")
            + string.Join(',', pool.Node(fresh, null).Where(pair => pair.Key != "driver").Select(pair => $"file.{pair.Key}={pair.Value}"));
        string[] arguments = ["convert", "-q", "-n", .. Secret(volume), "-f", format, path, "--target-image-opts", target];
        await runner.Must("qemu-img", arguments, stop, volume.Key, copyLimit);
    }

    /// <summary>The image in the pool, brought there once.</summary>
    private async Task<string> Cached(string digest, string format, string path, CancellationToken stop)
    {
        var name = ImagePrefix + Plain(digest);
        if (await pool.Info(name, stop) is null)
        {
            var fresh = Fresh(name);
            await Discard(fresh, stop);
            await runner.Must("qemu-img", ["convert", "-q", "-f", format, "-O", "raw", path, pool.Url(fresh)], stop, limit: copyLimit);
            if (!await pool.Rename(fresh, name, stop) && await pool.Info(name, stop) is { } there && (await pool.Info(fresh, stop))?.Id != there.Id)
                await Discard(fresh, stop);
        }
        await pool.TakeSnapshot(name, ImageSnapshot, stop);
        return name;
    }

    private async Task Clone(VolumeSpec volume, string image, string snapshot, string fresh, CancellationToken stop)
    {
        await pool.Clone(image, snapshot, fresh, stop);
        if ((await pool.Info(fresh, stop))!.Size < RawSize(volume, volume.SizeBytes)) await pool.Resize(fresh, RawSize(volume, volume.SizeBytes), stop);
    }

    /// <summary>An image of nothing. In an encrypted one what was never written reads as noise, as on every disk with LUKS.</summary>
    private async Task Create(VolumeSpec volume, string fresh, CancellationToken stop)
    {
        if (volume.Key is null)
        {
            await pool.Create(fresh, volume.SizeBytes, stop);
            return;
        }
        const int iterationMilliseconds = 10;   // the pass phrase is 256 random bits: nobody guesses it
        var how = string.Create(CultureInfo.InvariantCulture, $"key-secret={VolumeNames.Secret(volume.Id)},iter-time={iterationMilliseconds},")
            + "cipher-alg=aes-256,cipher-mode=xts,ivgen-alg=plain64,hash-alg=sha256";
        string[] arguments = ["create", "-q", "-f", "luks", .. Secret(volume), "-o", how, pool.Url(fresh), Number(volume.SizeBytes)];
        await runner.Must("qemu-img", arguments, stop, volume.Key, toolLimit);
        if ((await pool.Info(fresh, stop))!.Size != RawSize(volume, volume.SizeBytes))
            throw new NodeException("This QEMU writes another LUKS header than is known here; update the node.");
    }

    /// <summary>Writes a backup's stream into an image.</summary>
    /// <param name="digest">What its bytes must have; null: they never left the machine.</param>
    /// <param name="first">What it does not name is zeros.</param>
    private async Task Apply(VolumeSpec volume, string fresh, Func<CancellationToken, Task<Stream>> open, string? digest, bool first, CancellationToken stop)
    {
        await using var export = await Export(volume, Node(volume, fresh, null), writable: true, stop);
        await using var content = await open(stop);
        await using var read = new HashedStream(content);
        await DiskReader.Apply(export, read, stop, zeroGaps: first && volume.Key is not null).ConfigureAwait(false);
        var found = read.Digest();
        if (digest is null || string.Equals(found, digest, StringComparison.OrdinalIgnoreCase)) return;
        throw new NodeException($"A kept content of the volume {volume.Id} should have the digest {digest} and arrived with {found}. "
            + "It is fetched again from the start.");
    }

    /// <summary>What of a volume the extents of its image are.</summary>
    private static List<DiskPiece> Pieces(VolumeSpec volume, List<RbdExtent> extents, long sizeBytes)
    {
        var (header, pieces) = (RawSize(volume, 0), new List<DiskPiece>());
        foreach (var extent in extents)
        {
            var (start, end) = (Math.Max(0, extent.Offset - header), Math.Min(sizeBytes, extent.Offset + extent.Length - header));
            // Zeros in a pool are noise to who decrypts them.
            if (start < end) pieces.Add(new DiskPiece(start, end - start, extent.Exists == "false" && volume.Key is null));
        }
        return pieces;
    }

    private static IEnumerable<MapPiece> Map(List<DiskPiece> pieces, long sizeBytes)
    {
        var at = 0L;
        foreach (var piece in pieces)
        {
            if (piece.Offset > at) yield return new MapPiece(at, piece.Offset - at, true, true, false);
            yield return new MapPiece(piece.Offset, piece.Length, true, piece.Zero, !piece.Zero);
            at = piece.Offset + piece.Length;
        }
        if (at < sizeBytes) yield return new MapPiece(at, sizeBytes - at, true, true, false);
    }

    private Task<NbdExport> Export(VolumeSpec volume, JsonObject node, bool writable, CancellationToken stop) => NbdExport.Open(
        runner, Json(node), volume.Key is { } phrase ? (VolumeNames.Secret(volume.Id), phrase) : null, writable,
        Path.Combine(work, string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref exports)}.sock")), stop);

    /// <summary>The block node of a volume's image.</summary>
    private JsonObject Node(VolumeSpec volume, string image, string? snapshot) => volume.Key is null ? pool.Node(image, snapshot)
        : new JsonObject { ["driver"] = "luks", ["key-secret"] = VolumeNames.Secret(volume.Id), ["file"] = pool.Node(image, snapshot) };

    // By the standard input, which nobody else sees.
    private static string[] Secret(VolumeSpec volume) =>
        volume.Key is null ? [] : ["--object", $"secret,id={VolumeNames.Secret(volume.Id)},file=/dev/stdin"];

    private static string Json(JsonObject node) => "json:" + node.ToJsonString(JsonSerializerOptions.Web);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
