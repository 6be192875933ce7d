using Sovereign.Identity.Groups;
using Sovereign.Identity.Projects;
using Sovereign.Identity.Users;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Domains;

internal sealed class DomainService(House house, ProjectService projects, UserService users, GroupService groups)
{
    public Outcome<DomainRow> Show(AccessGrant access, string id) => house.Kernel.Database.Read(session =>
        access.Reached(
            "identity:get_domain", "domain", id, DomainStore.Find(session, id),
            row => row.Id == access.Caller.DomainId || row.Id == access.Caller.ProjectDomainId));

    /// <summary>Everything for who may see it; otherwise the domain of the token alone.</summary>
    public Outcome<Page<DomainRow>> List(AccessGrant access, ListRequest request) =>
        house.Page<DomainRow>(access.Everything ? request : request.Where("d.id = @value", access.Caller.DomainId ?? ""), "d.*");

    public Task<Outcome<DomainRow>> Create(AccessGrant access, DomainWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<DomainRow>("domain.create", access.Origin, tx =>
        {
            var changed = Change(new DomainRow { Id = house.Kernel.Ids.Hex(), Enabled = true }, wish);
            if (changed.Fault is { } wrong) return wrong;
            return DomainStore.Insert(tx, changed.Value) ? Written(tx, changed.Value, Kernel.Journal.Change.Created) : Taken(changed.Value.Name);
        }, stop);

    public Task<Outcome<DomainRow>> Update(AccessGrant access, string id, DomainWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<DomainRow>("domain.update", access.Origin, tx =>
        {
            if (DomainStore.Find(tx, id) is not { } before) return new Fault.NotFound("domain", id);
            if (id == DomainRow.DefaultId && wish.Enabled == false) return new Fault.Forbidden("The default domain can't be disabled.");
            var changed = Change(before, wish);
            if (changed.Fault is { } wrong) return wrong;
            var after = changed.Value;
            if (Members.IsImmutable(before.Options) && Members.IsImmutable(after.Options)) return Immutable.Update("domain", id);
            if (before.Enabled && !after.Enabled) after = after with { RevokedBefore = tx.Now };
            return DomainStore.Update(tx, after) ? Written(tx, after, Kernel.Journal.Change.Updated) : Taken(after.Name);
        }, stop);

    /// <summary>Deletes a disabled domain with all that it owns.</summary>
    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("domain.delete", access.Origin, tx =>
        {
            if (DomainStore.Find(tx, id) is not { } row) return new Fault.NotFound("domain", id);
            if (Members.IsImmutable(row.Options)) return Immutable.Delete("domain", id);
            if (row.Enabled) return new Fault.Forbidden("Cannot delete a domain that is enabled, please disable it first.");
            foreach (var user in UserStore.OfDomain(tx, id)) users.Remove(tx, user);
            foreach (var group in GroupStore.OfDomain(tx, id)) groups.Remove(tx, group);
            foreach (var project in ProjectStore.OfDomain(tx, id)) projects.Remove(tx, project);
            Assignments.AssignmentCleaning.OfTarget(tx, house, ScopeKind.Domain, id);
            DomainStore.Delete(tx, id);
            tx.Record("domain", id, id, Kernel.Journal.Change.Deleted, DomainView.From(row, house), DomainJson.Wire.DomainView);
            tx.Model(house, model => model.Domains.Remove(id));
            return Done.Value;
        }, stop);

    private static Outcome<DomainRow> Change(DomainRow row, DomainWrite wish)
    {
        var name = wish.Name ?? (row.Name.Length == 0 ? null : row.Name);
        if (Members.CheckName("name", name, Members.ShortNameMax) is { } badName) return badName;
        if (Members.CheckText("description", wish.Description.Value) is { } badText) return badText;
        return Members.Extra(row.Extra, wish.Others).Then(extra =>
            Members.Options(row.Options, wish.Options).Then<DomainRow>(options =>
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

    private DomainRow Written(Tx tx, DomainRow row, Change change)
    {
        tx.Record("domain", row.Id, row.Id, change, DomainView.From(row, house), DomainJson.Wire.DomainView);
        tx.Model(house, model => model.Domains.Put(row.Entry));
        return row;
    }

    private static Fault.Conflict Taken(string name) =>
        new($"Conflict occurred attempting to store domain - it is not permitted to have two domains with the same name: {name}.");
}
