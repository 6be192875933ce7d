using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Groups;
using Sovereign.Identity.Model;
using Sovereign.Identity.Projects;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Assignments;

/// <summary>Gives and takes roles. A domain manager does so for its own users and groups, on its own domain and projects, with managed roles only.</summary>
internal sealed class GrantService(House house)
{
    public Task<Outcome<Done>> Give(AccessGrant access, string rule, AssignmentRow wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("role.assign", access.Origin, tx =>
        {
            if (Check(tx, access, rule, wish, changes: true) is { } refused) return refused;
            if (!AssignmentStore.Insert(tx, wish)) return Done.Value;
            AssignmentCleaning.Recorded(tx, wish, Change.Created);
            tx.Model(house, model => model.AddGrant(wish.ActorId, wish.Grant));
            return Done.Value;
        }, stop);

    /// <summary>Takes a role; application credentials of the user on that project go with it, as in the original.</summary>
    public Task<Outcome<Done>> Take(AccessGrant access, string rule, AssignmentRow wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("role.unassign", access.Origin, tx =>
        {
            if (Check(tx, access, rule, wish, changes: true) is { } refused) return refused;
            if (!AssignmentStore.Delete(tx, wish)) return Missing(wish);
            AssignmentCleaning.Recorded(tx, wish, Change.Deleted);
            if (wish is { ActorKind: AssignmentRow.User, TargetKind: "project", Inherited: false })
            {
                CredentialCleaning.OfUserOnProject(tx, house, wish.ActorId, wish.TargetId);
            }

            tx.Model(house, model => model.RemoveGrant(wish.ActorId, wish.Grant));
            return Done.Value;
        }, stop);

    public Outcome<Done> Has(AccessGrant access, string rule, AssignmentRow wish) => house.Kernel.Database.Read<Outcome<Done>>(session =>
    {
        if (Check(session, access, rule, wish, changes: false) is { } refused) return refused;
        return house.Model.Grants(wish.ActorId).Contains(wish.Grant) ? Done.Value : Missing(wish);
    });

    /// <summary>The roles that an actor has on a target directly.</summary>
    public Outcome<List<RoleRow>> List(AccessGrant access, string rule, AssignmentRow wish) => house.Kernel.Database.Read<Outcome<List<RoleRow>>>(session =>
    {
        if (Check(session, access, rule, wish, changes: false) is { } refused) return refused;
        return RoleStore.FindAll(session, house.Model.Grants(wish.ActorId)
            .Where(grant => grant.Scope == wish.Grant.Scope && grant.TargetId == wish.TargetId && grant.Inherited == wish.Inherited)
            .Select(grant => grant.RoleId));
    });

    private static Fault.NotFound Missing(AssignmentRow wish) => new(
        "role assignment", $"role: {wish.RoleId}, {wish.ActorKind}: {wish.ActorId}, {wish.TargetKind}: {wish.TargetId}");

    private Fault? Check(Session session, AccessGrant access, string rule, AssignmentRow wish, bool changes)
    {
        var actor = wish.ActorKind == AssignmentRow.User ? UserStore.Find(session, wish.ActorId)?.DomainId : GroupStore.Find(session, wish.ActorId)?.DomainId;
        var target = wish.TargetKind switch
        {
            "project" => ProjectStore.Find(session, wish.TargetId)?.DomainId,
            "domain" => DomainStore.Find(session, wish.TargetId)?.Id,
            _ => IdentityModel.System,
        };
        var role = wish.RoleId.Length == 0 ? null : RoleStore.Find(session, wish.RoleId);
        if (!access.Everything)
        {
            var own = access.CoversDomain(actor) && access.CoversDomain(target);
            var allowed = own && (!changes || RoleRow.IsDomainManaged(house.Model.Roles, wish.RoleId));
            if (!allowed) return Guard.Refusal(rule);
        }

        if (actor is null) return new Fault.NotFound(wish.ActorKind, wish.ActorId);
        if (target is null) return new Fault.NotFound(wish.TargetKind, wish.TargetId);
        if (wish.RoleId.Length > 0 && role is null) return new Fault.NotFound("role", wish.RoleId);
        if (changes && role is { DomainId.Length: > 0 } && role.DomainId != target)
        {
            return new Fault.Forbidden($"The role {role.Id} belongs to another domain than the {wish.TargetKind} {wish.TargetId}.");
        }

        return null;
    }
}
