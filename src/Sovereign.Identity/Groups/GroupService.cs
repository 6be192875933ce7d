using Sovereign.Identity.Assignments;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Groups;

internal sealed class GroupService(House house)
{
    public Outcome<GroupRow> Show(AccessGrant access, string id) => house.Kernel.Database.Read(session => Find(session, access, "identity:get_group", id));

    public Outcome<Page<GroupRow>> List(AccessGrant access, ListRequest request) =>
        house.Page<GroupRow>(access.Everything ? request : request.Where("g.domain_id = @value", access.Caller.DomainId ?? ""), "g.*");

    public Outcome<Page<GroupRow>> OfUser(string userId, ListRequest request) =>
        house.Page<GroupRow>(request.Where("g.id IN (SELECT m.group_id FROM group_members m WHERE m.user_id = @value)", userId), "g.*");

    public Task<Outcome<GroupRow>> Create(AccessGrant access, GroupWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<GroupRow>("group.create", access.Origin, tx =>
        {
            var domain = access.DomainOfNew("identity:create_group", wish.DomainId);
            if (domain.Fault is { } refused) return refused;
            if (DomainStore.Find(tx, domain.Value) is null) return new Fault.NotFound("domain", domain.Value);
            var changed = Change(new GroupRow { Id = house.Kernel.Ids.Hex(), DomainId = domain.Value }, wish);
            if (changed.Fault is { } wrong) return wrong;
            return GroupStore.Insert(tx, changed.Value) ? Written(tx, changed.Value, Kernel.Journal.Change.Created) : Taken(changed.Value);
        }, stop);

    public Task<Outcome<GroupRow>> Update(AccessGrant access, string id, GroupWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<GroupRow>("group.update", access.Origin, tx =>
        {
            var found = Find(tx, access, "identity:update_group", id);
            if (found.Fault is { } missing) return missing;
            if (wish.DomainId is { } domain && domain != found.Value.DomainId) return new Fault.Invalid("domain_id", "Cannot change Domain ID");
            var changed = Change(found.Value, wish);
            if (changed.Fault is { } wrong) return wrong;
            return GroupStore.Update(tx, changed.Value) ? Written(tx, changed.Value, Kernel.Journal.Change.Updated) : Taken(changed.Value);
        }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("group.delete", access.Origin, tx =>
        {
            var found = Find(tx, access, "identity:delete_group", id);
            if (found.Fault is { } missing) return missing;
            Remove(tx, found.Value);
            return Done.Value;
        }, stop);

    /// <summary>Removes a group with its assignments and memberships, inside the caller's transaction.</summary>
    public void Remove(Tx tx, GroupRow row)
    {
        var members = GroupStore.Members(tx, row.Id);
        AssignmentCleaning.OfActor(tx, house, row.Id);
        GroupStore.Delete(tx, row.Id);
        tx.Record("group", row.Id, row.DomainId, Kernel.Journal.Change.Deleted, GroupView.From(row, house), GroupJson.Wire.GroupView);
        tx.Model(house, model =>
        {
            foreach (var user in members) model.RemoveMember(row.Id, user);
            model.Groups.Remove(row.Id);
        });
    }

    public Task<Outcome<Done>> AddMember(AccessGrant access, string groupId, string userId, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("group.member.add", access.Origin, tx =>
        {
            var pair = Pair(tx, access, "identity:add_user_to_group", groupId, userId);
            if (pair.Fault is { } missing) return missing;
            if (!GroupStore.AddMember(tx, groupId, userId)) return Done.Value;
            Recorded(tx, pair.Value, userId, Kernel.Journal.Change.Created);
            tx.Model(house, model => model.AddMember(groupId, userId));
            return Done.Value;
        }, stop);

    public Task<Outcome<Done>> RemoveMember(AccessGrant access, string groupId, string userId, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("group.member.remove", access.Origin, tx =>
        {
            var pair = Pair(tx, access, "identity:remove_user_from_group", groupId, userId);
            if (pair.Fault is { } missing) return missing;
            if (!GroupStore.RemoveMember(tx, groupId, userId)) return NoMember(groupId, userId);
            Recorded(tx, pair.Value, userId, Kernel.Journal.Change.Deleted);
            tx.Model(house, model => model.RemoveMember(groupId, userId));
            return Done.Value;
        }, stop);

    public Outcome<Done> CheckMember(AccessGrant access, string groupId, string userId) => house.Kernel.Database.Read(session =>
        Pair(session, access, "identity:check_user_in_group", groupId, userId).Then<Done>(_ =>
            house.Model.GroupsOf(userId).Contains(groupId) ? Done.Value : NoMember(groupId, userId)));

    private static Fault.NotFound NoMember(string groupId, string userId) => new("user", $"User {userId} is not found in group {groupId}");

    private static Outcome<GroupRow> Pair(Session session, AccessGrant access, string rule, string groupId, string userId)
    {
        var group = Find(session, access, rule, groupId);
        if (group.Fault is { } missing) return missing;
        var user = access.Reached(rule, "user", userId, UserStore.Find(session, userId), row => access.CoversDomain(row.DomainId));
        return user.Fault is { } none ? none : group;
    }

    private static void Recorded(Tx tx, GroupRow group, string userId, Change change) => tx.Record(
        "group_member", group.Id + "/" + userId, group.DomainId, change, new MembershipDocument(group.Id, userId), GroupJson.Wire.MembershipDocument);

    private static Outcome<GroupRow> Find(Session session, AccessGrant access, string rule, string id) =>
        access.Reached(rule, "group", id, GroupStore.Find(session, id), row => access.CoversDomain(row.DomainId));

    private static Outcome<GroupRow> Change(GroupRow row, GroupWrite wish)
    {
        var name = wish.Name ?? (row.Name.Length == 0 ? null : row.Name);
        if (Members.CheckName("name", name, Members.ShortNameMax) is { } badName) return badName;
        if (Members.CheckText("description", wish.Description.Value) is { } badText) return badText;
        return Members.Extra(row.Extra, wish.Others).Map(extra => row with { Name = name!, Description = wish.Description.Or(row.Description) ?? "", Extra = extra });
    }

    private GroupRow Written(Tx tx, GroupRow row, Change change)
    {
        tx.Record("group", row.Id, row.DomainId, change, GroupView.From(row, house), GroupJson.Wire.GroupView);
        tx.Model(house, model => model.Groups.Put(row.Entry));
        return row;
    }

    private static Fault.Conflict Taken(GroupRow row) =>
        new($"Conflict occurred attempting to store group - Duplicate entry found with name {row.Name} at domain ID {row.DomainId}.");
}
