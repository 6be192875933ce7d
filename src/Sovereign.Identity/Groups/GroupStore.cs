using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Groups;

internal static class GroupStore
{
    public static readonly ListShape Shape = new(
        "user_groups g", "g.id", [new("name", "g.name"), new("domain_id", "g.domain_id")], [new("id")], House.PageItemsMax);

    public static List<GroupRow> All(Session session) => session.Query<GroupRow>("SELECT * FROM user_groups");

    public static List<MemberRow> AllMembers(Session session) => session.Query<MemberRow>("SELECT * FROM group_members");

    public static GroupRow? Find(Session session, string id) => session.FirstOrDefault<GroupRow>("SELECT * FROM user_groups WHERE id = @id", new { id });

    public static List<GroupRow> OfDomain(Session session, string domainId) =>
        session.Query<GroupRow>("SELECT * FROM user_groups WHERE domain_id = @domainId", new { domainId });

    public static List<string> Members(Session session, string groupId) =>
        session.Query<string>("SELECT user_id FROM group_members WHERE group_id = @groupId", new { groupId });

    /// <returns>False when the name is taken in the domain.</returns>
    public static bool Insert(Tx tx, GroupRow row) => tx.Execute(
        "INSERT INTO user_groups (id, domain_id, name, description, extra) VALUES (@Id, @DomainId, @Name, @Description, @Extra) ON CONFLICT DO NOTHING",
        row) == 1;

    /// <returns>False when another group of the domain has the name.</returns>
    public static bool Update(Tx tx, GroupRow row) => tx.Execute(
        """
        UPDATE user_groups SET name = @Name, description = @Description, extra = @Extra
        WHERE id = @Id AND NOT EXISTS (SELECT 1 FROM user_groups o WHERE o.domain_id = @DomainId AND o.name = @Name AND o.id <> @Id)
        """,
        row) == 1;

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM group_members WHERE group_id = @id", new { id });
        tx.Execute("DELETE FROM user_groups WHERE id = @id", new { id });
    }

    /// <returns>False when the user was a member before.</returns>
    public static bool AddMember(Tx tx, string groupId, string userId) =>
        tx.Execute("INSERT INTO group_members (group_id, user_id) VALUES (@groupId, @userId) ON CONFLICT DO NOTHING", new { groupId, userId }) == 1;

    /// <returns>False when the user was no member.</returns>
    public static bool RemoveMember(Tx tx, string groupId, string userId) =>
        tx.Execute("DELETE FROM group_members WHERE group_id = @groupId AND user_id = @userId", new { groupId, userId }) == 1;
}
