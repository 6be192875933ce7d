using System.Buffers.Text;
using System.Text;
using Sovereign.Identity.AccessTokens;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Consumers;

internal sealed class ConsumerEndpoints(House house)
{
    private const int SecretBytes = 32;
    private static readonly Envelope<ConsumerBody, ConsumerWrite> envelope = new(ConsumerJson.Wire.ConsumerBody, body => body.Consumer);

    private static readonly Room<ConsumerRow, ConsumerView> room = new(
        "consumer", ConsumerStore.Shape, ConsumerStore.Find, (row, house, _) => ConsumerView.From(row, house), ConsumerJson.Wire.ConsumerView, _ => null,
        (_, _) => { })
    {
        Prefix = "/OS-OAUTH1",
    };

    public void Map(Routes api)
    {
        new RoomRoutes<ConsumerRow, ConsumerView>(api, house, room)
            .List((_, request) => room.Page(house, request)).Show((_, id) => house.Kernel.Database.Read(session => room.Found(session, id)))
            .Update(envelope, Update).Delete(Delete);
        api.Post("/OS-OAUTH1/consumers", "identity:create_consumer", Create);
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(ConsumerJson.Wire.ConsumerBody);
        if (body.Fault is { } wrong) return wrong;
        var secret = Base64Url.EncodeToString(house.Kernel.Randomness.Bytes(SecretBytes));
        var made = await house.Kernel.Queue.Write<ConsumerRow>("consumer.create", call.Origin, tx =>
        {
            var id = house.Kernel.Ids.Hex();
            var sealedSecret = house.Kernel.Keys.Seal(tx, ProjectKeys.Cloud, Encoding.UTF8.GetBytes(secret), "consumer/" + id);
            return Changed(new ConsumerRow { Id = id, Sealed = sealedSecret }, body.Value.Consumer).Map(row =>
            {
                ConsumerStore.Insert(tx, row);
                return room.Written(tx, house, row, Change.Created);
            });
        }, call.Stop);
        return Answer.Of(made, row => room.One(house, 201, row, view => view with { Secret = secret }));
    }

    private Task<Outcome<ConsumerRow>> Update(AccessGrant access, string id, ConsumerWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ConsumerRow>("consumer.update", access.Origin, tx => room.Found(tx, id).Then(row => Changed(row, wish)).Map(row =>
        {
            ConsumerStore.Update(tx, row);
            return room.Written(tx, house, row, Change.Updated);
        }), stop);

    private Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("consumer.delete", access.Origin, tx => room.Found(tx, id).Map(row =>
        {
            AccessTokenService.Of(tx, house, "consumer_id", id);
            ConsumerStore.Delete(tx, id);
            room.Record(tx, house, row, Change.Deleted);
            return Done.Value;
        }), stop);

    private static Outcome<ConsumerRow> Changed(ConsumerRow row, ConsumerWrite wish)
    {
        if (Members.CheckText("description", wish.Description.Value) is { } bad) return bad;
        if (wish.Others?.ContainsKey("secret") == true) return new Fault.Invalid("secret", "The secret of a consumer does not change.");
        return Members.Extra(row.Extra, wish.Others).Map(extra => row with { Description = wish.Description.Or(row.Description), Extra = extra });
    }
}
