using Sovereign.Identity.Domains;
using Sovereign.Identity.Projects;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Limits;

/// <summary>Limits of projects and domains. Whoever has a token sees those of its own project or domain.</summary>
internal sealed class LimitService(House house)
{
    public static readonly Room<LimitRow, LimitView> Room = new(
        "limit", LimitStore.Shape, LimitStore.Find, (row, house, _) => LimitView.From(row, house), LimitJson.Wire.LimitView,
        row => row.ProjectId.Length > 0 ? row.ProjectId : row.DomainId, (_, _) => { });

    public Outcome<LimitRow> Show(AccessGrant access, string id) => house.Kernel.Database.Read(session => Room.Reached(session, access, "get", id, row =>
        row.ProjectId.Length > 0
            ? row.ProjectId == access.Caller.ProjectId || access.CoversDomain(house.Model.Projects.Find(row.ProjectId)?.DomainId)
            : access.CoversDomain(row.DomainId)));

    public Outcome<Page<LimitRow>> List(AccessGrant access, ListRequest request)
    {
        if (access.Everything) return Room.Page(house, request);
        return Room.Page(house, access.Caller.DomainId is { } domain
            ? request.Where("l.domain_id = @value OR l.project_id IN (SELECT p.id FROM projects p WHERE p.domain_id = @value)", domain)
            : request.Where("l.project_id = @value", access.Caller.ProjectId ?? "-"));
    }

    public Task<Outcome<List<LimitRow>>> Create(AccessGrant access, IReadOnlyList<LimitWrite> wishes, CancellationToken stop) =>
        house.Kernel.Queue.Write<List<LimitRow>>("limit.create", access.Origin, tx =>
        {
            if (wishes.Count is 0 or > RegisteredLimitService.PerRequestMax)
            {
                return new Fault.Invalid("limits", $"1 to {RegisteredLimitService.PerRequestMax} limits are made at a time.");
            }

            var made = new List<LimitRow>();
            foreach (var wish in wishes)
            {
                var fresh = Fresh(tx, wish);
                if (fresh.Fault is { } wrong) return wrong;
                if (!LimitStore.Insert(tx, fresh.Value)) return new Fault.Conflict("Conflict occurred attempting to store limit - Duplicate entry.");
                made.Add(Room.Written(tx, house, fresh.Value, Change.Created));
            }

            return made;
        }, stop);

    public Task<Outcome<LimitRow>> Update(AccessGrant access, string id, LimitWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<LimitRow>("limit.update", access.Origin, tx => Room.Found(tx, id).Then<LimitRow>(before =>
        {
            var after = before with { ResourceLimit = wish.ResourceLimit ?? before.ResourceLimit, Description = wish.Description.Or(before.Description) };
            var bad = RegisteredLimitService.CheckLimit("resource_limit", after.ResourceLimit) ?? Members.CheckText("description", after.Description);
            if (bad is not null) return bad;
            LimitStore.Update(tx, after);
            return Room.Written(tx, house, after, Change.Updated);
        }), stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("limit.delete", access.Origin, tx => Room.Found(tx, id).Map(row =>
        {
            Remove(tx, house, row);
            return Done.Value;
        }), stop);

    /// <summary>A project or a domain goes: its limits go with it.</summary>
    public static void OfOwner(Tx tx, House house, string ownerId) => LimitStore.OfOwner(tx, ownerId).ForEach(row => Remove(tx, house, row));

    private static void Remove(Tx tx, House house, LimitRow row)
    {
        LimitStore.Delete(tx, row.Id);
        Room.Record(tx, house, row, Change.Deleted);
    }

    private Outcome<LimitRow> Fresh(Tx tx, LimitWrite wish)
    {
        if ((wish.ProjectId is null) == (wish.DomainId is null)) return new Fault.Invalid("project_id", "One of project_id and domain_id is expected.");
        if (wish.ResourceLimit is not { } limit) return new Fault.Invalid("resource_limit", "'resource_limit' is a required property");
        var row = new LimitRow
        {
            Id = house.Kernel.Ids.Hex(), ProjectId = wish.ProjectId ?? "", DomainId = wish.DomainId ?? "", ServiceId = wish.ServiceId ?? "",
            RegionId = wish.RegionId ?? "", ResourceName = wish.ResourceName ?? "", ResourceLimit = limit, Description = wish.Description.Value,
        };
        var bad = Members.CheckName("resource_name", row.ResourceName, Members.NameMax) ?? Members.CheckText("description", row.Description)
            ?? RegisteredLimitService.CheckLimit("resource_limit", limit) ?? RegisteredLimitService.CheckPlace(tx, row.ServiceId, row.RegionId);
        if (bad is not null) return bad;
        if (wish.ProjectId is { } project && ProjectStore.Find(tx, project) is null) return new Fault.NotFound("project", project);
        if (wish.DomainId is { } domain && DomainStore.Find(tx, domain) is null) return new Fault.NotFound("domain", domain);
        return LimitStore.IsRegistered(tx, row) ? row : new Fault.Forbidden("Unable to create a limit that has no corresponding registered limit.");
    }
}
