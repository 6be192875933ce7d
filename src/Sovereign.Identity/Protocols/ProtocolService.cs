using Sovereign.Identity.IdentityProviders;
using Sovereign.Identity.Mappings;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Protocols;

internal sealed class ProtocolService(House house)
{
    public static readonly Room<ProtocolRow, ProtocolView> Room = new(
        "protocol", ProtocolStore.Shape, ProtocolStore.Find, (row, house, _) => ProtocolView.From(row, house), ProtocolJson.Wire.ProtocolView,
        _ => null, (_, _) => { })
    {
        Columns = "p.*",
    };

    public Outcome<ProtocolRow> Show(string id) => house.Kernel.Database.Read(session => Room.Found(session, id));

    /// <summary>A provider that is not there has no protocols, as in the original.</summary>
    public Outcome<Page<ProtocolRow>> List(string idpId, ListRequest request) => Room.Page(house, request.Where("p.idp_id = @value", idpId));

    public Task<Outcome<ProtocolRow>> Create(AccessGrant access, string idpId, string id, ProtocolWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ProtocolRow>("protocol.create", access.Origin, tx =>
        {
            if (Members.CheckName("id", id, Members.ShortNameMax) is { } bad) return bad;
            if (IdentityProviderStore.Find(tx, idpId) is null) return new Fault.NotFound("identity_provider", idpId);
            return Changed(tx, new ProtocolRow { IdpId = idpId, ProtocolId = id }, wish).Then<ProtocolRow>(row => ProtocolStore.Insert(tx, row)
                ? Room.Written(tx, house, row, Change.Created)
                : new Fault.Conflict($"Conflict occurred attempting to store federation_protocol - Duplicate entry: {id}."));
        }, stop);

    public Task<Outcome<ProtocolRow>> Update(AccessGrant access, string id, ProtocolWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ProtocolRow>("protocol.update", access.Origin, tx => Room.Found(tx, id).Then(row => Changed(tx, row, wish)).Map(row =>
        {
            ProtocolStore.Update(tx, row);
            return Room.Written(tx, house, row, Change.Updated);
        }), stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("protocol.delete", access.Origin, tx => Room.Found(tx, id).Map(row => Remove(tx, house, row)), stop);

    /// <summary>The provider goes, and with it its protocols.</summary>
    public static void OfProvider(Tx tx, House house, string idpId)
    {
        foreach (var row in ProtocolStore.OfProvider(tx, idpId)) Remove(tx, house, row);
    }

    private static Done Remove(Tx tx, House house, ProtocolRow row)
    {
        ProtocolStore.Delete(tx, row);
        Room.Record(tx, house, row, Change.Deleted);
        return Done.Value;
    }

    private static Outcome<ProtocolRow> Changed(Tx tx, ProtocolRow row, ProtocolWrite wish)
    {
        var bad = Members.CheckName("mapping_id", wish.MappingId, Members.ShortNameMax)
            ?? Members.CheckText("remote_id_attribute", wish.RemoteIdAttribute.Value, Members.ShortNameMax);
        if (bad is not null) return bad;
        if (MappingStore.Find(tx, wish.MappingId) is null) return new Fault.Invalid("mapping_id", $"Invalid mapping id: {wish.MappingId}");
        return row with { MappingId = wish.MappingId, RemoteIdAttribute = wish.RemoteIdAttribute.Or(row.RemoteIdAttribute) };
    }
}
