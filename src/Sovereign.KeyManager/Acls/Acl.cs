using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Acls;

/// <summary>What has an owner and perhaps an ACL: secrets and containers.</summary>
internal interface IGuarded
{
    string Id { get; }

    string ProjectId { get; }

    string CreatorId { get; }
}

/// <summary>Who else may read a secret or container, and whether the members of its project may.</summary>
internal sealed record Acl(bool ProjectAccess, IReadOnlyList<string> Users, long CreatedAt, long UpdatedAt)
{
    public const string OfSecret = "secret";
    public const string OfContainer = "container";

    public static Acl? Find(Session session, string kind, string id)
    {
        var row = session.FirstOrDefault<Row>("SELECT project_access, created_at, updated_at FROM key_acls WHERE kind = @kind AND target_id = @id", new { kind, id });
        return row is null ? null : new Acl(
            row.ProjectAccess == 1, session.Query<string>("SELECT user_id FROM key_acl_users WHERE kind = @kind AND target_id = @id ORDER BY user_id", new { kind, id }),
            row.CreatedAt, row.UpdatedAt);
    }

    public static void Save(Tx tx, string kind, string id, Acl acl)
    {
        Delete(tx, kind, id);
        tx.Execute(
            "INSERT INTO key_acls (kind, target_id, project_access, created_at, updated_at) VALUES (@kind, @id, @access, @CreatedAt, @UpdatedAt)",
            new { kind, id, access = acl.ProjectAccess ? 1L : 0L, acl.CreatedAt, acl.UpdatedAt });
        foreach (var user in acl.Users.Distinct(StringComparer.Ordinal))
        {
            tx.Execute("INSERT INTO key_acl_users (kind, target_id, user_id) VALUES (@kind, @id, @user)", new { kind, id, user });
        }
    }

    public static void Delete(Tx tx, string kind, string id)
    {
        tx.Execute("DELETE FROM key_acl_users WHERE kind = @kind AND target_id = @id", new { kind, id });
        tx.Execute("DELETE FROM key_acls WHERE kind = @kind AND target_id = @id", new { kind, id });
    }

    private sealed record Row
    {
        public long ProjectAccess { get; init; }

        public long CreatedAt { get; init; }

        public long UpdatedAt { get; init; }
    }
}

/// <summary>The original's rules of secrets and containers, which look at the thing and not at the token alone.</summary>
internal static class Guard
{
    /// <summary>Its project's administrators; its project's members, but of a private one only its creator; and to read, whoever its ACL names.</summary>
    public static bool Lets(Session session, AccessGrant access, string kind, IGuarded thing, bool reading)
    {
        var caller = access.Caller;
        var acl = Acl.Find(session, kind, thing.Id);
        if (reading && acl is not null && acl.Users.Contains(caller.UserId)) return true;
        if (caller.ProjectId != thing.ProjectId) return false;
        if (caller.Roles.Contains("admin")) return true;
        return caller.Roles.Contains("member") && (acl is not { ProjectAccess: false } || caller.UserId == thing.CreatorId);
    }

    /// <param name="what">What is refused: "Secret retrieval".</param>
    public static Outcome<T> Let<T>(Session session, AccessGrant access, string kind, T? thing, string missing, bool reading, string what)
        where T : class, IGuarded => thing is null ? KeyFaults.Missing(missing)
        : Lets(session, access, kind, thing, reading) ? thing : KeyFaults.Refused(what);
}
