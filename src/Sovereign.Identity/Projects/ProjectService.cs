using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Assignments;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Limits;
using Sovereign.Identity.Trusts;
using Sovereign.Identity.UserCredentials;
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
    /// <summary>How many projects may stand one below the other.</summary>
    public const int DepthMax = 5;

    public static readonly Room<ProjectRow, ProjectView> Room = new(
        "project", ProjectStore.Shape, ProjectStore.Find, ProjectView.From, ProjectJson.Wire.ProjectView, row => row.Id,
        (model, row) => model.Projects.Put(row.Entry));

    public Outcome<ProjectRow> Show(AccessGrant access, string id, string rule = "identity:get_project") =>
        house.Kernel.Database.Read(session => access.Reached(
            rule, "project", id, ProjectStore.Find(session, id), row => access.CoversDomain(row.DomainId) || row.Id == access.Caller.ProjectId));

    /// <summary>The enabled projects on which a user has any role.</summary>
    public Outcome<Page<ProjectRow>> OfUser(string userId, ListRequest request)
    {
        var ids = house.Model.ProjectsOf(userId).ToList();
        return ids.Count == 0
            ? new Page<ProjectRow>([], More: false) : Room.Page(house, request.Where("p.id IN @value", ids).Where("p.enabled = 1"));
    }

    public Task<Outcome<ProjectRow>> Create(AccessGrant access, ProjectWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ProjectRow>("project.create", access.Origin, tx =>
        {
            var parent = wish.ParentId.Value is { } parentId && parentId != wish.DomainId ? ProjectStore.Find(tx, parentId) : null;
            var domain = DomainService.OfNew(
                tx, access, "identity:create_project", wish.DomainId ?? parent?.DomainId ?? ParentDomain(tx, wish.ParentId.Value));
            if (domain.Fault is { } refused) return refused;
            if (wish.ParentId.Value is { } named && named != domain.Value && parent?.DomainId != domain.Value)
            {
                return new Fault.Invalid("parent_id", $"The parent {named} is no project of the domain {domain.Value}.");
            }

            if (parent is not null && NoPlace(tx, parent) is { } full) return full;
            var fresh = new ProjectRow { Id = house.Kernel.Ids.Hex(), DomainId = domain.Value, ParentId = parent?.Id ?? domain.Value, Enabled = true };
            var changed = Changed(fresh, wish);
            if (changed.Fault is { } wrong) return wrong;
            if (!ProjectStore.Insert(tx, changed.Value)) return Taken(changed.Value.Name);
            ProjectTags.Put(tx, changed.Value);
            return Room.Written(tx, house, changed.Value, Change.Created);
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
            if (Switched(tx, before, after) is { } refused) return refused;
            if (before.Enabled && !after.Enabled) after = after with { RevokedBefore = tx.Now };
            if (!ProjectStore.Update(tx, after)) return Taken(after.Name);
            if (after.Tags != before.Tags) ProjectTags.Put(tx, after);
            return Room.Written(tx, house, after, Change.Updated);
        }, stop);

    /// <summary>Changes the tags alone.</summary>
    /// <param name="change">From the tags that are there to those that shall be, or a fault.</param>
    public Task<Outcome<ProjectRow>> Tag(
        AccessGrant access, string rule, string id, Func<IReadOnlyList<string>, Outcome<IReadOnlyList<string>>> change, CancellationToken stop) =>
        house.Kernel.Queue.Write<ProjectRow>("project.tag", access.Origin, tx =>
        {
            var found = access.Reached(rule, "project", id, ProjectStore.Find(tx, id), row => access.CoversDomain(row.DomainId));
            if (found.Fault is { } missing) return missing;
            if (Members.IsImmutable(found.Value.Options)) return Immutable.Update("project", id);
            return change(Members.ShowTags(found.Value.Tags)).Then(Members.Tags).Map(tags =>
            {
                var after = found.Value with { Tags = tags };
                ProjectStore.Update(tx, after);
                ProjectTags.Put(tx, after);
                return Room.Written(tx, house, after, Change.Updated);
            });
        }, stop);

    /// <summary>Tags of projects that an earlier release wrote; once.</summary>
    public static void FillTags(Tx tx)
    {
        foreach (var row in ProjectStore.All(tx).Where(row => row.Tags != "[]")) ProjectTags.Put(tx, row);
    }

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
        ProjectTags.Remove(tx, row.Id);
        LimitService.OfOwner(tx, house, row.Id);
        UserCredentialService.OfProject(tx, house, row.Id);
        Catalog.EndpointFilterService.OfProject(tx, house, row.Id);
        TrustService.Remove(tx, house, TrustStore.OfProject(tx, row.Id));
        AccessTokens.AccessTokenService.Of(tx, house, "project_id", row.Id);
        ProjectStore.Delete(tx, row.Id);
        Room.Record(tx, house, row, Change.Deleted);
        tx.Model(house, model => model.Projects.Remove(row.Id));
    }

    private static Outcome<ProjectRow> Find(Session session, AccessGrant access, string verb, string id) =>
        Room.Reached(session, access, verb, id, row => access.CoversDomain(row.DomainId));

    /// <summary>Why nothing goes below this project; null when something may.</summary>
    private static Fault? NoPlace(Tx tx, ProjectRow parent)
    {
        var depth = 1;
        for (var at = parent; at is not null; at = ProjectStore.Find(tx, at.ParentId))
        {
            if (!at.Enabled) return new Fault.Invalid("parent_id", $"Cannot create a project in a branch containing a disabled project: {at.Id}.");
            if (++depth > DepthMax) return new Fault.Forbidden($"Max hierarchy depth reached for {parent.Id} branch.");
        }

        return null;
    }

    /// <summary>Why a project may not be enabled or disabled; null when it may: an enabled project has no disabled one above it.</summary>
    private static Fault.Forbidden? Switched(Tx tx, ProjectRow before, ProjectRow after)
    {
        if (before.Enabled && !after.Enabled && ProjectStore.HasEnabledChildren(tx, before.Id))
        {
            return new Fault.Forbidden($"Cannot disable project {before.Id} since its subtree contains enabled projects.");
        }

        return !before.Enabled && after.Enabled && ProjectStore.Find(tx, before.ParentId) is { Enabled: false }
            ? new Fault.Forbidden($"Cannot enable project {before.Id} since it has disabled parents.") : null;
    }

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
