using Sovereign.Kernel.Store;
using Sovereign.KeyManager.Acls;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Secrets;

/// <summary>What a list of secrets asks for; null: anything.</summary>
internal sealed record SecretFilter(
    string? Name, string? Algorithm, string? Mode, long? Bits, string? Type, string? AclUser, IReadOnlyList<TimeBound> Times, string Order);

/// <summary>"created_at", ">=", microseconds UTC.</summary>
internal readonly record struct TimeBound(string Column, string Sign, long Micros);

/// <summary>SQL of secrets.</summary>
internal static class SecretStore
{
    private const string All = "SELECT * FROM key_secrets";

    /// <summary>Null also for one that expired.</summary>
    public static SecretRow? Find(Session session, string id, long now) =>
        session.FirstOrDefault<SecretRow>($"{All} WHERE id = @id AND (expires_at IS NULL OR expires_at > @now)", new { id, now });

    /// <summary>Also one that expired.</summary>
    public static SecretRow? Row(Session session, string id) => session.FirstOrDefault<SecretRow>($"{All} WHERE id = @id", new { id });

    public static (List<SecretRow> Rows, long Total) List(Session session, string? project, SecretFilter filter, Page page, long now)
    {
        // The caller's project, or (acl_only) wherever an ACL names the caller.
        var where = "FROM key_secrets r WHERE (r.expires_at IS NULL OR r.expires_at > @now)"
            + (filter.AclUser is null ? " AND r.project_id = @project"
                : $" AND EXISTS (SELECT 1 FROM key_acl_users u WHERE u.kind = '{Acl.OfSecret}' AND u.target_id = r.id AND u.user_id = @AclUser)")
            + (filter.Name is null ? "" : " AND r.name = @Name") + (filter.Algorithm is null ? "" : " AND r.algorithm = @Algorithm")
            + (filter.Mode is null ? "" : " AND r.mode = @Mode") + (filter.Bits is null ? "" : " AND r.bit_length = @Bits")
            + (filter.Type is null ? "" : " AND r.secret_type = @Type");
        // Only numbers and names of our own are written into the statement.
        foreach (var bound in filter.Times)
        {
            where += string.Create(System.Globalization.CultureInfo.InvariantCulture, $" AND r.{bound.Column} {bound.Sign} {bound.Micros}");
        }

        var given = new
        {
            now, project, filter.Name, filter.Algorithm, filter.Mode, filter.Bits, filter.Type, filter.AclUser, page.Limit, page.Offset,
        };
        return (session.Query<SecretRow>($"SELECT r.* {where} ORDER BY {filter.Order} LIMIT @Limit OFFSET @Offset", given),
            session.Scalar<long>($"SELECT COUNT(*) {where}", given));
    }

    public static void Insert(Tx tx, SecretRow row) => tx.Execute(
        """
        INSERT INTO key_secrets (id, project_id, creator_id, name, secret_type, algorithm, bit_length, mode, content_type, sealed, expires_at, metadata, kept_for,
          created_at, updated_at)
        VALUES (@Id, @ProjectId, @CreatorId, @Name, @SecretType, @Algorithm, @BitLength, @Mode, @ContentType, @Sealed, @ExpiresAt, @Metadata, @KeptFor,
          @CreatedAt, @UpdatedAt)
        """,
        row);

    public static void Update(Tx tx, SecretRow row) => tx.Execute(
        """
        UPDATE key_secrets SET project_id = @ProjectId, creator_id = @CreatorId, content_type = @ContentType, sealed = @Sealed, metadata = @Metadata,
          updated_at = @UpdatedAt WHERE id = @Id
        """,
        row);

    public static void Delete(Tx tx, string id)
    {
        Acl.Delete(tx, Acl.OfSecret, id);
        tx.Execute("DELETE FROM key_container_secrets WHERE secret_id = @id", new { id });
        tx.Execute("DELETE FROM key_secrets WHERE id = @id", new { id });
    }

    /// <summary>Those whose time was over before the given one, longest ago first.</summary>
    public static List<string> Expired(Session session, long before, int rowsMax) => session.Query<string>(
        "SELECT id FROM key_secrets WHERE expires_at < @before AND kept_for IS NULL ORDER BY expires_at LIMIT @rowsMax", new { before, rowsMax });
}
