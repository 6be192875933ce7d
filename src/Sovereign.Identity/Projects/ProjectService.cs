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
    public Outcome<ProjectRow> Show(AccessGrant access, string id) => house.Kernel.Database.Read(session => Find(
        session, access, "identity:get_project", id, row => access.CoversDomain(row.DomainId) || row.Id == access.Caller.ProjectId));

    public Outcome<Page<ProjectRow>> List(AccessGrant access, ListRequest request) =>
        house.Page<ProjectRow>(access.Everything ? request : request.Where("p.domain_id = @value", access.Caller.DomainId ?? ""), "p.*");

    /// <summary>The enabled projects on which a user has any role.</summary>
    public Outcome<Page<ProjectRow>> OfUser(string userId, ListRequest request)
    {
        var ids = house.Model.GrantsOfUser(userId).Where(grant => grant.Scope == ScopeKind.Project).Select(grant => grant.TargetId).Distinct().ToList();
        return ids.Count == 0 ? new Page<ProjectRow>([], More: false) : house.Page<ProjectRow>(request.Where("p.id IN @value", ids).Where("p.enabled = 1"), "p.*");
    }

    public Task<Outcome<ProjectRow>> Create(AccessGrant access, ProjectWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ProjectRow>("project.create", access.Origin, tx =>
        {
            if (wish.IsDomain == true) return new Fault.Invalid("is_domain", "A project that acts as a domain is created by POST /v3/domains.");
            var parent = wish.ParentId.Value is { } parentId && parentId != wish.DomainId ? ProjectStore.Find(tx, parentId) : null;
            var domain = access.DomainOfNew("identity:create_project", wish.DomainId ?? parent?.DomainId ?? ParentDomain(tx, wish.ParentId.Value));
            if (domain.Fault is { } refused) return refused;
            if (DomainStore.Find(tx, domain.Value) is null) return new Fault.NotFound("domain", domain.Value);
            if (wish.ParentId.Value is { } named && named != domain.Value && parent?.DomainId != domain.Value)
            {
                return new Fault.Invalid("parent_id", $"The parent {named} is no project of the domain {domain.Value}.");
            }

            var fresh = new ProjectRow { Id = house.Kernel.Ids.Hex(), DomainId = domain.Value, ParentId = parent?.Id ?? domain.Value, Enabled = true };
            var changed = Change(fresh, wish);
            if (changed.Fault is { } wrong) return wrong;
            return ProjectStore.Insert(tx, changed.Value) ? Written(tx, changed.Value, Kernel.Journal.Change.Created) : Taken(changed.Value.Name);
        }, stop);

    public Task<Outcome<ProjectRow>> Update(AccessGrant access, string id, ProjectWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ProjectRow>("project.update", access.Origin, tx =>
        {
            var found = Find(tx, access, "identity:update_project", id, row => access.CoversDomain(row.DomainId));
            if (found.Fault is { } missing) return missing;
            var before = found.Value;
            if (wish.DomainId is { } domain && domain != before.DomainId) return new Fault.Invalid("domain_id", "Cannot change Domain ID");
            if (wish.ParentId.Given && (wish.ParentId.Value ?? before.DomainId) != before.ParentId)
            {
                return new Fault.Forbidden("Update of `parent_id` is not allowed.");
            }

            var changed = Change(before, wish);
            if (changed.Fault is { } wrong) return wrong;
            var after = changed.Value;
            if (Members.IsImmutable(before.Options) && Members.IsImmutable(after.Options)) return Immutable.Update("project", id);
            if (before.Enabled && !after.Enabled) after = after with { RevokedBefore = tx.Now };
            return ProjectStore.Update(tx, after) ? Written(tx, after, Kernel.Journal.Change.Updated) : Taken(after.Name);
        }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("project.delete", access.Origin, tx =>
        {
            var found = Find(tx, access, "identity:delete_project", id, row => access.CoversDomain(row.DomainId));
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
        tx.Record("project", row.Id, row.Id, Kernel.Journal.Change.Deleted, ProjectView.From(row, house), ProjectJson.Wire.ProjectView);
        tx.Model(house, model => model.Projects.Remove(row.Id));
    }

    private static Outcome<ProjectRow> Find(Session session, AccessGrant access, string rule, string id, Func<ProjectRow, bool> covers) =>
        access.Reached(rule, "project", id, ProjectStore.Find(session, id), covers);

    private static string? ParentDomain(Tx tx, string? parentId) => parentId is null ? null : DomainStore.Find(tx, parentId)?.Id;

    private static Outcome<ProjectRow> Change(ProjectRow row, ProjectWrite wish)
    {
        var name = wish.Name ?? (row.Name.Length == 0 ? null : row.Name);
        if (Members.CheckName("name", name, Members.ShortNameMax) is { } badName) return badName;
        if (Members.CheckText("description", wish.Description.Value) is { } badText) return badText;
        return Members.Extra(row.Extra, wish.Others).Then(extra =>
            Members.Options(row.Options, wish.Options).Then<ProjectRow>(options =>
            {
                var tags = wish.Tags is null ? row.Tags : Members.Tags(wish.Tags);
                if (tags.Fault is { } badTags) return badTags;
                return row with
                {
                    Name = name!,
                    Description = wish.Description.Or(row.Description) ?? "",
                    Enabled = wish.Enabled ?? row.Enabled,
                    Extra = extra,
                    Options = options,
                    Tags = tags.Value,
                };
            }));
    }

    private ProjectRow Written(Tx tx, ProjectRow row, Change change)
    {
        tx.Record("project", row.Id, row.Id, change, ProjectView.From(row, house), ProjectJson.Wire.ProjectView);
        tx.Model(house, model => model.Projects.Put(row.Entry));
        return row;
    }

    private static Fault.Conflict Taken(string name) => new(
        $"Conflict occurred attempting to store project - it is not permitted to have two projects with the same name in the same domain: {name}.");
}
