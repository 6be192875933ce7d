using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Assignments;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Projects;

internal sealed class ProjectService(House house)
{
    public static readonly Room<ProjectRow, ProjectView> Room = new(
        "project", ProjectStore.Shape, ProjectStore.Find, ProjectView.From, ProjectJson.Wire.ProjectView, row => row.Id,
        (model, row) => model.Projects.Put(row.Entry));

    public Outcome<ProjectRow> Show(AccessGrant access, string id) => house.Kernel.Database.Read(session => Room.Reached(
        session, access, "get", id, row => access.CoversDomain(row.DomainId) || row.Id == access.Caller.ProjectId));

    /// <param name="domains">True: only those that act as a domain; domains are a collection of their own here, so there is none.</param>
    public Outcome<Page<ProjectRow>> List(AccessGrant access, ListRequest request, bool domains) =>
        domains ? new Page<ProjectRow>([], More: false) : Room.List(house, access, request);

    /// <summary>The enabled projects on which a user has any role.</summary>
    public Outcome<Page<ProjectRow>> OfUser(string userId, ListRequest request)
    {
        var ids = house.Model.GrantsOfUser(userId).Where(grant => grant.Scope == ScopeKind.Project).Select(grant => grant.TargetId).Distinct().ToList();
        return ids.Count == 0
            ? new Page<ProjectRow>([], More: false) : Room.Page(house, request.Where("p.id IN @value", ids).Where("p.enabled = 1"));
    }

    public Task<Outcome<ProjectRow>> Create(AccessGrant access, ProjectWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ProjectRow>("project.create", access.Origin, tx =>
        {
            if (wish.IsDomain == true) return new Fault.Invalid("is_domain", "A project that acts as a domain is created by POST /v3/domains.");
            var parent = wish.ParentId.Value is { } parentId && parentId != wish.DomainId ? ProjectStore.Find(tx, parentId) : null;
            var domain = DomainService.OfNew(
                tx, access, "identity:create_project", wish.DomainId ?? parent?.DomainId ?? ParentDomain(tx, wish.ParentId.Value));
            if (domain.Fault is { } refused) return refused;
            if (wish.ParentId.Value is { } named && named != domain.Value && parent?.DomainId != domain.Value)
            {
                return new Fault.Invalid("parent_id", $"The parent {named} is no project of the domain {domain.Value}.");
            }

            var fresh = new ProjectRow { Id = house.Kernel.Ids.Hex(), DomainId = domain.Value, ParentId = parent?.Id ?? domain.Value, Enabled = true };
            var changed = Changed(fresh, wish);
            if (changed.Fault is { } wrong) return wrong;
            return ProjectStore.Insert(tx, changed.Value)
                ? Room.Written(tx, house, changed.Value, Change.Created) : Taken(changed.Value.Name);
        }, stop);

    public Task<Outcome<ProjectRow>> Update(AccessGrant access, string id, ProjectWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ProjectRow>("project.update", access.Origin, tx =>
        {
            var found = Find(tx, access, "update", id);
            if (found.Fault is { } missing) return missing;
            var before = found.Value;
            if (Guard.Moved(wish.DomainId, before.DomainId) is { } moved) return moved;
            if (wish.ParentId.Given && (wish.ParentId.Value ?? before.DomainId) != before.ParentId)
            {
                return new Fault.Forbidden("Update of `parent_id` is not allowed.");
            }

            var changed = Changed(before, wish);
            if (changed.Fault is { } wrong) return wrong;
            var after = changed.Value;
            if (Members.IsImmutable(before.Options) && Members.IsImmutable(after.Options)) return Immutable.Update("project", id);
            if (before.Enabled && !after.Enabled) after = after with { RevokedBefore = tx.Now };
            return ProjectStore.Update(tx, after) ? Room.Written(tx, house, after, Change.Updated) : Taken(after.Name);
        }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("project.delete", access.Origin, tx =>
        {
            var found = Find(tx, access, "delete", id);
            if (found.Fault is { } missing) return missing;
            if (Members.IsImmutable(found.Value.Options)) return Immutable.Delete("project", id);
            if (ProjectStore.HasChildren(tx, id))
            {
                return new Fault.Forbidden(
                    $"You are not authorized to perform the requested action: cannot delete the project {id} since it is not a leaf in the hierarchy.");
            }

            Remove(tx, found.Value);
            return Done.Value;
        }, stop);

    /// <summary>Removes a project with its assignments and credentials, inside the caller's transaction.</summary>
    public void Remove(Tx tx, ProjectRow row)
    {
        AssignmentCleaning.OfTarget(tx, house, ScopeKind.Project, row.Id);
        CredentialCleaning.OfProject(tx, house, row.Id);
        UserStore.ForgetDefaultProject(tx, house, row.Id);
        ProjectStore.Delete(tx, row.Id);
        Room.Record(tx, house, row, Change.Deleted);
        tx.Model(house, model => model.Projects.Remove(row.Id));
    }

    private static Outcome<ProjectRow> Find(Session session, AccessGrant access, string verb, string id) =>
        Room.Reached(session, access, verb, id, row => access.CoversDomain(row.DomainId));

    private static string? ParentDomain(Tx tx, string? parentId) => parentId is null ? null : DomainStore.Find(tx, parentId)?.Id;

    private static Outcome<ProjectRow> Changed(ProjectRow row, ProjectWrite wish) => Members.Merge(
        new(row.Name, row.Extra, row.Options, row.Tags), Members.ShortNameMax, wish.Name, wish.Description.Value, wish.Others, wish.Options,
        wish.Tags)
        .Map(kept => row with
        {
            Name = kept.Name,
            Description = wish.Description.Or(row.Description) ?? "",
            Enabled = wish.Enabled ?? row.Enabled,
            Extra = kept.Extra,
            Options = kept.Options,
            Tags = kept.Tags,
        });

    private static Fault.Conflict Taken(string name) => new(
        $"Conflict occurred attempting to store project - it is not permitted to have two projects with the same name in the same domain: {name}.");
}
