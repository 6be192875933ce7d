using Sovereign.Identity.Catalog;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Limits;

/// <summary>Registered limits; the operator's alone. What projects have limits over is not changed below them.</summary>
internal sealed class RegisteredLimitService(House house)
{
    public const long LimitMax = int.MaxValue;
    public const int PerRequestMax = 1_000;

    public static readonly Room<RegisteredLimitRow, RegisteredLimitView> Room = new(
        "registered_limit", LimitStore.RegisteredShape, LimitStore.FindRegistered, (row, house, _) => RegisteredLimitView.From(row, house),
        LimitJson.Wire.RegisteredLimitView, _ => null, (_, _) => { });

    public Task<Outcome<List<RegisteredLimitRow>>> Create(AccessGrant access, IReadOnlyList<RegisteredLimitWrite> wishes, CancellationToken stop) =>
        house.Kernel.Queue.Write<List<RegisteredLimitRow>>("registered_limit.create", access.Origin, tx =>
        {
            if (wishes.Count is 0 or > PerRequestMax) return new Fault.Invalid("registered_limits", $"1 to {PerRequestMax} limits are made at a time.");
            var made = new List<RegisteredLimitRow>();
            foreach (var wish in wishes)
            {
                if (wish.DefaultLimit is null) return new Fault.Invalid("default_limit", "'default_limit' is a required property");
                var changed = Changed(tx, new RegisteredLimitRow { Id = house.Kernel.Ids.Hex() }, wish);
                if (changed.Fault is { } wrong) return wrong;
                if (!LimitStore.Insert(tx, changed.Value)) return Taken();
                made.Add(Room.Written(tx, house, changed.Value, Change.Created));
            }

            return made;
        }, stop);

    public Task<Outcome<RegisteredLimitRow>> Update(AccessGrant access, string id, RegisteredLimitWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<RegisteredLimitRow>("registered_limit.update", access.Origin, tx => Unused(tx, id).Then(before =>
            Changed(tx, before, wish)).Then<RegisteredLimitRow>(after =>
                LimitStore.Update(tx, after) ? Room.Written(tx, house, after, Change.Updated) : Taken()), stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("registered_limit.delete", access.Origin, tx => Unused(tx, id).Map(row =>
        {
            LimitStore.DeleteRegistered(tx, id);
            Room.Record(tx, house, row, Change.Deleted);
            return Done.Value;
        }), stop);

    private static Outcome<RegisteredLimitRow> Unused(Tx tx, string id) => Room.Found(tx, id).Then<RegisteredLimitRow>(row => LimitStore.IsUsed(tx, row)
        ? new Fault.Forbidden($"Unable to update or delete registered limit {id} because there are project limits associated with it.") : row);

    private static Outcome<RegisteredLimitRow> Changed(Tx tx, RegisteredLimitRow row, RegisteredLimitWrite wish)
    {
        var after = row with
        {
            ServiceId = wish.ServiceId ?? row.ServiceId,
            RegionId = wish.RegionId.Or(row.RegionId) ?? "",
            ResourceName = wish.ResourceName ?? row.ResourceName,
            DefaultLimit = wish.DefaultLimit ?? row.DefaultLimit,
            Description = wish.Description.Or(row.Description),
        };
        var bad = Members.CheckName("resource_name", after.ResourceName, Members.NameMax) ?? Members.CheckText("description", after.Description)
            ?? CheckLimit("default_limit", after.DefaultLimit) ?? CheckPlace(tx, after.ServiceId, after.RegionId);
        return bad is null ? after : bad;
    }

    /// <summary>-1 is no limit.</summary>
    public static Fault? CheckLimit(string field, long limit) =>
        limit is >= -1 and <= LimitMax ? null : new Fault.Invalid(field, $"Invalid input for field '{field}': -1 to {LimitMax}.");

    public static Fault? CheckPlace(Session session, string serviceId, string regionId)
    {
        if (serviceId.Length == 0) return new Fault.Invalid("service_id", "'service_id' is a required property");
        if (CatalogStore.Service(session, serviceId) is null) return new Fault.Invalid("service_id", $"Service ID not found: {serviceId}");
        return regionId.Length > 0 && CatalogStore.Region(session, regionId) is null
            ? new Fault.Invalid("region_id", $"Region ID not found: {regionId}") : null;
    }

    private static Fault.Conflict Taken() => new("Conflict occurred attempting to store registered_limit - Duplicate entry.");
}
