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
    public static readonly Room<GroupRow, GroupView> Room = new(
        "group", GroupStore.Shape, GroupStore.Find, (row, house, _) => GroupView.From(row, house), GroupJson.Wire.GroupView,
        row => row.DomainId,
        (model, row) => model.Groups.Put(row.Entry));

    public Outcome<GroupRow> Show(AccessGrant access, string id) =>
        house.Kernel.Database.Read(session => Find(session, access, "identity:get_group", id));

    public Outcome<Page<GroupRow>> OfUser(string userId, ListRequest request) =>
        Room.Page(house, request.Where("g.id IN (SELECT m.group_id FROM group_members m WHERE m.user_id = @value)", userId));

    public Task<Outcome<GroupRow>> Create(AccessGrant access, GroupWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<GroupRow>("group.create", access.Origin, tx =>
        {
            var domain = DomainService.OfNew(tx, access, "identity:create_group", wish.DomainId);
            if (domain.Fault is { } refused) return refused;
            var changed = Changed(new GroupRow { Id = house.Kernel.Ids.Hex(), DomainId = domain.Value }, wish);
            if (changed.Fault is { } wrong) return wrong;
            return GroupStore.Insert(tx, changed.Value) ? Room.Written(tx, house, changed.Value, Change.Created) : Taken(changed.Value);
        }, stop);

    public Task<Outcome<GroupRow>> Update(AccessGrant access, string id, GroupWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<GroupRow>("group.update", access.Origin, tx =>
        {
            var found = Find(tx, access, "identity:update_group", id);
            if (found.Fault is { } missing) return missing;
            if (Guard.Moved(wish.DomainId, found.Value.DomainId) is { } moved) return moved;
            var changed = Changed(found.Value, wish);
            if (changed.Fault is { } wrong) return wrong;
            return GroupStore.Update(tx, changed.Value) ? Room.Written(tx, house, changed.Value, Change.Updated) : Taken(changed.Value);
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
        Room.Record(tx, house, row, Change.Deleted);
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
            Recorded(tx, pair.Value, userId, Change.Created);
            tx.Model(house, model => model.AddMember(groupId, userId));
            return Done.Value;
        }, stop);

    public Task<Outcome<Done>> RemoveMember(AccessGrant access, string groupId, string userId, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("group.member.remove", access.Origin, tx =>
        {
            var pair = Pair(tx, access, "identity:remove_user_from_group", groupId, userId);
            if (pair.Fault is { } missing) return missing;
            if (!GroupStore.RemoveMember(tx, groupId, userId)) return NoMember(groupId, userId);
            Recorded(tx, pair.Value, userId, Change.Deleted);
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

    private static Outcome<GroupRow> Changed(GroupRow row, GroupWrite wish) => Members
        .Merge(new(row.Name, row.Extra), Members.ShortNameMax, wish.Name, wish.Description.Value, wish.Others)
        .Map(kept => row with { Name = kept.Name, Description = wish.Description.Or(row.Description) ?? "", Extra = kept.Extra });

    private static Fault.Conflict Taken(GroupRow row) =>
        new($"Conflict occurred attempting to store group - Duplicate entry found with name {row.Name} at domain ID {row.DomainId}.");
}
