using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.AddressScopes;
using Sovereign.Network.Networks;
using Sovereign.Network.Rbac;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SubnetPools;

internal sealed class SubnetPoolService(KernelServices kernel)
{
    public static readonly Room<SubnetPoolRow, SubnetPoolView> Room = new Room<SubnetPoolRow, SubnetPoolView>(
        Kinds.SubnetPool, "subnetpools", "/v2.0/subnetpools", SubnetPoolStore.Shape, SubnetPoolStore.Find,
        id => NetworkFaults.Missing("SubnetPoolNotFound", $"Subnet pool {id} could not be found."), Views, NetworkJson.Wire.SubnetPoolView).Shareable();

    private static List<SubnetPoolView> Views(Session session, IReadOnlyList<SubnetPoolRow> rows, Viewer viewer)
    {
        var ids = rows.Select(row => row.Id).ToList();
        var shared = RbacPolicyStore.Granted(session, Kinds.SubnetPool, RbacActions.Shared, ids, viewer.ProjectId);
        var tags = TagStore.Of(session, Kinds.SubnetPool, ids);
        return rows.Select(row => row.ToView(tags(row.Id), shared.Contains(row.Id))).ToList();
    }

    public Outcome<SubnetPoolRow> Create(Tx tx, AccessGrant access, SubnetPoolWish wish)
    {
        var project = Attributes.Project(access, "create_subnetpool", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        if (wish.Prefixes.Or(null) is not { Count: > 0 })
        {
            return NetworkFaults.Refused("EmptySubnetPoolPrefixList", "Empty subnet pool prefix list.");
        }

        var row = new SubnetPoolRow { Id = kernel.Ids.Uuid(), ProjectId = project.Value, CreatedAt = tx.Now, UpdatedAt = tx.Now };
        var filled = Fill(tx, access, row, wish, "create_subnetpool");
        if (filled.Fault is { } wrong) return wrong;
        if (Room.Take(tx, kernel, row.ProjectId) is { } full) return full;
        row = filled.Value;
        SubnetPoolStore.Insert(tx, row);
        RbacPolicyService.Set(tx, kernel, Kinds.SubnetPool, row.Id, row.ProjectId, RbacActions.Shared, wish.Shared.OrFalse());
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<SubnetPoolRow> Update(Tx tx, AccessGrant access, SubnetPoolRow old, SubnetPoolWish wish)
    {
        if (wish.ProjectId.Given || wish.TenantId.Given || wish.Shared.Given)
        {
            return new Fault.Invalid("shared", "Cannot update read-only attribute of a subnet pool: shared, project_id");
        }

        var filled = Fill(tx, access, old, wish, "update_subnetpool");
        if (filled.Fault is { } wrong) return wrong;
        return old.Ranges.All(range => filled.Value.Ranges.Any(wider => wider.Version == range.Version && wider.Contains(range)))
            ? Save(tx, filled.Value)
            : NetworkFaults.Refused(
                "IllegalSubnetPoolPrefixUpdate",
                $"Illegal update to prefixes: Existing prefixes must be a subset of the new prefixes for subnetpool {old.Id}.");
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, SubnetPoolRow row)
    {
        if (SubnetPoolStore.Subnets(tx, row.Id).Count > 0)
        {
            return NetworkFaults.Refused("SubnetPoolDeleteError", "Unable to delete subnet pool: Subnet pool has existing allocations.");
        }

        Room.Remove(tx, kernel, row, SubnetPoolStore.Delete);
        return Done.Value;
    }

    public Outcome<SubnetPoolRow> AddPrefixes(Tx tx, AccessGrant access, SubnetPoolRow row, IReadOnlyList<string> prefixes) =>
        Update(tx, access, row, new SubnetPoolWish { Prefixes = new(true, [.. row.PrefixList, .. prefixes]) });

    public Outcome<SubnetPoolRow> RemovePrefixes(Tx tx, AccessGrant access, SubnetPoolRow row, IReadOnlyList<string> prefixes)
    {
        var parsed = SubnetPoolRules.Prefixes(prefixes);
        if (parsed.Fault is { } wrong) return wrong;
        var left = SubnetPoolRules.Without(row.Ranges, parsed.Value);
        if (SubnetPoolStore.Subnets(tx, row.Id).Exists(subnet => parsed.Value.Any(range => range.Version == row.IpVersion && range.Overlaps(subnet.Range))))
        {
            return NetworkFaults.Conflict(
                "IllegalSubnetPoolPrefixUpdate", "Illegal update to prefixes: one or more of the prefixes to remove has existing allocations.");
        }

        return Save(tx, row with { Prefixes = SubnetPoolRules.Written(left) });
    }

    /// <summary>Takes the ranges of a network's subnets, which come from nowhere, into the pool.</summary>
    public Outcome<SubnetPoolRow> Onboard(Tx tx, AccessGrant access, SubnetPoolRow row, string networkId)
    {
        var network = NetworkService.Room.Owned(tx, access, networkId, "update_network");
        if (network.Fault is { } missing) return missing;
        var subnets = SubnetStore.OfNetwork(tx, networkId).FindAll(subnet => subnet.IpVersion == row.IpVersion);
        if (subnets.Count == 0) return Onboarding("network has no subnets of the subnetpool's IP version");
        if (subnets.Exists(subnet => subnet.SubnetpoolId is not null)) return Onboarding("some of the subnets are already associated with a subnetpool");
        var taken = SubnetPoolStore.Subnets(tx, row.Id);
        if (subnets.Exists(subnet => taken.Exists(other => other.Range.Overlaps(subnet.Range)))) return Onboarding("subnets overlap with allocations of the subnetpool");
        var widened = Update(tx, access, row, new SubnetPoolWish { Prefixes = new(true, [.. row.PrefixList, .. subnets.Select(subnet => subnet.Cidr)]) });
        if (widened.Fault is { } wrong) return wrong;
        foreach (var subnet in subnets)
        {
            var joined = subnet with { SubnetpoolId = row.Id, UpdatedAt = tx.Now, Revision = subnet.Revision + 1 };
            SubnetStore.Update(tx, joined);
            SubnetService.Room.Record(tx, joined, Change.Updated);
        }

        return widened;
    }

    private static Fault Onboarding(string reason) =>
        NetworkFaults.Refused("IllegalSubnetPoolUpdate", $"Illegal subnetpool update : {reason}.");

    private static SubnetPoolRow Save(Tx tx, SubnetPoolRow row)
    {
        var next = row with { UpdatedAt = tx.Now, Revision = row.Revision + 1 };
        SubnetPoolStore.Update(tx, next);
        Room.Record(tx, next, Change.Updated);
        return next;
    }

    /// <summary>Takes what was wished into the row and checks the whole of it.</summary>
    private static Outcome<SubnetPoolRow> Fill(Tx tx, AccessGrant access, SubnetPoolRow row, SubnetPoolWish wish, string rule)
    {
        if (SubnetPoolRules.Check(wish, access, rule) is { } wrong) return wrong;
        if (wish.Prefixes.Given)
        {
            var ranges = SubnetPoolRules.Prefixes(wish.Prefixes.Value ?? []);
            if (ranges.Fault is { } malformed) return malformed;
            row = row with { Prefixes = SubnetPoolRules.Written(ranges.Value), IpVersion = ranges.Value[0].Version };
        }

        var bits = row.IpVersion == 4 ? 32 : 128;
        var min = wish.MinPrefixlen.Or(null) ?? (row.MinPrefixlen > 0 ? row.MinPrefixlen : row.IpVersion == 4 ? 8 : 64);
        row = row with
        {
            Name = wish.Name.Or(row.Name) ?? "",
            Description = wish.Description.Or(row.Description) ?? "",
            MinPrefixlen = min,
            MaxPrefixlen = wish.MaxPrefixlen.Or(null) ?? (row.MaxPrefixlen > 0 ? row.MaxPrefixlen : bits),
            DefaultPrefixlen = wish.DefaultPrefixlen.Or(null) ?? (row.DefaultPrefixlen > 0 ? row.DefaultPrefixlen : min),
            DefaultQuota = wish.DefaultQuota.Or(row.DefaultQuota),
            IsDefault = wish.IsDefault.Or(row.IsDefault) ?? false,
            AddressScopeId = wish.AddressScopeId.Or(row.AddressScopeId),
        };
        if (SubnetPoolRules.Bounds(row, bits) is { } bounds) return bounds;
        if (row.IsDefault && SubnetPoolStore.Default(tx, row.IpVersion) is { } other && other.Id != row.Id)
        {
            return NetworkFaults.Input("A default subnetpool for this IP family has already been set. Only one default may exist per IP family");
        }

        return row.AddressScopeId is { } scope && InScope(tx, access, row, scope) is { } conflict ? conflict : row;
    }

    private static Fault? InScope(Tx tx, AccessGrant access, SubnetPoolRow row, string scopeId)
    {
        var scope = AddressScopeService.Room.Visible(tx, access, scopeId);
        if (scope.Fault is { } missing) return missing;
        if (scope.Value.IpVersion != row.IpVersion)
        {
            return NetworkFaults.Refused(
                "IllegalSubnetPoolIpVersionAssociationToAddressScope",
                $"Illegal subnetpool association: subnetpool {row.Id} cannot associate with address scope {scopeId} because subnetpool ip_version is not "
                + $"{scope.Value.IpVersion}.");
        }

        var others = SubnetPoolStore.OfScope(tx, scopeId).Where(other => other.Id != row.Id).SelectMany(other => other.Ranges).ToList();
        return row.Ranges.Any(range => others.Exists(range.Overlaps))
            ? NetworkFaults.Conflict(
                "AddressScopePrefixConflict",
                "Failed to associate address scope: subnetpools within an address scope must have unique prefixes.")
            : null;
    }
}
