using System.Text;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.UserCredentials;

internal static class UserCredentialStore
{
    public static readonly ListShape Shape = new(
        "user_credentials c", "c.id", [new("user_id", "c.user_id"), new("type", "c.type")], [new("id")], House.PageItemsMax);

    public static UserCredentialRow? Find(Session session, string id) =>
        session.FirstOrDefault<UserCredentialRow>("SELECT * FROM user_credentials WHERE id = @id", new { id });

    public static List<UserCredentialRow> OfUser(Session session, string userId, string type) => session.Query<UserCredentialRow>(
        "SELECT * FROM user_credentials WHERE user_id = @userId AND type = @type ORDER BY id", new { userId, type });

    public static List<UserCredentialRow> Of(Session session, string column, string id) =>
        session.Query<UserCredentialRow>($"SELECT * FROM user_credentials WHERE {column} = @id", new { id });

    /// <returns>False when the id, which an access key gives, is taken.</returns>
    public static bool Insert(Tx tx, UserCredentialRow row) => tx.Execute(
        """
        INSERT INTO user_credentials (id, user_id, project_id, type, key_owner, sealed, trust_id, application_credential_id)
        VALUES (@Id, @UserId, @ProjectId, @Type, @KeyOwner, @Sealed, @TrustId, @ApplicationCredentialId) ON CONFLICT DO NOTHING
        """,
        row) == 1;

    public static void Update(Tx tx, UserCredentialRow row) => tx.Execute(
        "UPDATE user_credentials SET project_id = @ProjectId, type = @Type, key_owner = @KeyOwner, sealed = @Sealed WHERE id = @Id", row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM user_credentials WHERE id = @id", new { id });

    public static byte[] Seal(Tx tx, House house, string owner, string id, string blob) =>
        house.Kernel.Keys.Seal(tx, owner, Encoding.UTF8.GetBytes(blob), "user_credential/" + id);

    /// <returns>Null when the key of the user's domain was destroyed.</returns>
    public static OpenedCredential? Open(Session session, House house, UserCredentialRow row) =>
        house.Kernel.Keys.Open(session, row.KeyOwner, row.Sealed, "user_credential/" + row.Id) is { } bytes
            ? new OpenedCredential(row, Encoding.UTF8.GetString(bytes)) : null;
}
