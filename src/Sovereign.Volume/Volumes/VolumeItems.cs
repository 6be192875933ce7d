using System.Text.Json;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.Volume.Volumes;

/// <summary>Volumes on the manifests of nodes.</summary>
internal sealed class VolumeItems(VolumeKeys keys, INodes nodes)
{
    private const long BytesPerGib = 1L << 30;

    /// <summary>Tells the node that keeps it, and each other that has it, what the volume is now.</summary>
    public void Put(Tx tx, VolumeRow row)
    {
        var spec = Spec(tx, row);
        foreach (var node in nodes.NodesOf(tx, ItemKinds.Volume, row.Id).Concat(row.NodeId is { } own ? [own] : [])
            .Distinct(StringComparer.Ordinal)) nodes.Put(
                tx, node, new ManifestItem(ItemKinds.Volume, row.Id, 0) { Volume = spec with { KeptElsewhere = node != row.NodeId } });
    }

    /// <summary>Tells one more node of it, which reaches the same backend.</summary>
    public void PutOn(Tx tx, VolumeRow row, string nodeId) =>
        nodes.Put(tx, nodeId, new ManifestItem(ItemKinds.Volume, row.Id, 0) { Volume = Spec(tx, row) with { KeptElsewhere = nodeId != row.NodeId } });

    /// <summary>Wants it gone everywhere; true when it is.</summary>
    public bool Remove(Tx tx, string id)
    {
        var having = nodes.NodesOf(tx, ItemKinds.Volume, id);
        foreach (var node in having) nodes.Remove(tx, node, ItemKinds.Volume, id);
        return having.Count == 0;
    }

    public Observation? Observed(Session session, VolumeRow row) =>
        row.NodeId is { } node ? nodes.Observed(session, node, ItemKinds.Volume, row.Id) : null;

    /// <summary>Why a node can't remove it; null while it tries or when it is gone.</summary>
    public string? Stuck(Session session, string id) => nodes.NodesOf(session, ItemKinds.Volume, id)
        .Select(node => nodes.Observed(session, node, ItemKinds.Volume, id)).FirstOrDefault(seen => seen is { Current: true, State: ItemState.Error })?.Message;

    private VolumeSpec Spec(Session session, VolumeRow row) => new(row.Id, row.ProjectId, row.Backend!, row.WantedGib * BytesPerGib)
    {
        Source = row.Source is null ? null : JsonSerializer.Deserialize(row.Source, VolumeJson.Wire.VolumeSourceSpec),
        Key = row.Encrypted ? Convert.ToHexStringLower(keys.Open(session, row)) : null,
        Generation = (int)row.Generation,
    };
}
