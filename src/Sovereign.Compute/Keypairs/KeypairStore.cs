using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Keypairs;

/// <summary>SQL of key pairs.</summary>
internal static class KeypairStore
{
    public static List<KeypairRow> Page(Session session, string userId, string marker, int limit) => session.Query<KeypairRow>(
        "SELECT * FROM compute_keypairs WHERE user_id = @userId AND name > @marker ORDER BY name LIMIT @limit", new { userId, marker, limit = (long)limit });

    public static KeypairRow? Find(Session session, string userId, string name) =>
        session.FirstOrDefault<KeypairRow>("SELECT * FROM compute_keypairs WHERE user_id = @userId AND name = @name", new { userId, name });

    public static long Count(Session session, string userId) =>
        session.Scalar<long>("SELECT COUNT(*) FROM compute_keypairs WHERE user_id = @userId", new { userId });

    /// <returns>False when the name is taken.</returns>
    public static bool Insert(Tx tx, KeypairRow row) => tx.Execute(
        """
        INSERT INTO compute_keypairs (user_id, name, type, public_key, fingerprint, created_at, number)
        SELECT @UserId, @Name, @Type, @PublicKey, @Fingerprint, @CreatedAt, COALESCE(MAX(number), 0) + 1 FROM compute_keypairs
        WHERE 1 = 1 ON CONFLICT (user_id, name) DO NOTHING
        """,
        row) == 1;

    public static bool Delete(Tx tx, string userId, string name) =>
        tx.Execute("DELETE FROM compute_keypairs WHERE user_id = @userId AND name = @name", new { userId, name }) == 1;
}
