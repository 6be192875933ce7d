using System.Text.Json;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Policies;

internal sealed class PolicyEndpoints(House house)
{
    private const int BlobBytesMax = 64 * 1024;
    private static readonly Envelope<PolicyBody, PolicyWrite> envelope = new(PolicyJson.Wire.PolicyBody, body => body.Policy);

    private static readonly Room<PolicyRow, PolicyView> room = new(
        "policy", PolicyStore.Shape, PolicyStore.Find, (row, house, _) => PolicyView.From(row, house), PolicyJson.Wire.PolicyView, _ => null, (_, _) => { })
    {
        Plural = "policies",
    };

    public void Map(Routes api) => new RoomRoutes<PolicyRow, PolicyView>(api, house, room)
        .List((_, request) => room.Page(house, request)).Show((_, id) => house.Kernel.Database.Read(session => room.Found(session, id)))
        .Create(envelope, Create).Update(envelope, Update).Delete(Delete);

    private Task<Outcome<PolicyRow>> Create(AccessGrant access, PolicyWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<PolicyRow>("policy.create", access.Origin, tx => Changed(new PolicyRow { Id = house.Kernel.Ids.Hex() }, wish).Map(row =>
        {
            PolicyStore.Put(tx, row);
            return room.Written(tx, house, row, Change.Created);
        }), stop);

    private Task<Outcome<PolicyRow>> Update(AccessGrant access, string id, PolicyWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<PolicyRow>("policy.update", access.Origin, tx => room.Found(tx, id).Then(row => Changed(row, wish)).Map(row =>
        {
            PolicyStore.Put(tx, row);
            return room.Written(tx, house, row, Change.Updated);
        }), stop);

    private Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("policy.delete", access.Origin, tx => room.Found(tx, id).Map(row =>
        {
            PolicyStore.Delete(tx, id);
            room.Record(tx, house, row, Change.Deleted);
            return Done.Value;
        }), stop);

    private static Outcome<PolicyRow> Changed(PolicyRow row, PolicyWrite wish)
    {
        var type = wish.Type ?? (row.Type.Length == 0 ? null : row.Type);
        if (Members.CheckName("type", type, Members.NameMax) is { } badType) return badType;
        var blob = wish.Blob is { ValueKind: JsonValueKind.String or JsonValueKind.Object } given ? given.GetRawText() : row.Blob;
        if (blob.Length == 0 || wish.Blob is { ValueKind: not (JsonValueKind.String or JsonValueKind.Object) })
        {
            return new Fault.Invalid("blob", "'blob' is a required property: a text or an object.");
        }

        if (blob.Length > BlobBytesMax) return new Fault.Invalid("blob", $"Invalid input for field 'blob': at most {BlobBytesMax} characters.");
        return Members.Extra(row.Extra, wish.Others).Map(extra => row with { Type = type!, Blob = blob, Extra = extra });
    }
}
