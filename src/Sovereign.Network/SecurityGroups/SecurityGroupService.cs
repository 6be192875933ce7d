using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Fabric;
using Sovereign.Network.Rbac;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SecurityGroups;

internal sealed class SecurityGroupService(KernelServices kernel, FabricPlan fabric, RuleService rules)
{
    public static readonly Room<GroupRow, GroupView> Room = new Room<GroupRow, GroupView>(
        Kinds.Group, "security_groups", "/v2.0/security-groups", GroupStore.Shape, GroupStore.Find, NetworkFaults.GroupMissing, Views,
        NetworkJson.Wire.GroupView).Shareable();

    /// <summary>The project's default group, made on first use.</summary>
    public GroupRow EnsureDefault(Tx tx, string projectId)
    {
        if (GroupStore.Default(tx, projectId) is { } known) return known;
        var row = new GroupRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = projectId, Name = GroupRow.DefaultName, Description = "Default security group", IsDefault = true,
            CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        // Another replica may have been faster.
        if (!GroupStore.Insert(tx, row)) return GroupStore.Default(tx, projectId)!;
        Room.Book(tx, kernel, row);
        foreach (var rule in DefaultRuleService.For(tx, row)) RuleService.Room.Book(tx, kernel, rules.Insert(tx, row, rule));
        Room.Record(tx, row, Change.Created);
        return row;
    }

    /// <summary>Makes the project's default group before the first list, as the original does.</summary>
    public async Task EnsureDefault(AccessGrant access, CancellationToken stop)
    {
        if (access.Caller.ProjectId is not { } project || kernel.Database.Read(session => GroupStore.Default(session, project)) is not null) return;
        await kernel.Queue.Write<Done>("security_group.default", access.Origin, tx => { EnsureDefault(tx, project); return Done.Value; }, stop);
    }

    /// <summary>Groups by id or, where allowed, by name in this project.</summary>
    public static Outcome<string> Find(Session session, AccessGrant access, string projectId, string idOrName, bool byName)
    {
        if (Room.Visible(session, access, idOrName) is { Ok: true } found) return found.Value.Id;
        if (!byName) return NetworkFaults.GroupMissing(idOrName);
        var named = GroupStore.Named(session, projectId, idOrName);
        return named.Count switch
        {
            1 => named[0].Id,
            0 => NetworkFaults.Missing("SecurityGroupNotFound", $"Security group {idOrName} not found for project {projectId}."),
            _ => NetworkFaults.Conflict("NoUniqueMatch", $"Multiple security groups found matching '{idOrName}'. Use an ID to be more specific."),
        };
    }

    private static Fault InUse(string id) => NetworkFaults.Conflict("SecurityGroupInUse", $"Security Group {id} in use.");

    private static Fault DefaultExists() => NetworkFaults.Conflict("SecurityGroupDefaultAlreadyExists", "Default security group already exists.");

    private static List<GroupView> Views(Session session, IReadOnlyList<GroupRow> rows, Viewer viewer)
    {
        var ids = rows.Select(row => row.Id).ToList();
        var (rules, tags) = (GroupStore.Rules(session, ids), TagStore.Of(session, Kinds.Group, ids));
        var shared = RbacPolicyStore.Granted(session, Kinds.Group, RbacActions.Shared, ids, viewer.ProjectId);
        return rows.Select(row => row.ToView(rules[row.Id], tags(row.Id), shared.Contains(row.Id))).ToList();
    }

    /// <summary>What another project has of the group, when a policy about it goes.</summary>
    public static string? InTheWay(Session session, string id, string action, string target) =>
        GroupStore.UsedByOthers(session, id, target) ? $"There are ports of other projects in security group {id}" : null;

    public Outcome<GroupRow> Create(Tx tx, AccessGrant access, GroupWish wish)
    {
        if (Attributes.Texts(("name", wish.Name), ("description", wish.Description)) is { } text) return text;
        if (Attributes.Booleans(("stateful", wish.Stateful)) is { } boolean) return boolean;
        var project = Attributes.Project(access, "create_security_group", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        EnsureDefault(tx, project.Value);
        if (wish.Name.Or("") == GroupRow.DefaultName) return DefaultExists();
        var row = new GroupRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "",
            Stateful = wish.Stateful.OrTrue(), CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        if (Room.Take(tx, kernel, row.ProjectId) is { } full) return full;
        var first = DefaultRuleService.For(tx, row);
        if (RuleService.Room.Take(tx, kernel, row.ProjectId, first.Count) is { } noRules) return noRules;
        GroupStore.Insert(tx, row);
        foreach (var rule in first) rules.Insert(tx, row, rule);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<GroupRow> Update(Tx tx, AccessGrant access, GroupRow old, GroupWish wish)
    {
        if (Attributes.Texts(("name", wish.Name), ("description", wish.Description)) is { } text) return text;
        if (Attributes.Booleans(("stateful", wish.Stateful)) is { } boolean) return boolean;
        if (wish.TenantId.Given || wish.ProjectId.Given)
        {
            return new Fault.Invalid("project_id", "Cannot update read-only attribute project_id");
        }

        if (old.IsDefault && wish.Name.Given && wish.Name.Value != old.Name)
        {
            return NetworkFaults.Conflict("SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.");
        }

        if (!old.IsDefault && wish.Name.Or("") == GroupRow.DefaultName) return DefaultExists();
        var row = old with
        {
            Name = wish.Name.Or(old.Name) ?? "",
            Description = wish.Description.Or(old.Description) ?? "",
            Stateful = wish.Stateful.Or(old.Stateful) ?? true,
        };
        if (row.Stateful != old.Stateful && GroupStore.InUse(tx, old.Id)) return InUse(old.Id);
        var saved = Save(tx, row);
        fabric.GroupChanged(tx, old.Id);
        return saved;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, GroupRow row)
    {
        if (row.IsDefault && !access.Everything)
        {
            return NetworkFaults.Conflict("SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.");
        }

        if (GroupStore.InUse(tx, row.Id)) return InUse(row.Id);
        // Rules of other groups about this one go with it: they could match nobody any more.
        foreach (var rule in GroupStore.RulesAbout(tx, row.Id)) rules.Remove(tx, rule);
        kernel.Quotas.Give(tx, NetworkModule.Service, Kinds.Rule, row.ProjectId, GroupStore.Rules(tx, row.Id).Count);
        Logs.NetworkLogService.Forget(tx, kernel, row.Id);
        Room.Remove(tx, kernel, row, GroupStore.Delete);
        fabric.GroupGone(tx, row.Id);
        return Done.Value;
    }

    /// <summary>Stores a changed group with the next revision.</summary>
    public static GroupRow Save(Tx tx, GroupRow row)
    {
        var next = row with { UpdatedAt = tx.Now, Revision = row.Revision + 1 };
        GroupStore.Update(tx, next);
        Room.Record(tx, next, Change.Updated);
        return next;
    }
}
