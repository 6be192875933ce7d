using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.GroupTypes;

/// <summary>Group types: public ones are seen by all, and changed by administrators alone.</summary>
internal sealed class GroupTypeService(KernelServices kernel)
{
    public Outcome<GroupTypeRow> Find(AccessGrant access, string id) => kernel.Database.Read(session => Find(session, access, id));

    public static Outcome<GroupTypeRow> Find(Session session, AccessGrant access, string id) =>
        GroupTypeStore.Find(session, id) is { } row && (row.IsPublic || access.Everything) ? row : Missing(id);

    public static Fault Missing(string id) => VolumeFaults.Missing($"Group type {id} could not be found.");

    public Task<Outcome<GroupTypeRow>> Create(AccessGrant access, GroupTypeWish wish, CancellationToken stop) => kernel.Queue.Write<GroupTypeRow>(
        "volume-group-type.create",
        access.Origin,
        tx =>
        {
            if (!wish.Name.Given) return Reading.Wrong("name", "None", "'name' is a required property");
            var read = Read(new GroupTypeRow { Id = kernel.Ids.Uuid(), IsPublic = true, CreatedAt = tx.Now }, wish);
            if (read.Fault is { } wrong) return wrong;
            var specs = wish.GroupSpecs ?? [];
            if (Reading.WrongMetadata("group_specs", specs) is { } unreadable) return unreadable;
            var row = read.Value with { Specs = VolumeJson.Texts(specs.Select(pair => KeyValuePair.Create(pair.Key, pair.Value!))) };
            if (!GroupTypeStore.Insert(tx, row)) return Taken(row.Name);
            tx.Record(GroupTypeRow.Kind, row.Id, null, Kernel.Journal.Change.Created, row.Document(), GroupTypeJson.Wire.GroupTypeDocument);
            return row;
        },
        stop);

    public Task<Outcome<GroupTypeRow>> Update(AccessGrant access, string id, GroupTypeWish wish, CancellationToken stop) => Change(access, id, (tx, row) =>
    {
        if (!wish.Name.Given && !wish.Description.Given && wish.IsPublic is null)
        {
            return new Fault.Invalid("group_type", "Specify group type name, description or a combination thereof.");
        }

        return Read(row, wish).Then<GroupTypeRow>(next => GroupTypeStore.NameTaken(tx, next.Name, id) ? Taken(next.Name) : next);
    }, stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "volume-group-type.delete",
        access.Origin,
        tx => Find(tx, access, id).Then<Done>(row =>
        {
            if (GroupTypeStore.InUse(tx, id)) return new Fault.Invalid("", $"Group Type {id} deletion is not allowed with groups present with the type.");
            GroupTypeStore.Delete(tx, id);
            tx.Record(GroupTypeRow.Kind, id, null, Kernel.Journal.Change.Deleted, row.Document(), GroupTypeJson.Wire.GroupTypeDocument);
            return Done.Value;
        }),
        stop);

    public Task<Outcome<GroupTypeRow>> SetSpecs(AccessGrant access, string id, IReadOnlyDictionary<string, string?> specs, CancellationToken stop) =>
        Change(access, id, (_, row) =>
        {
            if (Reading.WrongMetadata("group_specs", specs) is { } wrong) return wrong;
            var all = row.Pairs();
            foreach (var (name, value) in specs) all[name] = value!;
            return row with { Specs = VolumeJson.Texts(all) };
        }, stop);

    public Task<Outcome<GroupTypeRow>> DeleteSpec(AccessGrant access, string id, string name, CancellationToken stop) => Change(access, id, (_, row) =>
    {
        var all = row.Pairs();
        return all.Remove(name) ? row with { Specs = VolumeJson.Texts(all) } : NoSpec(id, name);
    }, stop);

    public static Fault NoSpec(string id, string name) => VolumeFaults.Missing($"Group Type {id} has no specs with key {name}.");

    private Task<Outcome<GroupTypeRow>> Change(AccessGrant access, string id, Func<Tx, GroupTypeRow, Outcome<GroupTypeRow>> change, CancellationToken stop) =>
        kernel.Queue.Write<GroupTypeRow>(
            "volume-group-type.update",
            access.Origin,
            tx => Find(tx, access, id).Then(row => change(tx, row)).Map(row =>
            {
                var saved = row with { UpdatedAt = tx.Now };
                GroupTypeStore.Update(tx, saved);
                tx.Record(GroupTypeRow.Kind, id, null, Kernel.Journal.Change.Updated, saved.Document(), GroupTypeJson.Wire.GroupTypeDocument);
                return saved;
            }),
            stop);

    private static Outcome<GroupTypeRow> Read(GroupTypeRow row, GroupTypeWish wish)
    {
        var name = wish.Name.Given ? wish.Name.Value?.Trim() : row.Name;
        if (string.IsNullOrEmpty(name)) return Reading.Wrong("name", name ?? "None", "A name has at least one character.");
        var open = Reading.Flag("is_public", wish.IsPublic, row.IsPublic);
        if (open.Fault is { } unclear) return unclear;
        return (Reading.TooLong("name", name) ?? Reading.TooLong("description", wish.Description.Value)) is { } wrong
            ? wrong
            : row with { Name = name, Description = wish.Description.Or(row.Description), IsPublic = open.Value };
    }

    private static Fault.Conflict Taken(string name) => new($"Group Type {name} already exists.");
}
