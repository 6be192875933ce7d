using System.Globalization;
using System.Text.Json.Nodes;
using Sovereign.Node.Disks;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Volumes;

/// <summary>One file of a volume: what was written between two snapshots, over what the volume was before.</summary>
/// <param name="Number">Rises with every layer of a volume; the highest is written to.</param>
/// <param name="Generation">The volume's generation that it belongs to.</param>
internal sealed record QcowLayer(string Directory, int Number, int Generation)
{
    public const string Ending = ".qcow2";

    public string Path => System.IO.Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"{Number}-{Generation}{Ending}"));

    public static QcowLayer? Parse(string path)
    {
        var parts = System.IO.Path.GetFileNameWithoutExtension(path).Split('-');
        return path.EndsWith(Ending, StringComparison.Ordinal) && parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            ? new QcowLayer(System.IO.Path.GetDirectoryName(path)!, number, generation) : null;
    }
}

/// <summary>One file of a chain of layers, as QEMU opens it.</summary>
/// <param name="Format">"qcow2" or "raw".</param>
internal sealed record ChainFile(string Path, string Format, bool Encrypted);

/// <summary>A layer and all that it stands on.</summary>
internal static class QcowChain
{
    private const int FilesMax = 512;

    /// <summary>Reads a chain from its headers; refused when it leads out of the node's state directory.</summary>
    public static async Task<List<ChainFile>> Read(string head, string stateDir, CancellationToken stop)
    {
        var chain = new List<ChainFile>();
        var (path, format) = (head, "qcow2");
        while (true)
        {
            if (!path.StartsWith(stateDir + "/", StringComparison.Ordinal) || chain.Count == FilesMax)
                throw new NodeException($"The volume's file {head} stands on {path}, which is refused: it is not in {stateDir}, or one of too many.");
            if (!File.Exists(path)) throw new NodeException($"The file {path}, which {head} stands on, is gone from its node. Put it back, or delete the volume.");
            chain.Add(new ChainFile(path, format, format == "qcow2" && await QcowHeader.Encrypted(path, stop)));
            if (format != "qcow2" || await QcowHeader.BackingFile(path, stop) is not { } backing) return chain;
            format = await QcowHeader.BackingFormat(path, stop) is "raw" ? "raw" : "qcow2";
            path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, backing));
        }
    }

    /// <summary>JSON of the block node of a chain, head first; the last one stands on nothing, whatever its header says.</summary>
    public static JsonObject Node(IEnumerable<ChainFile> chain, string secret)
    {
        JsonObject? below = null;
        foreach (var file in chain.Reverse())
        {
            var node = Alone(file, secret);
            if (file.Format == "qcow2") node["backing"] = below;
            below = node;
        }
        return below!;
    }

    public static JsonObject Alone(ChainFile file, string secret)
    {
        var node = new JsonObject
        {
            ["driver"] = file.Format, ["file"] = new JsonObject { ["driver"] = "file", ["filename"] = file.Path },
        };
        if (file.Encrypted) node["encrypt"] = new JsonObject { ["format"] = "luks", ["key-secret"] = secret };
        return node;
    }
}
