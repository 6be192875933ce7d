using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.AddressGroups;
using Sovereign.Network.Fabric;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SecurityGroups;

/// <summary>Rules of security groups; each change is one of its group too.</summary>
internal sealed class RuleService(KernelServices kernel, FabricPlan fabric)
{
    public static readonly Room<RuleRow, RuleView> Room = new(
        Kinds.Rule, "security_group_rules", "/v2.0/security-group-rules", GroupStore.RuleShape, GroupStore.FindRule,
        NetworkFaults.RuleMissing,
        (_, rows, _) => rows.Select(row => row.ToView()).ToList(), NetworkJson.Wire.RuleView);

    public Outcome<RuleRow> Create(Tx tx, AccessGrant access, RuleWish wish)
    {
        var wished = RuleRules.Check(wish);
        if (wished.Fault is { } wrong) return wrong;
        var groups = SecurityGroupService.Room;
        var group = groups.Owned(tx, access, wished.Value.GroupId, "create_security_group_rule");
        if (group.Fault is { } missing) return missing;
        if (wished.Value.RemoteGroupId is { } remote && groups.Visible(tx, access, remote).Fault is { } noRemote) return noRemote;
        if (wished.Value.RemoteAddressGroupId is { } addresses && AddressGroupService.Room.Visible(tx, access, addresses).Fault is { } noAddresses) return noAddresses;
        if (GroupStore.SameRule(tx, wished.Value) is { } same)
        {
            return NetworkFaults.Conflict("SecurityGroupRuleExists", $"Security group rule already exists. Rule id is {same}.");
        }

        if (Room.Take(tx, kernel, group.Value.ProjectId) is { } full) return full;
        var row = Insert(tx, group.Value, wished.Value);
        SecurityGroupService.Save(tx, group.Value);
        Spread(tx, row);
        return row;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, RuleRow row)
    {
        Remove(tx, row);
        return Done.Value;
    }

    /// <summary>Puts a rule into a group, inside the caller's transaction; the quota is taken before.</summary>
    public RuleRow Insert(Tx tx, GroupRow group, RuleRow rule)
    {
        var row = rule with
        {
            Id = kernel.Ids.Uuid(),
            GroupId = group.Id,
            ProjectId = group.ProjectId,
            CreatedAt = tx.Now,
            UpdatedAt = tx.Now,
        };
        GroupStore.Insert(tx, row);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public void Remove(Tx tx, RuleRow row)
    {
        Room.Remove(tx, kernel, row, GroupStore.DeleteRule);
        if (GroupStore.Find(tx, row.GroupId) is { } group) SecurityGroupService.Save(tx, group);
        Spread(tx, row);
    }

    /// <summary>Tells the nodes of the rule's group and of the group that it names.</summary>
    private void Spread(Tx tx, RuleRow row)
    {
        fabric.GroupChanged(tx, row.GroupId);
        if (row.RemoteGroupId is { } other && other != row.GroupId) fabric.GroupChanged(tx, other);
    }
}
