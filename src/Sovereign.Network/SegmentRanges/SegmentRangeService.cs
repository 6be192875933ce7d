using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Networks;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SegmentRanges;

/// <summary>Where the numbers of networks come from. Ranges other than the default one don't overlap.</summary>
internal sealed class SegmentRangeService(KernelServices kernel)
{
    private static readonly IReadOnlyList<string> types = ["vlan", NetworkTypes.Overlay, "gre", "geneve"];

    public static readonly Room<SegmentRangeRow, SegmentRangeView> Room = new(
        Kinds.SegmentRange, "network_segment_ranges", "/v2.0/network_segment_ranges", SegmentRangeStore.Shape, SegmentRangeStore.Find,
        id => NetworkFaults.Missing("NetworkSegmentRangeNotFound", $"Network Segment Range {id} could not be found."), Views,
        NetworkJson.Wire.SegmentRangeView)
    {
        Counted = _ => false,
    };

    public Outcome<SegmentRangeRow> Create(Tx tx, AccessGrant access, SegmentRangeWish wish)
    {
        if (Check(wish) is { } wrong) return wrong;
        if (wish.NetworkType.Or(null) is not { } type || !types.Contains(type))
        {
            return NetworkFaults.Attribute("network_type", $"'{wish.NetworkType.Or(null)}' is not in ['{string.Join("', '", types)}']");
        }

        if (type != NetworkTypes.Overlay)
        {
            return NetworkFaults.Refused("NetworkSegmentRangeNetTypeNotSupported", $"Network type {type} does not support network segment ranges.");
        }

        if (wish.PhysicalNetwork.Or(null) is { Length: > 0 }) return NetworkFaults.Input("physical_network is for ranges of type vlan");
        if (wish.Minimum.Or(null) is not { } minimum || wish.Maximum.Or(null) is not { } maximum)
        {
            return new Fault.Invalid("minimum", "Failed to parse request. Required attributes 'minimum' and 'maximum' not specified");
        }

        var project = Attributes.Project(access, "create_network_segment_range", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var shared = wish.Shared.OrTrue();
        var row = new SegmentRangeRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = shared ? "" : project.Value, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "",
            Shared = shared, NetworkType = type, Minimum = minimum, Maximum = maximum, CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        if (Unfit(tx, row) is { } unfit) return unfit;
        SegmentRangeStore.Insert(tx, row);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public static Outcome<SegmentRangeRow> Update(Tx tx, AccessGrant access, SegmentRangeRow old, SegmentRangeWish wish)
    {
        if (Check(wish) is { } wrong) return wrong;
        if (wish.Shared.Given || wish.NetworkType.Given || wish.PhysicalNetwork.Given || wish.ProjectId.Given || wish.TenantId.Given)
        {
            return new Fault.Invalid("shared", "Cannot update read-only attribute of a segment range: only name, description, minimum and maximum change");
        }

        if (old.IsDefault) return ReadOnly(old.Id);
        var row = old with
        {
            Name = wish.Name.Or(old.Name) ?? "",
            Description = wish.Description.Or(old.Description) ?? "",
            Minimum = wish.Minimum.Or(null) ?? old.Minimum,
            Maximum = wish.Maximum.Or(null) ?? old.Maximum,
            UpdatedAt = tx.Now,
            Revision = old.Revision + 1,
        };
        if (Unfit(tx, row) is { } unfit) return unfit;
        if (SegmentRangeStore.Used(tx, old.Minimum, old.Maximum).Keys.Any(number => !row.Has(number))) return Referenced(old.Id);
        SegmentRangeStore.Update(tx, row);
        Room.Record(tx, row, Change.Updated);
        return row;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, SegmentRangeRow row)
    {
        if (row.IsDefault) return ReadOnly(row.Id);
        if (SegmentRangeStore.Used(tx, row.Minimum, row.Maximum).Count > 0) return Referenced(row.Id);
        Room.Remove(tx, kernel, row, SegmentRangeStore.Delete);
        return Done.Value;
    }

    /// <summary>With what is used and what is free, in one statement for all; the journal keeps neither, since they change without the range.</summary>
    private static List<SegmentRangeView> Views(Session session, IReadOnlyList<SegmentRangeRow> rows, Viewer viewer)
    {
        var used = viewer.Admin && rows.Count > 0 ? SegmentRangeStore.Used(session, rows.Min(row => row.Minimum), rows.Max(row => row.Maximum)) : null;
        return rows.Select(row => row.ToView(used)).ToList();
    }

    private static Fault? Check(SegmentRangeWish wish) =>
        Attributes.Texts(("name", wish.Name), ("description", wish.Description)) ?? Attributes.Booleans(("shared", wish.Shared));

    private static Fault? Unfit(Tx tx, SegmentRangeRow row)
    {
        if (row.Minimum < 1 || row.Maximum > NetworkTypes.VniMax || row.Minimum > row.Maximum)
        {
            return NetworkFaults.Input($"a range of type vxlan is from 1 to {NetworkTypes.VniMax}, its minimum first");
        }

        if (row.Maximum - row.Minimum >= SegmentRangeRow.NumbersMax) return NetworkFaults.Input($"a range has at most {SegmentRangeRow.NumbersMax} numbers");
        var others = SegmentRangeStore.Overlapping(tx, row);
        return others.Count > 0
            ? NetworkFaults.Conflict("NetworkSegmentRangeOverlaps", $"Network segment range overlaps with range(s) with id {string.Join(", ", others)}") : null;
    }

    private static Fault ReadOnly(string id) => NetworkFaults.Refused(
        "NetworkSegmentRangeDefaultReadOnly", $"Network Segment Range {id} is a default segment range which could not be updated or deleted.");

    private static Fault Referenced(string id) => NetworkFaults.Conflict(
        "NetworkSegmentRangeReferencedByProject", $"Network Segment Range {id} is referenced by one or more tenant networks.");
}
