using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Mappings;

internal sealed class MappingService(House house)
{
    private const int RulesCharactersMax = 64 * 1024;

    public static readonly Room<MappingRow, MappingView> Room = new(
        "mapping", MappingStore.Shape, MappingStore.Find, (row, house, _) => MappingView.From(row, house), MappingJson.Wire.MappingView, _ => null,
        (_, _) => { })
    {
        Prefix = "/OS-FEDERATION",
    };

    public Outcome<MappingRow> Show(string id) => house.Kernel.Database.Read(session => Room.Found(session, id));

    public Task<Outcome<MappingRow>> Create(AccessGrant access, string id, MappingWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<MappingRow>("mapping.create", access.Origin, tx =>
        {
            if (Members.CheckName("id", id, Members.ShortNameMax) is { } bad) return bad;
            return Changed(new MappingRow { Id = id }, wish).Then<MappingRow>(row => MappingStore.Insert(tx, row)
                ? Room.Written(tx, house, row, Change.Created)
                : new Fault.Conflict($"Conflict occurred attempting to store mapping - Duplicate entry: {id}."));
        }, stop);

    public Task<Outcome<MappingRow>> Update(AccessGrant access, string id, MappingWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<MappingRow>("mapping.update", access.Origin, tx => Room.Found(tx, id).Then(row => Changed(row, wish)).Map(row =>
        {
            MappingStore.Update(tx, row);
            return Room.Written(tx, house, row, Change.Updated);
        }), stop);

    /// <summary>Also one that a protocol names, as in the original: who logs in by that protocol is refused then.</summary>
    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("mapping.delete", access.Origin, tx => Room.Found(tx, id).Map(row =>
        {
            MappingStore.Delete(tx, id);
            Room.Record(tx, house, row, Change.Deleted);
            return Done.Value;
        }), stop);

    private static Outcome<MappingRow> Changed(MappingRow row, MappingWrite wish)
    {
        var version = wish.SchemaVersion ?? row.SchemaVersion;
        if (MappingRules.Check(wish.Rules, version) is { } wrong) return wrong;
        var rules = wish.Rules.GetRawText();
        if (rules.Length > RulesCharactersMax) return new Fault.Invalid("rules", $"The rules take more than {RulesCharactersMax} characters.");
        return row with { Rules = rules, SchemaVersion = version };
    }
}
