using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Fabric;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SecurityGroups;

internal sealed class SecurityGroupService(KernelServices kernel, FabricPlan fabric)
{
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
        kernel.Quotas.Book(tx, NetworkModule.Service, "security_group", projectId, 1);
        foreach (var ethertype in new[] { Ethertypes.Ipv4, Ethertypes.Ipv6 })
        {
            Insert(tx, row, new RuleRow { Direction = Directions.Ingress, Ethertype = ethertype, RemoteGroupId = row.Id });
            Insert(tx, row, new RuleRow { Direction = Directions.Egress, Ethertype = ethertype });
        }

        kernel.Quotas.Book(tx, NetworkModule.Service, "security_group_rule", projectId, 4);
        Record(tx, row, Change.Created);
        return row;
    }

    /// <summary>Makes the project's default group before the first list, as the original does.</summary>
    public async Task EnsureDefault(AccessGrant access, CancellationToken stop)
    {
        if (access.Caller.ProjectId is not { } project || kernel.Database.Read(session => GroupStore.Default(session, project)) is not null) return;
        await kernel.Queue.Write<Done>("security_group.default", access.Origin, tx => { EnsureDefault(tx, project); return Done.Value; }, stop);
    }

    public Task<Outcome<List<GroupView>>> Create(AccessGrant access, IReadOnlyList<GroupWish> wishes, CancellationToken stop) =>
        kernel.Queue.Write<List<GroupView>>("security_group.create", access.Origin, tx => Bulk.Each(wishes, wish => Create(tx, access, wish)), stop);

    public Outcome<GroupView> Show(AccessGrant access, string id) => kernel.Database.Read(session =>
        Visible(session, access, id).Map(row => View(session, row)));

    public Outcome<Page<GroupView>> List(AccessGrant access, ListRequest request) => kernel.Database.Read(session =>
    {
        if (access.OnlyProject is { } project) request.Where("g.project_id = @value", project);
        return ListSql.Page<GroupRow>(session, request, "g.*").Map(page =>
        {
            var ids = page.Items.Select(row => row.Id).ToList();
            var (rules, tags) = (GroupStore.Rules(session, ids), TagStore.Of(session, Kinds.Group, ids));
            return new Page<GroupView>(page.Items.Select(row => row.ToView(rules[row.Id], tags(row.Id))).ToList(), page.More);
        });
    });

    public Task<Outcome<GroupView>> Update(AccessGrant access, string id, GroupWish wish, CancellationToken stop) => kernel.Queue.Write<GroupView>(
        "security_group.update",
        access.Origin,
        tx =>
        {
            var found = Visible(tx, access, id);
            if (found.Fault is { } missing) return missing;
            if (Attributes.Texts(("name", wish.Name), ("description", wish.Description)) is { } text) return text;
            if (Attributes.Booleans(("stateful", wish.Stateful)) is { } boolean) return boolean;
            var old = found.Value;
            if (wish.TenantId.Given || wish.ProjectId.Given) return new Fault.Invalid("project_id", "Cannot update read-only attribute project_id");
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
                UpdatedAt = tx.Now,
                Revision = old.Revision + 1,
            };
            if (row.Stateful != old.Stateful && GroupStore.InUse(tx, id)) return InUse(id);
            GroupStore.Update(tx, row);
            fabric.GroupChanged(tx, id);
            Record(tx, row, Change.Updated);
            return View(tx, row);
        },
        stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "security_group.delete",
        access.Origin,
        tx =>
        {
            var found = Visible(tx, access, id);
            if (found.Fault is { } missing) return missing;
            if (found.Value.IsDefault && !access.Everything)
            {
                return NetworkFaults.Conflict("SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.");
            }

            if (GroupStore.InUse(tx, id)) return InUse(id);
            // Rules of other groups about this one go with it: they could match nobody any more.
            foreach (var rule in GroupStore.RulesAbout(tx, id)) Remove(tx, rule);
            var view = View(tx, found.Value);
            var rules = GroupStore.Rules(tx, id);
            foreach (var rule in rules) GroupStore.DeleteRule(tx, rule.Id);
            GroupStore.Delete(tx, id);
            TagStore.RemoveAll(tx, Kinds.Group, id);
            kernel.Quotas.Give(tx, NetworkModule.Service, "security_group", found.Value.ProjectId, 1);
            kernel.Quotas.Give(tx, NetworkModule.Service, "security_group_rule", found.Value.ProjectId, rules.Count);
            fabric.GroupGone(tx, id);
            tx.Record(Kinds.Group, id, found.Value.ProjectId, Change.Deleted, view, NetworkJson.Wire.GroupView);
            return Done.Value;
        },
        stop);

    public Task<Outcome<List<RuleView>>> CreateRules(AccessGrant access, IReadOnlyList<RuleWish> wishes, CancellationToken stop) =>
        kernel.Queue.Write<List<RuleView>>("security_group_rule.create", access.Origin, tx => Bulk.Each(wishes, wish => CreateRule(tx, access, wish)), stop);

    public Outcome<RuleView> ShowRule(AccessGrant access, string id) => kernel.Database.Read<Outcome<RuleView>>(session =>
        GroupStore.FindRule(session, id) is { } row && access.Covers(row.ProjectId) ? row.ToView() : NetworkFaults.RuleMissing(id));

    public Outcome<Page<RuleView>> ListRules(AccessGrant access, ListRequest request) => kernel.Database.Read(session =>
    {
        if (access.OnlyProject is { } project) request.Where("r.project_id = @value", project);
        return ListSql.Page<RuleRow>(session, request, "r.*").Map(page => new Page<RuleView>(page.Items.Select(row => row.ToView()).ToList(), page.More));
    });

    public Task<Outcome<Done>> DeleteRule(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "security_group_rule.delete",
        access.Origin,
        tx =>
        {
            if (GroupStore.FindRule(tx, id) is not { } row || !access.Covers(row.ProjectId)) return NetworkFaults.RuleMissing(id);
            Remove(tx, row);
            return Done.Value;
        },
        stop);

    /// <summary>Groups by id or, where allowed, by name in this project.</summary>
    public static Outcome<string> Find(Session session, AccessGrant access, string projectId, string idOrName, bool byName)
    {
        if (GroupStore.Find(session, idOrName) is { } row && access.Covers(row.ProjectId)) return row.Id;
        if (!byName) return NetworkFaults.GroupMissing(idOrName);
        var named = GroupStore.Named(session, projectId, idOrName);
        return named.Count switch
        {
            1 => named[0].Id,
            0 => NetworkFaults.Missing("SecurityGroupNotFound", $"Security group {idOrName} not found for project {projectId}."),
            _ => NetworkFaults.Conflict("NoUniqueMatch", $"Multiple security groups found matching '{idOrName}'. Use an ID to be more specific."),
        };
    }

    private static Outcome<GroupRow> Visible(Session session, AccessGrant access, string id) =>
        GroupStore.Find(session, id) is { } row && access.Covers(row.ProjectId) ? row : NetworkFaults.GroupMissing(id);

    private static Fault InUse(string id) => NetworkFaults.Conflict("SecurityGroupInUse", $"Security Group {id} in use.");

    private static Fault DefaultExists() => NetworkFaults.Conflict("SecurityGroupDefaultAlreadyExists", "Default security group already exists.");

    private static GroupView View(Session session, GroupRow row) =>
        row.ToView(GroupStore.Rules(session, row.Id), TagStore.Of(session, Kinds.Group, row.Id));

    private static void Record(Tx tx, GroupRow row, Change change) =>
        tx.Record(Kinds.Group, row.Id, row.ProjectId, change, View(tx, row), NetworkJson.Wire.GroupView);

    private Outcome<GroupView> Create(Tx tx, AccessGrant access, GroupWish wish)
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
        if (!kernel.Quotas.Take(tx, NetworkModule.Service, "security_group", row.ProjectId, 1).Ok) return NetworkFaults.OverQuota("security_group");
        if (!kernel.Quotas.Take(tx, NetworkModule.Service, "security_group_rule", row.ProjectId, 2).Ok) return NetworkFaults.OverQuota("security_group_rule");
        GroupStore.Insert(tx, row);
        Insert(tx, row, new RuleRow { Direction = Directions.Egress, Ethertype = Ethertypes.Ipv4 });
        Insert(tx, row, new RuleRow { Direction = Directions.Egress, Ethertype = Ethertypes.Ipv6 });
        Record(tx, row, Change.Created);
        return View(tx, row);
    }

    private Outcome<RuleView> CreateRule(Tx tx, AccessGrant access, RuleWish wish)
    {
        var wished = RuleRules.Check(wish);
        if (wished.Fault is { } wrong) return wrong;
        var group = Visible(tx, access, wished.Value.GroupId);
        if (group.Fault is { } missing) return missing;
        if (wished.Value.RemoteGroupId is { } remote && Visible(tx, access, remote).Fault is { } noRemote) return noRemote;
        if (GroupStore.SameRule(tx, wished.Value) is { } same)
        {
            return NetworkFaults.Conflict("SecurityGroupRuleExists", $"Security group rule already exists. Rule id is {same}.");
        }

        var project = group.Value.ProjectId;
        if (!kernel.Quotas.Take(tx, NetworkModule.Service, "security_group_rule", project, 1).Ok) return NetworkFaults.OverQuota("security_group_rule");
        var row = Insert(tx, group.Value, wished.Value);
        Touch(tx, group.Value);
        fabric.GroupChanged(tx, row.GroupId);
        if (row.RemoteGroupId is { } other && other != row.GroupId) fabric.GroupChanged(tx, other);
        return row.ToView();
    }

    private RuleRow Insert(Tx tx, GroupRow group, RuleRow rule)
    {
        var row = rule with { Id = kernel.Ids.Uuid(), GroupId = group.Id, ProjectId = group.ProjectId, CreatedAt = tx.Now, UpdatedAt = tx.Now };
        GroupStore.Insert(tx, row);
        tx.Record(Kinds.Rule, row.Id, row.ProjectId, Change.Created, row.ToView(), NetworkJson.Wire.RuleView);
        return row;
    }

    private void Remove(Tx tx, RuleRow row)
    {
        GroupStore.DeleteRule(tx, row.Id);
        kernel.Quotas.Give(tx, NetworkModule.Service, "security_group_rule", row.ProjectId, 1);
        if (GroupStore.Find(tx, row.GroupId) is { } group) Touch(tx, group);
        fabric.GroupChanged(tx, row.GroupId);
        if (row.RemoteGroupId is { } other && other != row.GroupId) fabric.GroupChanged(tx, other);
        tx.Record(Kinds.Rule, row.Id, row.ProjectId, Change.Deleted, row.ToView(), NetworkJson.Wire.RuleView);
    }

    private static void Touch(Tx tx, GroupRow group)
    {
        var next = group with { UpdatedAt = tx.Now, Revision = group.Revision + 1 };
        GroupStore.Update(tx, next);
        Record(tx, next, Change.Updated);
    }
}
