using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Fabric;
using Sovereign.Network.Networks;
using Sovereign.Network.SegmentRanges;
using Sovereign.Network.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Network.Segments;

/// <summary>A network has one segment, made with it. An empty network may lose it and get another one.</summary>
internal sealed class SegmentService(KernelServices kernel, FabricPlan fabric)
{
    public static readonly Room<SegmentRow, SegmentView> Room = new(
        Kinds.Segment, "segments", "/v2.0/segments", SegmentStore.Shape, SegmentStore.Find,
        id => NetworkFaults.Missing("SegmentNotFound", $"Segment {id} could not be found."),
        (_, rows, _) => rows.Select(row => row.ToView()).ToList(), NetworkJson.Wire.SegmentView)
    {
        Counted = _ => false,
    };

    /// <summary>The segment that a new network begins with.</summary>
    public static void Insert(Tx tx, string id, NetworkRow network)
    {
        var row = Of(tx, id, network);
        SegmentStore.Insert(tx, row);
        Room.Record(tx, row, Change.Created);
    }

    /// <summary>A network's segment goes with it.</summary>
    public static void Remove(Tx tx, KernelServices kernel, string networkId)
    {
        if (SegmentStore.OfNetwork(tx, networkId) is { } row) Room.Remove(tx, kernel, row, SegmentStore.Delete);
    }

    public Outcome<SegmentRow> Create(Tx tx, AccessGrant access, SegmentWish wish)
    {
        if (Texts(wish) is { } text) return text;
        if (wish.NetworkId.Or(null) is not { Length: > 0 } networkId) return Required("network_id");
        if (wish.NetworkType.Or(null) is not { Length: > 0 } type) return Required("network_type");
        if (NetworkRules.Provider(type, wish.SegmentationId.Or(null)) is { } odd) return odd;
        if (type == NetworkTypes.Overlay && wish.PhysicalNetwork.Or(null) is not null)
        {
            return NetworkFaults.Input("provider:physical_network specified for VXLAN network");
        }

        var found = NetworkService.Room.Visible(tx, access, networkId);
        if (found.Fault is { } missing) return missing;
        if (SegmentStore.OfNetwork(tx, networkId) is { } known)
        {
            return NetworkFaults.Input($"Network {networkId} has its segment, {known.Id}: networks of several segments are not offered by this cloud");
        }

        var vni = SegmentRangeStore.Vni(tx, found.Value.ProjectId, wish.SegmentationId.Or(null));
        if (vni.Fault is { } none) return none;
        var network = found.Value with
        {
            NetworkType = type,
            PhysicalNetwork = type == NetworkTypes.Flat ? wish.PhysicalNetwork.Or(null) ?? NetworkTypes.Physical : null,
            Vni = vni.Value,
        };
        if (!NetworkStore.SetSegment(tx, network)) return NetworkFaults.VniTaken(vni.Value);
        var row = Of(tx, kernel.Ids.Uuid(), network) with { Name = wish.Name.Or(null), Description = wish.Description.Or(null) };
        SegmentStore.Insert(tx, row);
        fabric.NetworkChanged(tx, networkId);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public static Outcome<SegmentRow> Update(Tx tx, AccessGrant access, SegmentRow old, SegmentWish wish)
    {
        if (Texts(wish) is { } text) return text;
        if (wish.NetworkId.Given || wish.NetworkType.Given || wish.PhysicalNetwork.Given || wish.SegmentationId.Given || wish.TenantId.Given || wish.ProjectId.Given)
        {
            return new Fault.Invalid("segment", "Cannot update read-only attribute of a segment: only name and description change");
        }

        var row = old with
        {
            Name = wish.Name.Or(old.Name),
            Description = wish.Description.Or(old.Description),
            UpdatedAt = tx.Now,
            Revision = old.Revision + 1,
        };
        SegmentStore.Update(tx, row);
        Room.Record(tx, row, Change.Updated);
        return row;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, SegmentRow row)
    {
        if (SegmentStore.HasSubnetsOrPorts(tx, row.NetworkId))
        {
            return NetworkFaults.Conflict("SegmentInUse", $"Segment '{row.Id}' cannot be deleted: its network has subnets or ports.");
        }

        Room.Remove(tx, kernel, row, SegmentStore.Delete);
        NetworkStore.SetSegment(tx, NetworkStore.Find(tx, row.NetworkId)!.WithoutSegment());
        fabric.Withdraw(tx, ItemKinds.Network, row.NetworkId);
        return Done.Value;
    }

    private static SegmentRow Of(Tx tx, string id, NetworkRow network) => new()
    {
        Id = id, ProjectId = network.ProjectId, NetworkId = network.Id, NetworkType = network.NetworkType, PhysicalNetwork = network.PhysicalNetwork,
        SegmentationId = network.NetworkType == NetworkTypes.Overlay ? network.Vni : null, CreatedAt = tx.Now, UpdatedAt = tx.Now,
    };

    /// <summary>The first text that is none; null is one.</summary>
    private static Fault? Texts(SegmentWish wish)
    {
        foreach (var (name, value) in new[] { ("name", wish.Name), ("description", wish.Description), ("physical_network", wish.PhysicalNetwork) })
        {
            if (value.Value is not null && Attributes.Texts((name, value)) is { } wrong) return wrong;
        }

        return null;
    }

    private static Fault.Invalid Required(string name) => new(name, $"Failed to parse request. Required attribute '{name}' not specified");
}
