using Sovereign.Identity.Wire;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.ApplicationCredentials;

/// <summary>Credentials that go with their user, project or role, inside the transaction that deletes it.</summary>
internal static class CredentialCleaning
{
    public static void OfUser(Tx tx, House house, string userId)
    {
        Remove(tx, house, tx.Query<CredentialRow>("SELECT * FROM application_credentials WHERE user_id = @userId", new { userId }));
        AccessRuleStore.DeleteOfUser(tx, userId);
    }

    public static void OfProject(Tx tx, House house, string projectId) =>
        Remove(tx, house, tx.Query<CredentialRow>("SELECT * FROM application_credentials WHERE project_id = @projectId", new { projectId }));

    public static void OfUserOnProject(Tx tx, House house, string userId, string projectId) => Remove(tx, house, tx.Query<CredentialRow>(
        "SELECT * FROM application_credentials WHERE user_id = @userId AND project_id = @projectId", new { userId, projectId }));

    public static void OfRole(Tx tx, House house, string roleId) => Remove(tx, house, tx.Query<CredentialRow>(
        "SELECT * FROM application_credentials WHERE id IN (SELECT credential_id FROM application_credential_roles WHERE role_id = @roleId)", new { roleId }));

    public static void Remove(Tx tx, House house, List<CredentialRow> rows)
    {
        foreach (var row in rows)
        {
            var roles = CredentialStore.Roles(tx, row.Id);
            CredentialStore.Delete(tx, row.Id);
            tx.Record(
                "application_credential", row.Id, house.Model.Users.Find(row.UserId)?.DomainId, Change.Deleted, CredentialDocument.From(row, roles),
                CredentialJson.Wire.CredentialDocument);
        }

        if (rows.Count > 0) tx.Model(house, model => rows.ForEach(row => model.RemoveCredential(row.Id)));
    }
}
