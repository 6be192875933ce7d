using Sovereign.Identity.ApplicationCredentials;
using Sovereign.Identity.Assignments;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Trusts;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Roles;

internal sealed class RoleService(House house)
{
    public static readonly Room<RoleRow, RoleView> Room = new(
        "role", RoleStore.Shape, RoleStore.Find, (row, house, _) => RoleView.From(row, house), RoleJson.Wire.RoleView, _ => null,
        (model, row) => model.SetRoles(roles => roles.With(row.Entry)));

    public Outcome<RoleRow> Show(AccessGrant access, string id) => house.Kernel.Database.Read(session =>
        Room.Reached(session, access, "get", id, row => RoleRow.IsDomainManaged(house.Model.Roles, row.Id)));

    public Outcome<Page<RoleRow>> List(ListRequest request, bool ofDomain) =>
        Room.Page(house, ofDomain ? request : request.Where("r.domain_id = ''"));

    public Task<Outcome<RoleRow>> Create(AccessGrant access, RoleWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<RoleRow>("role.create", access.Origin, tx =>
        {
            if (wish.DomainId is { } domain && DomainStore.Find(tx, domain) is null) return new Fault.NotFound("domain", domain);
            var changed = Changed(new RoleRow { Id = house.Kernel.Ids.Hex(), DomainId = wish.DomainId ?? "" }, wish);
            if (changed.Fault is { } wrong) return wrong;
            return RoleStore.Insert(tx, changed.Value) ? Room.Written(tx, house, changed.Value, Change.Created) : Taken(changed.Value);
        }, stop);

    public Task<Outcome<RoleRow>> Update(AccessGrant access, string id, RoleWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<RoleRow>("role.update", access.Origin, tx =>
        {
            if (RoleStore.Find(tx, id) is not { } before) return new Fault.NotFound("role", id);
            if (Guard.Moved(wish.DomainId, before.DomainId) is { } moved) return moved;
            var changed = Changed(before, wish);
            if (changed.Fault is { } wrong) return wrong;
            if (Members.IsImmutable(before.Options) && Members.IsImmutable(changed.Value.Options)) return Immutable.Update("role", id);
            return RoleStore.Update(tx, changed.Value) ? Room.Written(tx, house, changed.Value, Change.Updated) : Taken(changed.Value);
        }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("role.delete", access.Origin, tx =>
        {
            if (RoleStore.Find(tx, id) is not { } row) return new Fault.NotFound("role", id);
            if (Members.IsImmutable(row.Options)) return Immutable.Delete("role", id);
            AssignmentCleaning.OfRole(tx, house, id);
            CredentialCleaning.OfRole(tx, house, id);
            TrustService.Remove(tx, house, TrustStore.OfRole(tx, id));
            AccessTokens.AccessTokenService.OfRole(tx, house, id);
            RoleStore.Delete(tx, id);
            Room.Record(tx, house, row, Change.Deleted);
            tx.Model(house, model => model.SetRoles(roles => roles.Without(id)));
            return Done.Value;
        }, stop);

    /// <summary>Makes one role imply another; a circle and the implying of admin are refused as in the original.</summary>
    public Task<Outcome<Done>> Imply(AccessGrant access, string prior, string implied, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("role.imply", access.Origin, tx =>
        {
            if (RoleStore.Find(tx, prior) is not { } from) return new Fault.NotFound("role", prior);
            if (RoleStore.Find(tx, implied) is not { } role) return new Fault.NotFound("role", implied);
            if (role is { Name: "admin", DomainId: "" }) return new Fault.Forbidden($"Invalid implied role {implied}: the role admin can't be implied.");
            if (from.DomainId.Length == 0 && role.DomainId.Length > 0)
            {
                return new Fault.Forbidden($"Invalid implied role {implied}: a global role can't imply the role of a domain.");
            }

            if (Reaches(tx, implied, prior)) return new Fault.Conflict($"The role {implied} implies {prior} already: that would be a circle.");
            if (!RoleStore.InsertInference(tx, prior, implied)) return Done.Value;
            Recorded(tx, prior, implied, Change.Created);
            tx.Model(house, model => model.SetRoles(roles => roles.WithInference(prior, implied)));
            return Done.Value;
        }, stop);

    public Task<Outcome<Done>> Unimply(AccessGrant access, string prior, string implied, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("role.unimply", access.Origin, tx =>
        {
            if (!RoleStore.DeleteInference(tx, prior, implied)) return new Fault.NotFound("implied role", $"{prior} implies {implied}");
            Recorded(tx, prior, implied, Change.Deleted);
            tx.Model(house, model => model.SetRoles(roles => roles.WithoutInference(prior, implied)));
            return Done.Value;
        }, stop);

    public List<InferenceRow> Inferences() => house.Kernel.Database.Read(RoleStore.Inferences);

    private static bool Reaches(Tx tx, string from, string to)
    {
        var edges = RoleStore.Inferences(tx).ToLookup(row => row.PriorRoleId, row => row.ImpliedRoleId, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal) { from };
        var open = new Queue<string>(seen);
        while (open.TryDequeue(out var next))
        {
            foreach (var implied in edges[next].Where(seen.Add)) open.Enqueue(implied);
        }

        return seen.Contains(to);
    }

    private static void Recorded(Tx tx, string prior, string implied, Change change) =>
        tx.Record("role_inference", prior + "/" + implied, null, change, new InferenceDocument(prior, implied), RoleJson.Wire.InferenceDocument);

    private static Outcome<RoleRow> Changed(RoleRow row, RoleWrite wish) => Members
        .Merge(new(row.Name, row.Extra, row.Options), Members.NameMax, wish.Name, wish.Description.Value, wish.Others, wish.Options)
        .Map(kept => row with
        {
            Name = kept.Name,
            Description = wish.Description.Or(row.Description),
            Extra = kept.Extra,
            Options = kept.Options,
        });

    private static Fault.Conflict Taken(RoleRow row) =>
        new("Conflict occurred attempting to store role - Duplicate entry found with name "
            + row.Name + (row.DomainId.Length == 0 ? "." : $" at domain ID {row.DomainId}."));
}
