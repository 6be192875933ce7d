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
    public static readonly Room<DomainRow, DomainView> Room = new(
        "domain", DomainStore.Shape, DomainStore.Find, DomainView.From, DomainJson.Wire.DomainView, row => row.Id,
        (model, row) => model.Domains.Put(row.Entry))
    {
        Listed = "d.id = @value",
    };

    public Outcome<DomainRow> Show(AccessGrant access, string id) => house.Kernel.Database.Read(session => Room.Reached(
        session, access, "get", id, row => row.Id == access.Caller.DomainId || row.Id == access.Caller.ProjectDomainId));

    public Task<Outcome<DomainRow>> Create(AccessGrant access, DomainWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<DomainRow>("domain.create", access.Origin, tx =>
        {
            var changed = Changed(new DomainRow { Id = house.Kernel.Ids.Hex(), Enabled = true }, wish);
            if (changed.Fault is { } wrong) return wrong;
            return DomainStore.Insert(tx, changed.Value)
                ? Room.Written(tx, house, changed.Value, Change.Created) : Taken(changed.Value.Name);
        }, stop);

    /// <summary>A domain whose name is its id, for those who name none.</summary>
    public static DomainRow Generate(Tx tx, House house, string description)
    {
        var id = house.Kernel.Ids.Hex();
        var row = new DomainRow { Id = id, Name = id, Description = description, Enabled = true };
        DomainStore.Insert(tx, row);
        return Room.Written(tx, house, row, Change.Created);
    }

    public Task<Outcome<DomainRow>> Update(AccessGrant access, string id, DomainWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<DomainRow>("domain.update", access.Origin, tx =>
        {
            if (DomainStore.Find(tx, id) is not { } before) return new Fault.NotFound("domain", id);
            if (id == DomainRow.DefaultId && wish.Enabled == false) return new Fault.Forbidden("The default domain can't be disabled.");
            var changed = Changed(before, wish);
            if (changed.Fault is { } wrong) return wrong;
            var after = changed.Value;
            if (Members.IsImmutable(before.Options) && Members.IsImmutable(after.Options)) return Immutable.Update("domain", id);
            if (before.Enabled && !after.Enabled) after = after with { RevokedBefore = tx.Now };
            return DomainStore.Update(tx, after) ? Room.Written(tx, house, after, Change.Updated) : Taken(after.Name);
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
            Limits.LimitService.OfOwner(tx, house, id);
            DomainConfigService.Remove(tx, id);
            IdentityProviders.IdentityProviderService.OfDomain(tx, house, id);
            DomainStore.Delete(tx, id);
            Room.Record(tx, house, row, Change.Deleted);
            tx.Model(house, model => model.Domains.Remove(id));
            return Done.Value;
        }, stop);

    /// <summary>The domain of a new resource: the named one or that of the token.</summary>
    public static Outcome<string> OfNew(Tx tx, AccessGrant access, string rule, string? named) => access.DomainOfNew(rule, named)
        .Then<string>(id => DomainStore.Find(tx, id) is null ? new Fault.NotFound("domain", id) : id);

    private static Outcome<DomainRow> Changed(DomainRow row, DomainWrite wish) => Members.Merge(
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

    private static Fault.Conflict Taken(string name) =>
        new($"Conflict occurred attempting to store domain - it is not permitted to have two domains with the same name: {name}.");
}
