using System.Collections.Immutable;
using Sovereign.Identity.AccessTokens;
using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Assignments;
using Sovereign.Identity.Catalog;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Groups;
using Sovereign.Identity.Projects;
using Sovereign.Identity.Roles;
using Sovereign.Identity.ServiceProviders;
using Sovereign.Identity.Trusts;
using Sovereign.Identity.Users;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Model;

/// <summary>Fills an empty model from the database, at start and when another control plane changed what it holds.</summary>
internal static class ModelLoader
{
    /// <summary>What the database says of how often it was changed.</summary>
    public static long Version(Session session) => session.Scalar<long>("SELECT version FROM identity_model WHERE id = 1");

    public static void Load(Session session, IdentityModel model) => model.Apply(m =>
    {
        m.StoredVersion = Version(session) - 1;   // this change itself counts as one
        foreach (var row in DomainStore.All(session)) m.Domains.Put(row.Entry);
        foreach (var row in ProjectStore.All(session)) m.Projects.Put(row.Entry);
        foreach (var row in UserStore.All(session)) m.Users.Put(row.Entry);
        foreach (var row in GroupStore.All(session)) m.Groups.Put(row.Entry);
        foreach (var row in GroupStore.AllMembers(session)) m.AddMember(row.GroupId, row.UserId);
        foreach (var row in AssignmentStore.All(session)) m.AddGrant(row.ActorId, row.Grant);
        foreach (var entry in CredentialStore.AllEntries(session)) m.PutCredential(entry);
        foreach (var entry in TrustStore.AllEntries(session)) m.PutTrust(entry);
        foreach (var entry in AccessTokenStore.AllEntries(session)) m.PutAccess(entry);
        foreach (var row in session.Query<RevokedRow>("SELECT audit_id, expires_at FROM revoked_tokens")) m.Revoke(row.AuditId, row.ExpiresAt);
        var roles = RoleStore.All(session).ToImmutableDictionary(row => row.Id, row => row.Entry, StringComparer.Ordinal);
        var inferences = RoleStore.Inferences(session).Select(row => (row.PriorRoleId, row.ImpliedRoleId)).ToImmutableHashSet();
        m.SetRoles(_ => new RoleGraph(roles, inferences));
        m.SetProviders(known => ServiceProviderStore.All(session).Aggregate(known, (all, row) => all.With(row)));
        m.SetCatalog(_ => CatalogSnapshot.Load(session));
    });

    private sealed record RevokedRow
    {
        public string AuditId { get; init; } = "";

        public long ExpiresAt { get; init; }
    }
}
